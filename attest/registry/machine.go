package registry

import "bytes"

// Machine runs commands over a state, one after the other, to the same effect as Apply runs each. It remembers how the
// records that almost every command needs were read: a record whose bytes are the same reads the same. The zero Machine is
// ready; it is for one goroutine at a time, and for any number of states.
type Machine struct {
	read map[string]reading // by key of the state
}

// reading is a record's bytes and what decoding them gave, which nobody changes.
type reading struct {
	value  []byte
	record any
}

// maxReadings bounds what a Machine remembers: regions, authorities and keys in use.
const maxReadings = 8192

// Apply runs one command: see the function Apply. A nil Machine remembers nothing.
// ahead is what was done of the command before, nil for nothing; one that was made of other bytes is left aside.
func (m *Machine) Apply(state State, tx Tx, command []byte, ahead *Prepared) (Event, error) {
	if ahead == nil || !ahead.of(command) {
		ahead = Prepare(command)
	}
	if ahead.err != nil {
		return Event{}, ahead.err
	}
	c := &call{state: state, tx: tx, signed: ahead.signed, ahead: ahead, machine: m}
	if found, ok := c.signed.Command.(*Found); ok {
		return found.apply(c)
	}
	if event, repeated, err := c.prepare(); err != nil || repeated {
		return event, err
	}
	return c.signed.Command.apply(c)
}

// recall is load for a record that is read again and again. What it returns is the caller's to change, down to the first
// level.
func recall[T any](c *call, key string, decode func([]byte) (*T, error)) (*T, error) {
	value, err := c.state.Get(key)
	if err != nil || value == nil {
		return nil, err
	}
	m := c.machine
	if m == nil {
		return decode(value)
	}
	if known, ok := m.read[key]; ok && bytes.Equal(known.value, value) {
		if record, ok := known.record.(*T); ok {
			out := *record
			return &out, nil
		}
	}
	record, err := decode(value)
	if err != nil {
		return nil, err
	}
	if m.read == nil || len(m.read) >= maxReadings {
		m.read = map[string]reading{}
	}
	m.read[key] = reading{value, record}
	out := *record
	return &out, nil
}
