// Package metrics owns Prometheus in this module: the counters, histograms and gauges of a gateway, and the page that
// serves them. There is no global registry: each gateway makes its own, so that several can live in one process.
//
// Labels come from closed sets: results, check names, codes, route templates, HTTP statuses. A raw path, an id, a name or
// anything a client chose never becomes a label, both for privacy and to keep the number of series bounded.
package metrics
