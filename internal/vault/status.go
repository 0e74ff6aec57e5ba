package vault

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// A list is left for the next when this many of its attest.StatusListSize slots are taken: above 90 % a random draw takes
// more than ten tries.
const statusListLimit = attest.StatusListSize / 10 * 9

// statusLists is the list of an authority that is being filled. Older lists are never drawn from again.
type statusLists struct {
	list  uint32
	taken []uint64 // bitmap, reserved ones included
	used  int
}

func (l *statusLists) take(index uint32) bool {
	word, bit := &l.taken[index/64], uint64(1)<<(index%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	l.used++
	return true
}

func (l *statusLists) free(index uint32) {
	l.taken[index/64] &^= 1 << (index % 64)
	l.used--
}

func newStatusList(n uint32) *statusLists {
	return &statusLists{list: n, taken: make([]uint64, attest.StatusListSize/64)}
}

// ReserveStatus draws n free slots of an authority's status lists at random, from random bytes of rnd. A reservation
// lives in memory: AddCertificates makes it durable together with the certificate, ReleaseStatus gives it back, and a
// crash forgets it, before anybody has seen a certificate with that index. So no index is ever given out twice.
func (v *Vault) ReserveStatus(authority string, n int, rnd io.Reader) ([]custody.StatusSlot, error) {
	v.statusMu.Lock()
	defer v.statusMu.Unlock()
	l, err := v.statusList(authority)
	if err != nil {
		return nil, err
	}
	out := make([]custody.StatusSlot, 0, n)
	var random [4]byte
	for len(out) < n {
		if l.used >= statusListLimit {
			l = newStatusList(l.list + 1)
			v.lists[authority] = l
		}
		if _, err := io.ReadFull(rnd, random[:]); err != nil {
			v.releaseLocked(authority, out)
			return nil, attest.Errorf(attest.CodeInternal, "the source of randomness failed: %v", err)
		}
		// StatusListSize is a power of two: the remainder is not biased.
		if index := binary.LittleEndian.Uint32(random[:]) % attest.StatusListSize; l.take(index) {
			out = append(out, custody.StatusSlot{List: l.list, Index: index})
		}
	}
	return out, nil
}

// ReleaseStatus gives back slots that no certificate was written with.
func (v *Vault) ReleaseStatus(authority string, slots []custody.StatusSlot) {
	v.statusMu.Lock()
	defer v.statusMu.Unlock()
	v.releaseLocked(authority, slots)
}

func (v *Vault) releaseLocked(authority string, slots []custody.StatusSlot) {
	for _, s := range slots {
		if l := v.lists[authority]; l != nil && l.list == s.List {
			l.free(s.Index)
		}
	}
}

// statusList gives the authority's open list, read from the store the first time.
func (v *Vault) statusList(authority string) (*statusLists, error) {
	if l, ok := v.lists[authority]; ok {
		return l, nil
	}
	l := newStatusList(0)
	if n, ok := v.nameNumber(nameAuthority + authority); ok {
		var err error
		if l, err = v.readStatusList(n); err != nil {
			return nil, err
		}
	}
	v.lists[authority] = l
	return l, nil
}

// readStatusList rebuilds the bitmap of an authority's last list from the certificates' slots.
func (v *Vault) readStatusList(authority uint32) (l *statusLists, err error) {
	it, err := v.db.NewIter(&pebble.IterOptions{
		LowerBound: keyStatus(authority, 0, 0), UpperBound: keyStatus(authority+1, 0, 0),
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	if !it.Last() {
		return newStatusList(0), pebblekv.Classify(it.Error())
	}
	last, _ := statusOf(it.Key())
	l = newStatusList(last)
	for ok := it.SeekGE(keyStatus(authority, last, 0)); ok; ok = it.Next() {
		_, index := statusOf(it.Key())
		if len(it.Key()) != 13 || index >= attest.StatusListSize || !l.take(index) {
			return nil, unreadable(it.Key())
		}
	}
	return l, pebblekv.Classify(it.Error())
}

// statusOf reads list and index back from what keyStatus made; zeros for a key of another length.
func statusOf(key []byte) (list, index uint32) {
	if len(key) != 13 {
		return 0, 0
	}
	return binary.BigEndian.Uint32(key[5:]), binary.BigEndian.Uint32(key[9:])
}

// StatusHolder gives the place of the certificate that holds a status slot: RECORD_MISSING where none does.
func (v *Vault) StatusHolder(authority string, slot custody.StatusSlot) (custody.Place, error) {
	n, ok := v.nameNumber(nameAuthority + authority)
	if ok {
		p, found, err := v.placeAt(keyStatus(n, slot.List, slot.Index))
		if err != nil || found {
			return p, err
		}
	}
	return custody.Place{}, attest.Errorf(attest.CodeRecordMissing, "no certificate holds this status slot")
}

// StatusLists gives the numbers of an authority's lists that are in use: from 0 to the last.
func (v *Vault) StatusLists(authority string) (uint32, error) {
	v.statusMu.Lock()
	defer v.statusMu.Unlock()
	l, err := v.statusList(authority)
	if err != nil {
		return 0, err
	}
	return l.list + 1, nil
}
