package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Regions are the four provinces of the demonstration, in the order in which they appear.
func Regions() []string { return []string{"440000", "510000", "500000", "430000"} }

// Options say what is shown.
type Options struct {
	Certificates int // at least MinCertificates
	Dir          string
	Network      string // folder of a network whose gateways run; empty: an embedded ledger in Dir
	Out          string // folder for what is left behind; empty: nothing
	Suite        attest.Suite
	Seed         uint64
	Pages        bool // serve web pages, with an identity provider of synthetic people
	Logger       *slog.Logger
	// Progress hears how far the certificates are; it is called from several goroutines.
	Progress func(stage string, done, total int)
}

// MinCertificates and MaxCertificates bound a demonstration.
const (
	MinCertificates = 100
	MaxCertificates = 1_000_000
)

// Demo is a demonstration whose gateways are open, until Close.
type Demo struct {
	o       Options
	c       *consortium.Consortium
	regions []*region
	report  Report
	started time.Time
	kept    []*kept    // certificates that are written out
	shown   []*verdict // answers to the cases
	things  things
	cache   *pebblekv.Cache

	identities *demoidp.Provider // nil without pages

	run     string          // names this run's operations
	open    []awaited       // what is to be anchored
	seen    map[string]bool // batches whose block is known
	reached int64           // the highest block that something was recorded in
	began   counted         // what the ledger held before

	short     *kept // the certificate that is to run out of time
	shortEnds time.Time
}

// counted is what a ledger holds.
type counted struct{ blocks, batches int64 }

// Run does everything and leaves the gateways open. Where it fails everything is closed. An outcome that is not the
// expected one is an error: the demonstration is a test as well.
func Run(ctx context.Context, o Options) (*Demo, *Report, error) {
	if o.Certificates < MinCertificates || o.Certificates > MaxCertificates {
		return nil, nil, fmt.Errorf("the number of certificates is not in %d..%d", MinCertificates, MaxCertificates)
	}
	d := &Demo{o: o, started: time.Now(), report: Report{Suite: o.Suite, Seed: o.Seed, Verdicts: map[attest.Result]int{}}}
	steps := []struct {
		run  func(context.Context) error
		took *int64
	}{
		{d.begin, &d.report.Timings.Found},
		{d.establishTrust, &d.report.Timings.Trust},
		{d.issueAll, &d.report.Timings.Issue},
		{d.anchorAll, &d.report.Timings.Anchor},
		{d.judgeAll, &d.report.Timings.Verify},
		{d.recordThings, &d.report.Timings.Records},
		{d.export, &d.report.Timings.Export},
	}
	for _, step := range steps {
		start := time.Now()
		if err := step.run(ctx); err != nil {
			return nil, nil, errors.Join(err, d.Close())
		}
		*step.took = since(start)
	}
	if err := d.finish(ctx); err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return d, &d.report, nil
}

// finish counts, checks that every kind of verdict was given, and writes the report.
func (d *Demo) finish(ctx context.Context) error {
	r := &d.report
	end, err := d.regions[0].ledger(ctx)
	if err != nil {
		return err
	}
	r.Counts.Regions = len(d.regions)
	r.Counts.Blocks, r.Counts.Batches = end.Height+1-d.began.blocks, end.Batches-d.began.batches
	issuing := time.Duration(r.Timings.Issue) * time.Millisecond
	r.Rates.Issued = float64(r.Counts.Certificates) / max(issuing.Seconds(), 0.001)
	anchoring := issuing + time.Duration(r.Timings.Anchor)*time.Millisecond
	r.Rates.Anchored = float64(r.Counts.Certificates) / max(anchoring.Seconds(), 0.001)
	r.Timings.Total, r.Memory = since(d.started), peakMemory()
	for _, result := range attest.Results() {
		if r.Verdicts[result] == 0 {
			return fmt.Errorf("no document came to the verdict %s", result)
		}
	}
	return d.writeReport()
}

func (d *Demo) progress(stage string, done, total int) {
	if d.o.Progress != nil {
		d.o.Progress(stage, done, total)
	}
}

// Access is how to try a gateway by hand.
type Access struct {
	Region string `json:"region"`
	Name   string `json:"name"`
	URL    string `json:"url"`
	Key    string `json:"key"`
}

// Access lists the gateways that are open.
func (d *Demo) Access() []Access {
	out := make([]Access, len(d.regions))
	for i, r := range d.regions {
		out[i] = r.access
	}
	return out
}

// Presentation is a valid certificate with its receipt, to try verifying with.
func (d *Demo) Presentation() (presentation string, receipt []byte, scenario string) {
	k := d.example()
	return k.sdJWT, k.receipt, scenarioOf(k.kind)
}

// Close drains the gateways and closes everything.
func (d *Demo) Close() error {
	var errs []error
	for _, r := range d.regions {
		if r.door != nil {
			errs = append(errs, r.door.Close())
		}
	}
	if d.c != nil {
		errs = append(errs, d.c.Close())
	}
	if d.identities != nil {
		errs = append(errs, d.identities.Close())
	}
	if d.cache != nil {
		d.cache.Close()
	}
	return errors.Join(errs...)
}
