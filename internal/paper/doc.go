// Package paper prints certificates and verification receipts as PDF, and finds in a PDF what it attached to it.
//
//	certificate, inclusion receipt ─┐
//	verification receipt ───────────┴─Printer─▶ PDF, with the evidence attached ─Extract─▶ Attachment ─▶ judge
//
// What stands on a page proves nothing: anybody can change it. What counts is the attachment, which is judged like any
// presentation, and whoever verifies a PDF is shown the attachment's fields. Extract reads the PDFs that Printer writes and
// no others: a general reader of PDF repairs what is damaged and merges what was added, and this one must refuse both.
package paper
