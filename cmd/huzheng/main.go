// Command huzheng is a region's gateway to the mutual certification ledger, and the tools around it: founding a ledger,
// issuing from tables, verifying with and without a network, and looking after the stores.
//
// Every subcommand prints for people, or one JSON document with --json; progress and logs go to standard error. What a
// run came to is its exit status: see exit.go.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
)

func main() { os.Exit(start()) }

func start() int {
	// The first signal asks for an orderly end; a second one finds the default behaviour and ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	colour := term.IsTerminal(int(os.Stdout.Fd())) && terminal.WantsColour(os.Getenv)
	a := &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv,
		palette:  terminal.Palette{Colour: colour},
		progress: term.IsTerminal(int(os.Stderr.Fd())),
	}
	return a.run(ctx, os.Args[1:])
}
