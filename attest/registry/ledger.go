package registry

// State is what Apply reads and writes: a Fabric stub, a Pebble batch or a map. Get returns nil for an absent key.
// Values are immutable once handed over. Within one command Apply reads before it writes and never reads a key it
// wrote, so an implementation may or may not show a command its own writes. Neither side scans.
type State interface {
	Get(key string) ([]byte, error)
	Put(key string, value []byte) error
}

// Tx is what an endorser knows of a transaction before it is ordered.
type Tx struct {
	ID        string // unique on the ledger
	Time      int64  // Unix seconds, as the transaction states it; bounded by the ledger, never used to order
	Submitter string // MSP ID of the submitting organisation
}

// Position is where ordering put a transaction. It is never part of the state: it is known only afterwards.
type Position struct {
	Block uint64
	Tx    uint32
}

// Before reports whether p was ordered before q.
func (p Position) Before(q Position) bool {
	return p.Block < q.Block || p.Block == q.Block && p.Tx < q.Tx
}

// Transaction is one entry of a block: the command exactly as it was submitted.
type Transaction struct {
	Tx
	Command []byte
	Valid   bool // false: ordered, but without effect (a conflict, a failed endorsement); it is skipped

	// Ahead is what a follower did of the command before its turn, nil for nothing. It changes no outcome.
	Ahead *Prepared
}

// Block is what a ledger hands to its followers, whichever ledger it is.
type Block struct {
	Number       uint64
	Previous     []byte // hash of the block before; empty for block 0
	Hash         []byte
	Transactions []Transaction
}

// Event is the one event of a transaction: Name says what happened, Key the record that holds it. The command itself
// is read from the transaction and not stored twice. Repeat: the operation had been applied before and nothing changed.
type Event struct {
	Name   string
	Key    string
	Repeat bool
}

// Outcome tells a submitter what became of a command. It is given only once the transaction is durable on the ledger.
type Outcome struct {
	TxID     string
	Position Position
	Event    Event
}
