package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/importer"
)

// journalEnd is the end of the name of the journal beside a table.
const journalEnd = ".huzheng-journal"

// issueFlags are the flags of issue.
type issueFlags struct {
	remote    remoteFlags
	store     storeFlags
	authority string
	kind      string
	version   int
	encoding  string
	chunk     int
	skip      []string
}

func (a *app) issueCommand() *cobra.Command {
	var f issueFlags
	c := &cobra.Command{
		Use:   "issue FILE.csv",
		Short: "按表签发证照 · issue certificates from a table",
		Long: `逐行读取 CSV，表头用 GB/T 36903 的中文名、拼音首字母或英文名均可。一行有误只影响该行：
被退回的行连同行号、列和原因写入 FILE.csv.refused.csv（Excel 可直接打开）和 .json，成功的行写入 FILE.csv.issued.csv。
可随时中断，再次运行从断点继续；同一行不会签发两次。文件修改后须另存为新文件再签发。

Reads a CSV whose header has Chinese, pinyin or English names of GB/T 36903. A wrong row costs itself only:
what is refused is reported with line, column and reason. It may be interrupted at any moment and goes on
where it was; no row is issued twice. Put corrected rows into a new file.`,
		Example: `  huzheng issue 二建.csv --authority 11430000006122244L --type 11100000000013338W001 --api https://gw.example --key @issue.key
  huzheng issue 二建.csv --authority 11430000006122244L --type 11100000000013338W001 --data ./hn --encoding gbk`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.issue(cmd.Context(), &f, args[0]) },
	}
	f.remote.register(c)
	f.store.register(c)
	s := c.Flags()
	s.StringVar(&f.authority, "authority", "", "颁发机构统一社会信用代码 · USCC of the issuing authority")
	s.StringVar(&f.kind, "type", "", "证照类型代码 · certificate type code")
	s.IntVar(&f.version, "type-version", 1, "证照类型版本 · version of the type")
	s.StringVar(&f.encoding, "encoding", "utf-8", "文件编码 utf-8 或 gbk · encoding of the file")
	s.IntVar(&f.chunk, "chunk", 500, "每批行数 · rows that are issued together, at most 1000")
	s.StringSliceVar(&f.skip, "skip-column", nil, "忽略的列 · columns to leave out")
	c.MarkFlagsMutuallyExclusive("api", "data")
	c.MarkFlagsOneRequired("api", "data")
	_ = c.MarkFlagRequired("authority")
	_ = c.MarkFlagRequired("type")
	return c
}

func (f *issueFlags) validate() error {
	if _, err := gbt.ParseUSCC(f.authority); err != nil {
		return usagef("--authority: %w", err)
	}
	if _, err := gbt.ParseTypeCode(f.kind); err != nil {
		return usagef("--type: %w", err)
	}
	switch {
	case f.encoding != "utf-8" && f.encoding != "gbk":
		return usagef("--encoding is utf-8 or gbk")
	case f.chunk < 1 || f.chunk > 1000:
		return usagef("--chunk is 1 to 1000")
	case f.version < 1:
		return usagef("--type-version is 1 or more")
	}
	return nil
}

// issueReport is the JSON document of issue.
type issueReport struct {
	File      string           `json:"file"`
	Digest    string           `json:"digest"`
	Type      string           `json:"type"`
	Authority string           `json:"authority"`
	Rows      int              `json:"rows"`
	Issued    int              `json:"issued"`
	Refused   int              `json:"refused"`
	Resumed   int              `json:"resumed"`      // rows that an earlier run had dealt with
	Fresh     int              `json:"issued_fresh"` // by this run
	ElapsedMS int64            `json:"elapsed_ms"`
	Reports   importer.Reports `json:"reports"`
	Journal   string           `json:"journal"`
}

func (a *app) issue(ctx context.Context, f *issueFlags, name string) (err error) {
	if err := f.validate(); err != nil {
		return err
	}
	survey, err := a.survey(name, f.encoding)
	if err != nil {
		return err
	}
	to, err := a.openIssuer(ctx, f)
	if err != nil {
		return err
	}
	run := &issueRun{app: a, flags: f, name: name, digest: survey.Digest, bytes: survey.Bytes, to: to, started: time.Now()}
	report, err := run.all(ctx)
	if err := errors.Join(err, to.close()); err != nil {
		if ctx.Err() != nil {
			a.notef("已中断；用同样的命令继续 · interrupted; run the same command again to go on\n")
		}
		return err
	}
	if err := a.emit(report, func() error { return a.printIssue(report) }); err != nil {
		return err
	}
	if report.Refused > 0 {
		return exitWith(exitRefused)
	}
	return nil
}

