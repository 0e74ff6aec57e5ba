// Package upload sorts what somebody hands in to be verified: files, photos, pasted text, a proof code.
//
//	file, photo, pasted text or proof code ─Reader─▶ Material: presentation, verification receipt or code
//
// It decides by content and judges nothing. The public's page and the office's share it.
package upload
