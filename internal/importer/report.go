package importer

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
)

// Reports are the files that a finished import leaves beside its table.
type Reports struct {
	Issued      string `json:"issued_csv"`
	Refused     string `json:"refused_csv,omitempty"` // empty: nothing was refused, and there is no such file
	RefusedJSON string `json:"refused_json,omitempty"`
}

// ReportsOf names the reports of a table.
func ReportsOf(table string) Reports {
	return Reports{Issued: table + ".issued.csv", Refused: table + ".refused.csv", RefusedJSON: table + ".refused.json"}
}

// Write makes the reports of what the journal says, each whole or not at all, and returns those that there are: where
// nothing was refused there is no report of it, and one that an earlier table has left under the name is removed. The tables
// begin with a byte order mark, without which spreadsheet programs take UTF-8 for a local encoding.
func (r Reports) Write(j *Journal) (Reports, error) {
	if j.Done().Refused > 0 {
		return r, r.write(j)
	}
	some := Reports{Issued: r.Issued}
	return some, errors.Join(some.writeIssued(j), removeAny(r.Refused), removeAny(r.RefusedJSON))
}

func removeAny(name string) error {
	err := os.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func newIssued(name string) (*report, error) {
	return newReport(name, []string{"行号 line", "证照编号 id", "状态列表 status_list", "状态序号 status_index"})
}

func (r *report) issued(i *Issued) error {
	return r.row(strconv.Itoa(i.Line), i.ID, strconv.FormatInt(i.StatusList, 10), strconv.FormatInt(i.StatusIndex, 10))
}

func (r Reports) writeIssued(j *Journal) error {
	issued, err := newIssued(r.Issued)
	if err != nil {
		return err
	}
	if err := j.Visit(issued.issued, func(*Refusal) error { return nil }); err != nil {
		return errors.Join(err, issued.abandon())
	}
	return issued.finish()
}

func (r Reports) write(j *Journal) error {
	issued, err := newIssued(r.Issued)
	if err != nil {
		return err
	}
	refused, err := newReport(r.Refused, []string{"行号 line", "列 column", "代码 code", "原因", "reason"})
	if err != nil {
		return errors.Join(err, issued.abandon())
	}
	list, err := newArray(r.RefusedJSON)
	if err != nil {
		return errors.Join(err, issued.abandon(), refused.abandon())
	}
	err = j.Visit(issued.issued, func(f *Refusal) error {
		return errors.Join(refused.row(strconv.Itoa(f.Line), f.Column, string(f.Code), f.Zh, f.En), list.element(f))
	})
	if err != nil {
		return errors.Join(err, issued.abandon(), refused.abandon(), list.abandon())
	}
	return errors.Join(issued.finish(), refused.finish(), list.finish())
}

// draft is a file that gets its name when it is complete.
type draft struct {
	file *os.File
	out  *bufio.Writer
	name string
}

func newDraft(name string) (*draft, error) {
	file, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // beside the operator's own table
	if err != nil {
		return nil, err
	}
	return &draft{file: file, out: bufio.NewWriter(file), name: name}, nil
}

func (d *draft) finish() error {
	if err := errors.Join(d.out.Flush(), d.file.Close()); err != nil {
		return err
	}
	return os.Rename(d.file.Name(), d.name)
}

func (d *draft) abandon() error {
	return errors.Join(d.file.Close(), os.Remove(d.file.Name()))
}

type report struct {
	*draft
	csv *csv.Writer
}

func newReport(name string, header []string) (*report, error) {
	d, err := newDraft(name)
	if err != nil {
		return nil, err
	}
	r := &report{draft: d, csv: csv.NewWriter(d.out)}
	r.csv.UseCRLF = true
	_, err = d.out.Write(byteOrderMark)
	return r, errors.Join(err, r.row(header...))
}

func (r *report) row(cells ...string) error { return r.csv.Write(cells) }

func (r *report) finish() error {
	r.csv.Flush()
	return errors.Join(r.csv.Error(), r.draft.finish())
}

// array writes a JSON array element by element.
type array struct {
	*draft
	more bool
}

func newArray(name string) (*array, error) {
	d, err := newDraft(name)
	return &array{draft: d}, err
}

func (a *array) element(v any) error {
	before := "[\n"
	if a.more {
		before = ",\n"
	}
	a.more = true
	if _, err := io.WriteString(a.out, before); err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = a.out.Write(text)
	return err
}

func (a *array) finish() error {
	end := "\n]\n"
	if !a.more {
		end = "[]\n"
	}
	if _, err := io.WriteString(a.out, end); err != nil {
		return err
	}
	return a.draft.finish()
}
