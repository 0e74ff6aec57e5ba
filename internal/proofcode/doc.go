// Package proofcode is the home's side of proof codes (用证码): what a citizen agreed to show, to whom, how often and for how
// long, and who has made use of it.
//
//	verifier's gateway            home
//	      │  redeem ───────────▶  throttle ─▶ find ─▶ reserve a use (durable) ─▶ present
//	      │  ◀── presentation ──
//	   judge
//	      │  consume, receipts ─▶ the use counts (durable), the citizen's record of uses has it
//	      │  ◀── acknowledged ──
//	   tell the verdict
//
// A use is consumed or given back, once: the rules (rules.go) are pure functions over the code's record, and the store runs
// them one after the other, each change durable before it is answered. So there are never more verdicts than uses, through
// crashes, retries and any number of gateways: a verifier that has no acknowledgement tells none. Lives and windows follow
// the home's clock alone.
//
// To the outside everything that makes a code unusable is PROOF_CODE_UNUSABLE, after the same time. Why it was is in the
// citizen's record of uses.
package proofcode
