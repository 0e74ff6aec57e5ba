// Package ledger is 账本, the page that shows what the regions record together and who agrees with whom: heights, batches
// and witness statements, in a picture and in words. The ledger holds nothing about a person, and so does the page.
package ledger
