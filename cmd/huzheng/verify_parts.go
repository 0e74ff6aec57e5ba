package main

import (
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
)

// collection is the parts of one presentation, and the files that they were read from.
type collection struct {
	parts portable.Parts
	at    int // of the item that stands for all
	names []string
}

// joinParts makes one item of those that hold parts of the same presentation, in the place of the first of them. Errors:
// PORTABLE_PARTS_MISSING, and PORTABLE_PARTS_MIXED where some are missing and there are parts of several presentations.
func joinParts(items []item) ([]item, error) {
	all, err := gather(items)
	if err != nil {
		return nil, err
	}
	stands := map[int]bool{}
	for _, c := range all {
		names := strings.Join(c.names, ", ")
		if stands[c.at] {
			return nil, errIn(names, attest.Errorf(attest.CodePortableMixed, "one file holds parts of several presentations"))
		}
		stands[c.at] = true
		if err := c.join(&items[c.at], len(all)); err != nil {
			return nil, errIn(names, err)
		}
		items[c.at].name = names
	}
	var out []item
	for at := range items {
		if len(items[at].parts) == 0 || stands[at] {
			out = append(out, items[at])
		}
	}
	return out, nil
}

// gather sorts the parts of all items by their presentation.
func gather(items []item) (all []*collection, err error) {
	for at := range items {
		for _, text := range items[at].parts {
			c, err := collect(&all, []byte(text))
			if err != nil {
				return nil, errIn(items[at].name, err)
			}
			if len(c.names) == 0 {
				c.at = at
			}
			if !slices.Contains(c.names, items[at].name) {
				c.names = append(c.names, items[at].name)
			}
		}
	}
	return all, nil
}

// join makes i the presentation, of which there are parts of so many.
func (c *collection) join(i *item, presentations int) error {
	text, err := c.parts.Join()
	if attest.CodeOf(err) == attest.CodePortableMissing && presentations > 1 {
		return attest.Errorf(attest.CodePortableMixed, "there are parts of %d presentations, and of this one are missing: %s",
			presentations, c.parts.Lacking())
	}
	if err != nil {
		return err
	}
	return i.unpackPortable([]byte(text), i.carrier)
}

// collect adds a part to the collection of its presentation, or begins one.
func collect(all *[]*collection, text []byte) (*collection, error) {
	for _, c := range *all {
		if err := c.parts.Add(text); attest.CodeOf(err) != attest.CodePortableMixed {
			return c, err
		}
	}
	c := &collection{}
	*all = append(*all, c)
	return c, c.parts.Add(text)
}
