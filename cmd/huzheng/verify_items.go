package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/offline"
)

// Ends of the names of files that stand beside what they are about.
const (
	receiptEnd  = ".receipt.json"
	documentEnd = ".document.json"
)

// maxItem is how large a file of any kind but a document may be.
const maxItem = 1 << 20

// item is one file to verify with what belongs to it.
type item struct {
	name    string
	kind    offline.Kind
	data    []byte // whole, but of a document only the beginning
	receipt []byte // nil: none
	salt    string

	carrier  string                 // what it was found in; empty: a file of its own
	portable *portable.Presentation // where that was one
	parts    []string               // where it holds codes of a presentation that several show
}

// readItems reads the files. Those that stand beside others are passed over, so that a pattern may name a whole folder.
func readItems(ctx context.Context, files []string, receipt, salt string) ([]item, error) {
	var items []item
	for _, name := range files {
		if strings.HasSuffix(name, receiptEnd) || strings.HasSuffix(name, documentEnd) {
			continue
		}
		i := item{name: name, salt: salt}
		if err := i.read(ctx, receipt); err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	items, err := joinParts(items)
	if err != nil {
		return nil, err
	}
	switch {
	case len(items) == 0:
		return nil, usagef("没有可核验的文件 · no file to verify among those named")
	case len(items) > 1 && (receipt != "" || salt != ""):
		return nil, usagef("--receipt and --salt are for one file")
	}
	return items, nil
}

// read reads the file and what belongs to it.
func (i *item) read(ctx context.Context, receipt string) (err error) {
	if i.data, err = readBounded(i.name); err != nil {
		return err
	}
	i.kind = offline.Detect(i.data)
	if err := i.unpack(ctx); err != nil {
		return errIn(i.name, err)
	}
	return i.companions(receipt)
}

// errIn names the file that an error is about.
func errIn(name string, err error) error { return fmt.Errorf("%s: %w", name, err) }

func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, usagef("%w", err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxItem))
	if err != nil {
		return nil, usagef("%w", err)
	}
	return data, nil
}

// companions reads the receipt, and for a document the salt. What came with its receipt has none beside it.
func (i *item) companions(receipt string) (err error) {
	if i.carrier != "" {
		return nil
	}
	if receipt != "" {
		if i.receipt, err = readBounded(receipt); err != nil {
			return err
		}
	}
	for _, name := range []string{strings.TrimSuffix(i.name, filepath.Ext(i.name)) + receiptEnd, i.name + receiptEnd} {
		if i.receipt == nil {
			if i.receipt, err = readIfThere(name); err != nil {
				return err
			}
		}
	}
	if i.kind != offline.KindDocument {
		return nil
	}
	return i.readDocument()
}

// readDocument takes salt and receipt from what the gateway answered when the document was recorded.
func (i *item) readDocument() error {
	text, err := readIfThere(i.name + documentEnd)
	if err != nil {
		return err
	}
	if text != nil {
		var d client.Document
		if err := json.Unmarshal(text, &d); err != nil {
			return attest.Errorf(attest.CodeJSONSyntax, "%s is not what a gateway answers when it records a document", i.name+documentEnd)
		}
		if i.salt == "" {
			i.salt = d.Salt
		}
		if i.receipt == nil {
			i.receipt = d.Receipt
		}
	}
	if i.salt == "" {
		return usagef("%s：文件核验需要存证时的盐（--salt 或 %s）· a document is checked with its salt", i.name, i.name+documentEnd)
	}
	return nil
}

func readIfThere(name string) ([]byte, error) {
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return readBounded(name)
}

// digest hashes the whole file by the suite.
func (i *item) digest(s attest.Suite) (sum [32]byte, err error) {
	file, err := os.Open(i.name)
	if err != nil {
		return sum, err
	}
	defer func() { _ = file.Close() }()
	h := s.New()
	if _, err := io.Copy(h, file); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
