// Package chaincode is the registry's rules as a Fabric chaincode: it lends them a stub for a state and says in Fabric's words
// what they decided.
//
//	proposal ─▶ Submit ─▶ direct call? ─▶ registry.Apply over the stub ─▶ write set, one event, the answer
//
// It holds no rule of its own about the ledger. What it adds is about Fabric: who submits is read from the proposal's creator;
// a refusal leaves as "CODE: detail", the one form that crosses a peer; and only a plain call of Submit in a transaction of
// this chaincode is taken up, since that is what followers of the blocks look for: a command that reached the rules by another
// way would change the peers' state behind the back of every gateway.
//
// Get and State are for auditors who compare a peer's state with another replica's, key by key. They are answers of one peer:
// no verdict rests on them.
package chaincode
