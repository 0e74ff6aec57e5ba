// Package notary leads a certificate from a request to the ledger.
//
//	IssueRequest ─check─▶ fields, dates, identifiers, schema ─sign, on every core─▶ SD-JWT ─commit─▶ leaf
//	   ─one durable batch of the store─▶ acknowledged: "recorded"
//	                                          │ the batcher cuts queues by count or by time
//	   sealed batch (command written down) ─▶ "submitted" ─the same bytes until the outcome is known─▶ "anchored"
//
// Documents, dataset versions and verification receipts go the same way from the leaf on. What a request acknowledges is
// durable; what the ledger answers is learnt later and asked for with State, Receipt or Flush.
//
// An operation id makes a request one operation: the same id with the same request gives the same result, before and
// after a crash; with another request it is OPERATION_CONFLICT.
//
// The package declares what it needs of a store and of a ledger, and knows neither.
package notary
