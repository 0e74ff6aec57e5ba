package importer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Head says which work a journal belongs to.
type Head struct {
	Version   int    `json:"v"`
	Network   string `json:"network"` // id of the consortium
	Gateway   string `json:"gateway"` // whom the rows are handed to, and by which way: operations are named differently on each
	Digest    string `json:"digest"`  // of the table, SHA-256 in hexadecimal
	Type      string `json:"type"`
	Authority string `json:"authority"`
	Chunk     int    `json:"chunk"` // rows that are issued together: operations are named by their chunk
}

// Issued is one row that became a certificate.
type Issued struct {
	Line        int    `json:"line"`
	ID          string `json:"id"`
	StatusList  int64  `json:"status_list"`
	StatusIndex int64  `json:"status_index"`
}

// Done is how far a table has been worked through: whole chunks only.
type Done struct {
	Chunks  int `json:"chunks"`
	Rows    int `json:"rows"` // read, whatever became of them
	Issued  int `json:"issued"`
	Refused int `json:"refused"` // rows, not reasons
}

// entry is one line of the journal; exactly one member is set.
type entry struct {
	Head    *Head    `json:"head,omitempty"`
	Issued  *Issued  `json:"issued,omitempty"`
	Refused *Refusal `json:"refused,omitempty"`
	Done    *Done    `json:"done,omitempty"`
}

// Journal is what has become of a table's rows: JSON lines beside the table, appended chunk by chunk and synced before a
// chunk counts as done. What a crash leaves behind the last finished chunk is cut off when it is opened again; the rows
// of that chunk are then issued again under the same operation, which the gateway recognises. Not for concurrent use.
type Journal struct {
	file *os.File
	done Done
}

// HeadVersion is the version of the journal's format. Version 1 did not name network and gateway.
const HeadVersion = 2

// OpenJournal opens the journal at path, or begins it. Errors: CSV_CHANGED where it belongs to other work than head says,
// CSV_HEADER where it is no journal.
func OpenJournal(path string, head Head) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the path is the operator's own
	if err != nil {
		return nil, err
	}
	j := &Journal{file: file}
	if err := j.resume(head); err != nil {
		_ = file.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) resume(head Head) error {
	var found *Head
	end, err := scanJournal(j.file, func(e *entry) error {
		if e.Head != nil {
			found = e.Head
		}
		if e.Done != nil {
			j.done = *e.Done
		}
		return nil
	})
	if err != nil {
		return err
	}
	if found != nil && *found != head {
		return attest.Errorf(attest.CodeCSVChanged, "the journal beside the table is of %s, and %d rows were issued there; "+
			"go on with that, or issue from a copy of the table under another name", differs(found, &head), j.done.Issued)
	}
	if err := j.file.Truncate(end); err != nil {
		return err
	}
	if _, err := j.file.Seek(end, io.SeekStart); err != nil {
		return err
	}
	if found != nil {
		return nil
	}
	return j.write([]entry{{Head: &head}})
}

// differs says in what another work's head differs first.
func differs(found, head *Head) string {
	switch {
	case found.Version != head.Version:
		return "another version of this program"
	case found.Network != head.Network:
		return "another network (" + found.Network + ")"
	case found.Gateway != head.Gateway:
		return "another gateway or way to it (" + found.Gateway + ")"
	case found.Authority != head.Authority || found.Type != head.Type:
		return "another authority or type (" + found.Authority + ", " + found.Type + ")"
	case found.Chunk != head.Chunk:
		return "another chunk size (--chunk " + strconv.Itoa(found.Chunk) + ")"
	default:
		return "a table of other content"
	}
}

// scanJournal visits the lines that a finished chunk, or the head, confirms, and gives where they end.
func scanJournal(r io.Reader, visit func(*entry) error) (end int64, err error) {
	in := bufio.NewReader(r)
	var at int64
	var open []entry
	for {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil // a line without its end was never synced
		}
		if err != nil {
			return 0, err
		}
		at += int64(len(text))
		var e entry
		strict := json.NewDecoder(bytes.NewReader(text))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&e); err != nil {
			return 0, attest.Errorf(attest.CodeCSVHeader, "the journal beside the table is damaged, or another program's file")
		}
		open = append(open, e)
		if e.Head == nil && e.Done == nil {
			continue
		}
		for i := range open {
			if err := visit(&open[i]); err != nil {
				return 0, err
			}
		}
		open, end = open[:0], at
	}
}

// Done is how far the work has come.
func (j *Journal) Done() Done { return j.done }

// Chunk writes down what became of the next chunk's rows, and returns once that is on the disk. refused may hold several
// reasons a row; rows is how many the chunk had.
func (j *Journal) Chunk(rows int, issued []Issued, refused []Refusal) error {
	entries := make([]entry, 0, len(issued)+len(refused)+1)
	for i := range issued {
		entries = append(entries, entry{Issued: &issued[i]})
	}
	for i := range refused {
		entries = append(entries, entry{Refused: &refused[i]})
	}
	done := j.done
	done.Chunks++
	done.Rows += rows
	done.Issued += len(issued)
	done.Refused += rows - len(issued)
	if err := j.write(append(entries, entry{Done: &done})); err != nil {
		return err
	}
	j.done = done
	return nil
}

func (j *Journal) write(entries []entry) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	for i := range entries {
		if err := out.Encode(&entries[i]); err != nil {
			return err
		}
	}
	if _, err := j.file.Write(text.Bytes()); err != nil {
		return err
	}
	return j.file.Sync()
}

// Visit hands every row that was issued and every refusal on, in the order in which they were written down.
func (j *Journal) Visit(issued func(*Issued) error, refused func(*Refusal) error) error {
	in, err := os.Open(j.file.Name())
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	_, err = scanJournal(in, func(e *entry) error {
		switch {
		case e.Issued != nil:
			return issued(e.Issued)
		case e.Refused != nil:
			return refused(e.Refused)
		}
		return nil
	})
	return err
}

// Close closes the journal; it stays where it is.
func (j *Journal) Close() error { return j.file.Close() }

// JournalExists reports whether there is a journal at path.
func JournalExists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
