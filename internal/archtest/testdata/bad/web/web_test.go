package web

import (
	"testing"
	"time"
)

func TestNothing(t *testing.T) {
	time.Sleep(time.Second)
	if testing.Short() {
		t.Skip()
	}
	if testing.Verbose() {
		t.Skip(" ")
	}
	t.Skip("with a reason")
}