// survey reads the file once: what it is keyed by, and in which encoding it is.
func (a *app) survey(name, encoding string) (*importer.Survey, error) {
	file, err := os.Open(name) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, usagef("%w", err)
	}
	defer func() { _ = file.Close() }()
	s, err := importer.SurveyFile(file)
	switch {
	case err != nil:
		return nil, err
	case s.GBK && encoding != "gbk":
		return nil, attest.Errorf(attest.CodeCSVGBK, "文件是 GBK 编码：加 --encoding gbk，或先转换 · the file is in GBK: add --encoding gbk, or convert it: "+
			"iconv -f GB18030 -t UTF-8 %s > utf8.csv", filepath.Base(name))
	case !s.GBK && encoding == "gbk":
		return nil, attest.Errorf(attest.CodeCSVEncoding, "文件不是 GBK 编码，去掉 --encoding gbk · the file is not in GBK: leave --encoding gbk away")
	}
	return s, nil
}

// issueRun is one pass over a table.
type issueRun struct {
	app     *app
	flags   *issueFlags
	name    string
	digest  [32]byte
	bytes   int64
	to      issuer
	started time.Time

	table   *importer.Reader
	journal *importer.Journal
	ended   bool
}

// counted tells a bar how much of a file was read.
type counted struct {
	io.Reader
	n   int64
	bar *bar
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	c.bar.set(c.n)
	return n, err
}

func (r *issueRun) all(ctx context.Context) (report *issueReport, err error) {
	file, err := os.Open(r.name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	progress := r.app.newBar(r.bytes, "签发 · issuing")
	defer progress.finish()
	if err := r.open(ctx, &counted{Reader: file, bar: progress}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.journal.Close()) }()
	before := r.journal.Done()
	if err := r.skip(before.Rows); err != nil {
		return nil, err
	}
	for !r.ended {
		if err := r.chunk(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.to.settle(ctx); err != nil {
		return nil, err
	}
	reports, err := importer.ReportsOf(r.name).Write(r.journal)
	if err != nil {
		return nil, err
	}
	done := r.journal.Done()
	return &issueReport{File: r.name, Digest: hex.EncodeToString(r.digest[:]), Type: r.flags.kind, Authority: r.flags.authority,
		Rows: done.Rows, Issued: done.Issued, Refused: done.Refused, Resumed: before.Rows, Fresh: done.Issued - before.Issued, Reports: reports,
		ElapsedMS: time.Since(r.started).Milliseconds(), Journal: r.name + journalEnd}, nil
}

// open reads the header against the type's schema, and the journal.
func (r *issueRun) open(ctx context.Context, in io.Reader) error {
	schema, err := r.to.schema(ctx, r.flags.kind, r.flags.version)
	if err != nil {
		return err
	}
	form, err := importer.ReadForm(schema)
	if err != nil {
		return err
	}
	if r.flags.encoding == "gbk" {
		in = transform.NewReader(in, simplifiedchinese.GB18030.NewDecoder())
	}
	r.table, err = importer.NewReader(in, importer.Options{Form: form, Type: r.flags.kind, Authority: r.flags.authority,
		Skip: r.flags.skip})
	if err != nil {
		return err
	}
	network, gateway, err := r.to.identity(ctx)
	if err != nil {
		return err
	}
	r.journal, err = importer.OpenJournal(r.name+journalEnd, importer.Head{Version: importer.HeadVersion, Network: network,
		Gateway: gateway, Digest: hex.EncodeToString(r.digest[:]),
		Type: fmt.Sprintf("%s/%d", r.flags.kind, r.flags.version), Authority: r.flags.authority, Chunk: r.flags.chunk})
	return err
}

// skip passes over the rows that the journal has dealt with.
func (r *issueRun) skip(rows int) error {
	for range rows {
		if _, _, err := r.table.Next(); err != nil {
			return err
		}
	}
	return nil
}

// chunk reads, issues and writes down the next rows.
func (r *issueRun) chunk(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var rows []*importer.Row
	var refused []importer.Refusal
	read := 0
	for ; read < r.flags.chunk; read++ {
		row, reasons, err := r.table.Next()
		if errors.Is(err, io.EOF) {
			r.ended = true
			break
		}
		if err != nil {
			return err
		}
		if row != nil {
			rows = append(rows, row)
		}
		refused = append(refused, reasons...)
	}
	if read == 0 {
		return nil
	}
	issued, more, err := r.issueRows(ctx, rows)
	if err != nil {
		return err
	}
	return r.journal.Chunk(read, issued, append(refused, more...))
}

func (a *app) printIssue(r *issueReport) error {
	rate := float64(r.Fresh) / max(0.001, float64(r.ElapsedMS)/1000)
	a.printf("%s\n  行 rows %d  签发 issued %d  退回 refused %d", r.File, r.Rows, r.Issued, r.Refused)
	if r.Resumed > 0 {
		a.printf("  续接 resumed %d", r.Resumed)
	}
	a.printf("  %.1f s（%.0f /s）\n  %s\n", float64(r.ElapsedMS)/1000, rate, r.Reports.Issued)
	if r.Refused > 0 {
		a.printf("  %s\n  %s\n", r.Reports.Refused, r.Reports.RefusedJSON)
	}
	return nil
}
