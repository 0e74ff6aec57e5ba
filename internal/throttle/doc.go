// Package throttle bounds how often whoever is behind a key, a credential or an address, may do something.
package throttle
