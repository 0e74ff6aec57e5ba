// Package interop has an implementation of SD-JWT that is none of ours verify the certificates of a demonstration:
// @sd-jwt/core of the OpenWallet Foundation, pinned in package.json and its lock file, run by Node.js. Where Node.js is
// absent, or its packages cannot be fetched, the test says so and is skipped.
package interop
