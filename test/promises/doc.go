// Package promises tests what docs/promises.md promises of the system as a whole, where no package alone can keep it:
// real gateways over one ledger, spoken to over HTTP, their stores taken apart afterwards.
package promises
