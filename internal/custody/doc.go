// Package custody says what a region keeps of what it certifies, in plain values: certificates with all their
// disclosures, documents, datasets, their leaves' places in queues, and the batches that queues are cut into.
//
//	notary ──custody.Certificate, Batch …──▶ vault
//
// The vault stores these values, the notary makes them; neither knows the other. Nothing here reads or writes anything.
package custody
