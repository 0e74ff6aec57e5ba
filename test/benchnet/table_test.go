package benchnet_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

// row is one figure beside its promise.
type row struct {
	Name    string  `json:"name"`
	Zh      string  `json:"zh"`
	En      string  `json:"en"`
	Unit    string  `json:"unit"`
	Promise float64 `json:"promise,omitempty"` // zero: none, the figure explains another one
	AtMost  bool    `json:"at_most"`           // the promise is an upper bound
	Reached float64 `json:"reached"`
	Note    string  `json:"note,omitempty"`
}

// margin is how many times better than promised.
func (r *row) margin() float64 {
	if r.AtMost {
		return r.Promise / max(r.Reached, 1e-9)
	}
	return r.Reached / r.Promise
}

// report is the JSON document of a run.
type report struct {
	Rows     []*row `json:"rows"`
	CPUs     int    `json:"cpus"`
	Platform string `json:"platform"`
	Go       string `json:"go"`
	Load     string `json:"load"` // averages of the machine, before and after
}

func (r *report) add(rows ...*row) { r.Rows = append(r.Rows, rows...) }

// print writes the table. What is promised stands first: columns of Chinese text are as wide as a terminal makes them.
func (r *report) print(to io.Writer) error {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\n承诺 promised\t达到 reached\t倍数 margin\t \t\n")
	for _, row := range r.Rows {
		bound, word := "≥ ", "达到 kept"
		if row.AtMost {
			bound = "≤ "
		}
		promise, margin := "", ""
		if row.Promise == 0 {
			word = ""
		} else {
			promise, margin = bound+figure(row.Promise)+" "+row.Unit, fmt.Sprintf("%.2f", row.margin())
			if row.margin() < 1 {
				word = "未达 missed"
			}
		}
		fmt.Fprintf(t, "%s\t%s %s\t%s\t%s\t  %s · %s (%s)\n", promise, figure(row.Reached), row.Unit, margin, word, row.Zh, row.En, row.Note)
	}
	fmt.Fprintf(t, "\n%d 核 CPUs  %s  %s  负载 load %s\n", r.CPUs, r.Platform, r.Go, r.Load)
	return t.Flush()
}

func figure(f float64) string {
	if f >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func (r *report) save(file string) error {
	if file == "" {
		return nil
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o600)
}

func newReport() *report {
	return &report{CPUs: runtime.NumCPU(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Load: loadAverage()}
}

// loadAverage is what else the machine has to do; empty where that cannot be told.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) == 0 {
		return ""
	}
	return fields[0]
}
