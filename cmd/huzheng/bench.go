package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/bench"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/demo"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
)

type benchFlags struct {
	quick    bool
	suite    string
	cpu, mem string
}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench",
		Short: "速度和大小：所承诺与所达到 · speed and size: promised and reached",
		Long: `在临时目录用真实部件测量签发、上链、核验、HTTP 和链上字节，与承诺并列。结果取决于本机及其当时负载。

Measures issuing, anchoring, verifying, HTTP and bytes on chain with the real components in folders of its
own, beside what is promised. Figures are of this machine and of what else it does meanwhile.`,
		Example: "  huzheng bench --quick\n  huzheng bench --json > bench.json\n  huzheng bench --cpuprofile cpu.pprof",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.bench(cmd.Context(), &f) },
	}
	s := c.Flags()
	s.BoolVar(&f.quick, "quick", false, "小规模，约十秒 · small, about ten seconds")
	s.StringVar(&f.suite, "suite", string(attest.SuiteStd), "密码套件 · suite: std or gm")
	s.StringVar(&f.cpu, "cpuprofile", "", "写出 CPU 剖析 · write a CPU profile")
	s.StringVar(&f.mem, "memprofile", "", "写出内存剖析 · write a heap profile")
	return c
}

// benchReport is the JSON document of bench.
type benchReport struct {
	Rows     []*bench.Row `json:"rows"`
	Suite    attest.Suite `json:"suite"`
	Quick    bool         `json:"quick"`
	CPUs     int          `json:"cpus"`
	Platform string       `json:"platform"`
	Go       string       `json:"go"`
}

func (a *app) bench(ctx context.Context, f *benchFlags) (err error) {
	if !attest.Suite(f.suite).Valid() {
		return usagef("--suite is std or gm")
	}
	defer consortium.Tune(a.getenv)() // as where it serves
	stop, err := profileCPU(f.cpu)
	if err != nil {
		return err
	}
	rows, err := bench.Run(ctx, bench.Options{Quick: f.quick, Suite: attest.Suite(f.suite),
		Logger: slog.New(slog.NewTextHandler(quietly{ctx, a.err}, &slog.HandlerOptions{Level: slog.LevelError})),
		Step:   func(name string) { a.notef("测量 · measuring %s\n", name) }})
	if err := errors.Join(err, stop(), profileHeap(f.mem)); err != nil {
		return err
	}
	a.notef("测量 · measuring demo\n")
	more, err := benchDemo(ctx, f.suite)
	if err != nil {
		return err
	}
	r := &benchReport{Rows: append(rows, more...), Suite: attest.Suite(f.suite), Quick: f.quick, CPUs: runtime.NumCPU(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	return a.emit(r, func() error { return a.printBench(r) })
}

func (a *app) printBench(r *benchReport) error {
	t := terminal.Table{Columns: []terminal.Column{{Title: "项目"}, {Title: "承诺", Align: terminal.Right},
		{Title: "达到", Align: terminal.Right}, {Title: "倍数", Align: terminal.Right}, {Title: ""}, {Title: "说明", Max: 76}}}
	for _, row := range r.Rows {
		bound := "≥ "
		if row.AtMost {
			bound = "≤ "
		}
		style, word := terminal.Green, "达到"
		if !row.Kept() {
			style, word = terminal.Red, "未达"
		}
		promise, margin := bound+figure(row.Promise)+" "+row.Unit, fmt.Sprintf("%.2f", row.Margin())
		if row.Promise == 0 {
			promise, margin, word = "", "", ""
		}
		t.Add(terminal.Cell{Text: row.Zh}, terminal.Cell{Text: promise}, terminal.Cell{Text: figure(row.Reached) + " " + row.Unit},
			terminal.Cell{Text: margin}, terminal.Cell{Text: word, Style: style}, terminal.Cell{Text: row.Note})
	}
	if err := t.Write(a.out, a.palette); err != nil {
		return err
	}
	a.printf("\n%d 核 CPUs  %s  %s  %s\n", r.CPUs, r.Platform, r.Go, r.Suite)
	return nil
}

func figure(f float64) string {
	if f >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// benchDemo runs the demonstration in a process of its own, whose memory is its own.
func benchDemo(ctx context.Context, suite string) ([]*bench.Row, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	out, err := exec.CommandContext(ctx, self, "demo", "--json", "--suite", suite).Output() //nolint:gosec // this very program
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	took := time.Since(start)
	var report demo.Report
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&report); err != nil {
		return nil, err
	}
	rows := []*bench.Row{{Name: "demo", Zh: "四省演示", En: "the demonstration", Unit: "s", Promise: 15, AtMost: true,
		Reached: took.Seconds(), Note: fmt.Sprintf("%d certificates, %d verdicts", report.Counts.Certificates, len(report.Cases))}}
	if report.Memory > 0 {
		rows = append(rows, &bench.Row{Name: "demo_memory", Zh: "四省演示的内存", En: "memory of the demonstration", Unit: "MB", Promise: 512,
			AtMost: true, Reached: float64(report.Memory) / (1 << 20), Note: "peak resident"})
	}
	return rows, nil
}

// profileCPU begins a profile; what it returns ends it.
func profileCPU(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

func profileHeap(name string) error {
	if name == "" {
		return nil
	}
	file, err := os.Create(filepath.Clean(name))
	if err != nil {
		return err
	}
	runtime.GC()
	return errors.Join(pprof.WriteHeapProfile(file), file.Close())
}
