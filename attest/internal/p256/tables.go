package p256

import (
	"sync"
	"sync/atomic"
)

// How many keys are remembered, and what for.
const (
	worth     = 128  // checks by a key before it gets a table, which costs as much as some twenty of them
	maxTables = 128  // 33 MB
	maxKeys   = 4096 // that are counted
)

// Tables makes tables for the keys that are used again, and keeps them. It is safe for concurrent use; the zero value is ready.
//
// What it remembers is bounded. Where there would be too many keys or tables, it forgets them all and counts anew: a key in
// use has its table back after a hundred checks, and whoever shows ever new keys makes a check dearer by a fifth, not more.
type Tables struct {
	mu    sync.RWMutex
	keys  map[[PointSize]byte]*counted
	built int
}

type counted struct {
	uses  atomic.Uint32
	table atomic.Pointer[Table]
}

// For counts a use of a key, and gives its table, or nil where it has none (yet).
func (t *Tables) For(point *[PointSize]byte) *Table {
	t.mu.RLock()
	k := t.keys[*point]
	t.mu.RUnlock()
	if k == nil {
		k = t.remember(point)
	}
	if table := k.table.Load(); table != nil {
		return table
	}
	if k.uses.Add(1) != worth { // whoever makes it the worth-th use builds, the others do without meanwhile
		return nil
	}
	table := NewTable(point)
	if table != nil && t.count(point, k) {
		k.table.Store(table)
	}
	return table
}

func (t *Tables) remember(point *[PointSize]byte) *counted {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k := t.keys[*point]; k != nil {
		return k
	}
	if t.keys == nil || len(t.keys) >= maxKeys {
		t.forget()
	}
	k := &counted{}
	t.keys[*point] = k
	return k
}

// count notes that a key has a table; false where the key has been forgotten meanwhile.
func (t *Tables) count(point *[PointSize]byte, k *counted) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.built >= maxTables {
		t.forget()
	}
	if t.keys[*point] != k {
		return false
	}
	t.built++
	return true
}

func (t *Tables) forget() {
	t.keys, t.built = map[[PointSize]byte]*counted{}, 0
}
