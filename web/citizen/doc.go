// Package citizen is 我的证照, the pages of somebody who has signed in as a citizen: their certificates, proof codes made step
// by step and shown live, the record of who used what, and the deletion of it all.
//
//	session's holder code ─▶ Wallet, Codes, Uses, Eraser ─▶ page
//
// Every request is for the holder who has signed in: what is another's looks like what is not there. A code that is being
// made is kept in memory until it is confirmed, so that going back works, nothing personal stands in an address, and what is
// given up leaves nothing behind.
package citizen
