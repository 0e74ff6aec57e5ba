// Package refusal puts refused requests on record without letting whoever sends them fill the disk.
//
//	refused request ─Note─▶ the first of its kind in a minute ─▶ the log, before the answer leaves
//	                   └──▶ every further one is counted ─▶ one sum, when the minute is over
//
// A kind is a caller, a route and a reason. A caller has a bounded number of kinds in a minute and the gateway a bounded
// number of callers; past that, kinds differ by their reasons alone, and callers by what sort of caller they are. A crash
// loses at most a minute's sums, never the first of a kind.
package refusal
