// Package verify turns a presentation into an answer: it gathers the evidence from the region's index, has attest.Judge
// decide, signs the verification receipt (核验回执) and has it recorded. The record is durable before the answer leaves.
//
// It decides nothing itself. The index is the only thing it reads: no peer, no other region, no document store is asked,
// so an answer takes no longer than its signatures, and an outage elsewhere cannot turn into a verdict.
package verify
