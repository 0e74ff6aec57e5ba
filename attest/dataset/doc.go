// Package dataset proves single rows of a dataset (数据底账) that a region anchored as a whole.
//
//	rows ─salt─▶ CommitRow ─tree─▶ root in the version's header ─CommitDataset─▶ leaf of a batch ─▶ the ledger
//	row, salt, path, header, inclusion receipt ─▶ row proof, one JSON object that goes with the row
//
// A proof shows its row and the header, and nothing of any other row: neighbours appear as salted hashes. It is checked
// in two steps: RowProof.Verify leads from the row to the header, the inclusion receipt from the header's commitment to
// a batch, whose root only the ledger knows.
package dataset
