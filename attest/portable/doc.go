// Package portable is the self-contained presentation (自包含出示): an SD-JWT, its key binding and its inclusion receipt as
// one text, for places that have no way to the home region: a QR code on a screen or on paper, or a file.
//
//	presentation ─┐                                             ┌─ presentation
//	receipt ──────┴─Encode─▶ "HZP1:" base45(frame) ─Decode──────┴─ receipt ─▶ attest.Judge
//
// It adds no claim and no signature. What counts is what is in it, which is judged like any presentation; the format only
// makes it small. The bytes that come out are those that went in, exactly: signatures are over them. docs/format.md
// freezes the format.
package portable
