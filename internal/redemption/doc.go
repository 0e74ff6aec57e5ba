// Package redemption is the verifier's side of proof codes (用证码): it reads the region from a code, has that region's gateway
// reserve a use and present, judges locally, and tells the verdict once the home has acknowledged that the use counts.
//
// A verdict that was made is written down before its use is consumed, without anything of what was shown: a retry after a
// crash or a lost answer finds it, asks the home for the same acknowledgement, and gives the same answer. Whatever keeps the
// home from answering, or makes its answer worthless, is undetermined with a reason, and the use is given back: by us, or by
// its time-out.
package redemption
