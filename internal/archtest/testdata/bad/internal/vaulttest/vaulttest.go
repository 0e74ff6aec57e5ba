package vaulttest

// Size is not the problem.
const Size = 1
