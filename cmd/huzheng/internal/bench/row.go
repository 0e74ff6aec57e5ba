package bench

import (
	"slices"
	"time"
)

// Row is one figure beside its promise.
type Row struct {
	Name    string  `json:"name"`
	Zh      string  `json:"zh"`
	En      string  `json:"en"`
	Unit    string  `json:"unit"`
	Promise float64 `json:"promise,omitempty"` // zero: none, the figure explains another one
	AtMost  bool    `json:"at_most"`           // the promise is an upper bound
	Reached float64 `json:"reached"`
	Note    string  `json:"note,omitempty"`
}

// Margin is how many times better than promised; below 1 the promise is not kept. Where nothing is promised it is 1.
func (r *Row) Margin() float64 {
	if r.Promise == 0 {
		return 1
	}
	if r.AtMost {
		return r.Promise / max(r.Reached, 1e-9)
	}
	return r.Reached / r.Promise
}

// Kept reports whether the promise is kept.
func (r *Row) Kept() bool { return r.Margin() >= 1 }

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

// quantile is the smallest value that at least the share q of the values does not exceed. It sorts the values.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(q*float64(len(values))))]
}
