// Package loadgen asks a gateway over HTTP as cheaply as can be, for measurements in which the load shares the machine with what is
// measured: connections that are kept and used again, requests written in one piece, answers read into one buffer. It is no client for anything
// else: no proxies, no redirects, no TLS.
package loadgen
