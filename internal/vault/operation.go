package vault

import (
	"context"
	"encoding/base64"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

func encodeOperation(o *custody.Operation) []byte {
	w := newWriter(64 + 16*len(o.Places) + len(o.Result))
	w.fixed(o.Digest[:])
	w.bytes(o.Result)
	w.uint(uint64(len(o.Places)))
	for i := 0; i < len(o.Places); { // runs of neighbours
		run := i + 1
		for run < len(o.Places) && o.Places[run].Queue == o.Places[i].Queue && o.Places[run].Seq == o.Places[run-1].Seq+1 {
			run++
		}
		w.place(o.Places[i])
		w.uint(uint64(run - i)) //nolint:gosec // run > i
		i = run
	}
	return w.b
}

func decodeOperation(id string, plain []byte) (*custody.Operation, error) {
	r := newReader(plain)
	o := &custody.Operation{ID: id, Digest: r.array32(), Result: r.bytes(), Repeat: true}
	n := r.uint()
	for uint64(len(o.Places)) < n && !r.bad {
		p, run := r.place(), r.uint()
		if run == 0 || run > n-uint64(len(o.Places)) {
			r.bad = true
			break
		}
		for i := range run {
			o.Places = append(o.Places, custody.Place{Queue: p.Queue, Seq: p.Seq + i})
		}
	}
	return o, r.done()
}

// single gives the one place that an operation recorded.
func single(o *custody.Operation) (custody.Place, error) {
	if len(o.Places) != 1 {
		return custody.Place{}, conflict()
	}
	return o.Places[0], nil
}

// Operation looks an operation up; nil where the id was never used.
func (v *Vault) Operation(id string) (*custody.Operation, error) {
	plain, err := v.get(keyHashed(prefixOperation, v.hashed("operation", id)))
	if err != nil || plain == nil {
		return nil, err
	}
	return decodeOperation(id, plain)
}

// operation is Operation within a group. An empty id names none.
func (t *tx) operation(id string) (*custody.Operation, error) {
	if id == "" {
		return nil, attest.Errorf(attest.CodeOperationMissing, "a write needs an operation id")
	}
	if o, ok := t.operations[t.v.hashed("operation", id)]; ok {
		repeat := *o
		repeat.Repeat = true
		return &repeat, nil
	}
	return t.v.Operation(id)
}

func (t *tx) setOperation(o *custody.Operation) {
	h := t.v.hashed("operation", o.ID)
	t.operations[h] = o
	t.setStore(keyHashed(prefixOperation, h), encodeOperation(o))
}

// PutCommand writes a command down before it is first submitted, under an operation id. Where the id is known with the
// same digest, the command written first is returned: its bytes are the ones to submit. Error: OPERATION_CONFLICT.
func (v *Vault) PutCommand(ctx context.Context, op string, digest [32]byte, command []byte) (*custody.Operation, error) {
	var out *custody.Operation
	err := v.do(ctx, func(t *tx) error {
		known, err := t.operation(op)
		if err != nil {
			return err
		}
		if known != nil {
			out = known
			if known.Digest != digest || len(known.Places) != 0 {
				return conflict()
			}
			return nil
		}
		out = &custody.Operation{ID: op, Digest: digest, Result: command}
		t.setOperation(out)
		w := newWriter(len(op) + len(command) + 8)
		w.string(op)
		w.bytes(command)
		t.setStore(keyHashed(prefixCommand, v.hashed("operation", op)), w.b)
		return nil
	})
	return out, err
}

// CommandSettled forgets that a command's outcome is open.
func (v *Vault) CommandSettled(ctx context.Context, op string) error {
	return v.do(ctx, func(t *tx) error {
		t.delete(keyHashed(prefixCommand, v.hashed("operation", op)))
		return nil
	})
}

// OpenCommands gives the commands whose outcome is not known, by operation id.
func (v *Vault) OpenCommands() (map[string][]byte, error) {
	out := map[string][]byte{}
	err := v.scan([]byte{prefixCommand}, func(key, value []byte) error {
		plain, err := v.open(key, value)
		if err != nil {
			return err
		}
		r := newReader(plain)
		op, command := r.string(), r.bytes()
		out[op] = command
		return r.done()
	})
	return out, err
}

// find looks a place up under a key of prefixIndex, within a group.
func (t *tx) find(key []byte) (custody.Place, bool, error) {
	if p, ok := t.placed[string(key)]; ok {
		return p, true, nil
	}
	return t.v.placeAt(key)
}

func (t *tx) place(key []byte, p custody.Place) {
	t.placed[string(key)] = p
	t.setStore(key, encodePlace(p))
}

func (v *Vault) placeAt(key []byte) (custody.Place, bool, error) {
	plain, err := v.get(key)
	if err != nil || plain == nil {
		return custody.Place{}, false, err
	}
	p, err := decodePlace(plain)
	return p, err == nil, err
}

// OperationName is what an operation is called where others can read it: it tells nothing of the id that a client chose.
func (v *Vault) OperationName(id string) string {
	h := v.hashed("name", id)
	return base64.RawURLEncoding.EncodeToString(h[:])
}
