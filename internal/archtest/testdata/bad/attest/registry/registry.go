package registry

import "maps"

type state map[string]int

// Sum depends on the order three times and is excused once.
func Sum(m state) (n int) {
	for range m {
		n = 2*n + 1
	}
	for k := range maps.Keys(m) {
		n += len(k)
	}
	for _, v := range m { // ordered: addition does not care
		n += v
	}
	for _, v := range m { // ordered:
		n -= v
	}
	for _, v := range []int{1} {
		n += v
	}
	return n
}

// Half is not the same on every processor.
func Half(n int) int { return int(float64(n) * 0.5) }
