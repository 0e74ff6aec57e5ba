// Package public is 核验, the page on which anybody verifies a certificate without signing in.
//
//	file, photo, pasted text or proof code ─read─▶ presentation + receipt ─Verifier─▶ verdict ─▶ minimal result
//
// It shows as little as answers the question: what the document is, who issued it, until when, whether it holds and why;
// of the holder the family name alone. What was uploaded is forgotten with the answer.
package public
