package attest

import (
	"os"
	"time"

	"example.org/bad/attest/merkle"
)

func init() { now = time.Now() }

var now time.Time

// Root starts what it must not.
func Root() int64 {
	go os.Getpid()
	return now.Unix() + int64(merkle.Size)
}
