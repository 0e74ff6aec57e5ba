// Package proofcode is the two spellings of a proof code (用证码): a short one that a person reads out and types, and the
// face of a QR code that changes every half minute. Both name the region that issued the code, so that any gateway knows
// whom to ask; neither says anything about the citizen, the certificate or what will be shown.
//
//	short   44-7K3M-9QXT-P      province, 40 random bits, check character
//	face    HZ1:44:<handle>:<window>:<mac>
//
// It is pure: random bits, secrets and times are arguments. What a code permits, and how often, is the business of its home
// region's gateway alone. The forms are frozen and described in docs/format.md.
package proofcode
