package demo

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Report is report.json: what was done, what came out, how long it took. Its members' names are stable.
type Report struct {
	Mode     string                `json:"mode"` // ModeEmbedded, ModeFabric
	Network  string                `json:"network"`
	Suite    attest.Suite          `json:"suite"`
	Seed     uint64                `json:"seed"`
	Verdicts map[attest.Result]int `json:"verdicts"` // every verdict on a certificate that was given
	Counts   Counts                `json:"counts"`
	Timings  Timings               `json:"timings_ms"`
	Rates    Rates                 `json:"rates"`
	Cases    []Case                `json:"cases"`
	Memory   int64                 `json:"peak_memory_bytes"` // resident; zero where the system does not say
}

// The ledgers that a demonstration runs on.
const (
	ModeEmbedded = "embedded"
	ModeFabric   = "fabric"
)

// Counts are how many there were.
type Counts struct {
	Regions      int   `json:"regions"`
	Authorities  int   `json:"authorities"`
	Types        int   `json:"types"`
	Agreements   int   `json:"agreements"`
	Certificates int   `json:"certificates"`
	Batches      int64 `json:"batches"`
	Blocks       int64 `json:"blocks"`
	Documents    int   `json:"documents"`
	DatasetRows  int   `json:"dataset_rows"`
	Exported     int   `json:"exported"` // certificates written out
}

// Timings are in milliseconds.
type Timings struct {
	Found   int64 `json:"found"`
	Trust   int64 `json:"trust"`
	Issue   int64 `json:"issue"`
	Anchor  int64 `json:"anchor"` // from the last certificate recorded to the last one anchored and witnessed
	Verify  int64 `json:"verify"`
	Records int64 `json:"records"` // document and dataset
	Export  int64 `json:"export"`
	Total   int64 `json:"total"`
}

// Rates are per second.
type Rates struct {
	Issued   float64 `json:"issued"`
	Anchored float64 `json:"anchored"` // from the first request until everything was anchored and witnessed
}

// Case is one document that was judged.
type Case struct {
	Kind     string        `json:"kind"` // certificate, document, dataset_row
	Want     attest.Result `json:"want"`
	Result   attest.Result `json:"result"`
	Code     attest.Code   `json:"code"`
	Zh       string        `json:"reason_zh"`
	En       string        `json:"reason_en"`
	Issuer   string        `json:"issuer"`  // region
	Relying  string        `json:"relying"` // region that judged
	What     string        `json:"what"`    // what was presented
	Story    string        `json:"story"`   // what had become of it
	Scenario string        `json:"scenario,omitempty"`
	Receipt  string        `json:"receipt_id,omitempty"`
}

// peakMemory is the most that was resident at once, as Linux tells it (proc(5), VmHWM).
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			kib, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 64)
			if err == nil {
				return kib << 10
			}
		}
	}
	return 0
}

// workers is how many requests are made at once: twice the cores, as half of them wait for the disk.
func workers() int { return 2 * runtime.GOMAXPROCS(0) }

func since(start time.Time) int64 { return time.Since(start).Milliseconds() }
