package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Options say how thoroughly is measured.
type Options struct {
	Quick  bool
	Suite  attest.Suite
	Logger *slog.Logger
	// Step hears what is being measured.
	Step func(name string)
}

// size is how much of everything there is.
type size struct {
	certificates int
	commitments  int
	during       time.Duration
}

func (o *Options) size() size {
	if o.Quick {
		return size{certificates: 8192, commitments: 200_000, during: time.Second}
	}
	return size{certificates: 40_960, commitments: 1_000_000, during: 5 * time.Second}
}

// Run measures everything in a folder of its own, which it removes. Rows that were measured before an error are returned
// with it.
func Run(ctx context.Context, o Options) (rows []*Row, err error) {
	dir, err := os.MkdirTemp("", "huzheng-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := newWorld(ctx, dir, o.Suite, o.Logger)
	if err != nil {
		return nil, err
	}
	m := &measuring{o: &o, s: o.size(), w: w}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"issue", m.issue}, {"verify", m.verify}, {"http", m.http}, {"anchor", m.anchor}, {"growth", m.growth}, {"chain", m.chain},
	} {
		o.Step(step.name)
		if err = step.run(ctx); err != nil {
			err = fmt.Errorf("%s: %w", step.name, err)
			break
		}
	}
	return m.rows, errors.Join(err, w.close())
}

type measuring struct {
	o     *Options
	s     size
	w     *world
	rows  []*Row
	shown []presented
	early pace // of verdicts with few leaves on the ledger
}

func (m *measuring) add(rows ...*Row) { m.rows = append(m.rows, rows...) }

// presentations is how many different ones are verified, in turn.
const presentations = 256

func (m *measuring) issue(ctx context.Context) error {
	row, issued, err := m.w.issue(ctx, m.s.certificates)
	if err != nil {
		return err
	}
	m.add(row)
	if m.shown, err = m.w.present(ctx, issued[:presentations]); err != nil {
		return err
	}
	return m.w.c.Agreed(ctx, m.w.relying)
}

func (m *measuring) verify(ctx context.Context) error {
	rows, err := m.w.judge(m.shown, m.s.during)
	if err != nil {
		return err
	}
	m.add(rows...)
	if m.early, err = m.w.judgeBest(m.shown, false, m.s.during); err != nil {
		return err
	}
	row, err := m.w.receipted(ctx, m.shown, int(m.s.during.Seconds()*4000))
	m.add(row)
	return err
}

func (m *measuring) http(ctx context.Context) error {
	row, err := m.w.throughput(ctx, m.shown, m.s.during)
	if err != nil {
		return err
	}
	m.add(row)
	row, err = m.w.latency(ctx, m.shown, m.s.during)
	if err == nil {
		m.add(row)
	}
	return err
}

func (m *measuring) anchor(ctx context.Context) error {
	row, err := m.w.anchor(ctx, m.s.commitments)
	if err == nil {
		m.add(row)
	}
	return err
}

// growth compares verifying with the ledger that has grown by the ready commitments with verifying before, each counted in
// bare signature checks of the same moments.
func (m *measuring) growth(ctx context.Context) error {
	if err := m.w.c.Agreed(ctx, m.w.relying); err != nil {
		return err
	}
	late, err := m.w.judgeBest(m.shown, false, m.s.during)
	if err != nil {
		return err
	}
	m.add(&Row{Name: "growth", Zh: "账本增大后核验用时之比", En: "time to verify with a large ledger against a small one", Unit: "×",
		Promise: 1.3, AtMost: true, Reached: late.cost() / m.early.cost(),
		Note: fmt.Sprintf("%d against %d leaves on the ledger; a verdict takes %.2f signature checks", m.s.certificates+m.s.commitments, m.s.certificates, late.cost())})
	return nil
}

func (m *measuring) chain(ctx context.Context) error {
	row, err := m.w.chain(ctx)
	if err == nil {
		m.add(row)
	}
	return err
}
