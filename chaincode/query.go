package chaincode

import (
	"strings"
	"unicode"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/huzheng-ledger/huzheng/attest"
)

// MaxPage is the most records in one page of State.
const MaxPage = 1000

// Record is one key of the state with its value, which is text in every record of the registry.
type Record struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Page is a part of the state in the order of its keys. Bookmark asks for the next one; it is empty in the last.
type Page struct {
	Records  []Record `json:"records"`
	Bookmark string   `json:"bookmark"`
}

// Get reads the value of one key at one peer, for audits. NOT_FOUND: the peer has no such key.
func (c *Contract) Get(ctx contractapi.TransactionContextInterface, key string) (string, error) {
	value, err := ctx.GetStub().GetState(key)
	switch {
	case err != nil:
		return "", coded(err)
	case value == nil:
		return "", attest.Errorf(attest.CodeNotFound, "the state has no such key")
	}
	return string(value), nil
}

// State reads the records at one peer whose keys begin with prefix, at most size of them (1 to MaxPage), from bookmark on,
// for audits. An empty prefix reads the whole state; an empty bookmark begins. Pages of a state that changes meanwhile do not
// fit together: compare at a height where nothing is submitted.
func (c *Contract) State(ctx contractapi.TransactionContextInterface, prefix string, size int32, bookmark string) (*Page, error) {
	if size < 1 || size > MaxPage {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "a page has 1 to %d records", MaxPage)
	}
	if strings.ContainsFunc(prefix, func(r rune) bool { return r > unicode.MaxASCII }) {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "keys are ASCII")
	}
	found, meta, err := ctx.GetStub().GetStateByRangeWithPagination(prefix, after(prefix), size, bookmark)
	if err != nil {
		return nil, coded(err)
	}
	page := &Page{Records: []Record{}, Bookmark: meta.GetBookmark()}
	for found.HasNext() {
		kv, err := found.Next()
		if err != nil {
			return nil, coded(err)
		}
		page.Records = append(page.Records, Record{Key: kv.GetKey(), Value: string(kv.GetValue())})
	}
	if err := found.Close(); err != nil {
		return nil, coded(err)
	}
	return page, nil
}

// after is the first string behind all that begin with prefix, whose bytes are ASCII; empty, which is no bound, for an empty
// one.
func after(prefix string) string {
	if prefix == "" {
		return ""
	}
	last := len(prefix) - 1
	return prefix[:last] + string(rune(prefix[last]+1))
}
