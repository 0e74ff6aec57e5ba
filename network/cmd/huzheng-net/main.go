// Command huzheng-net starts, watches and changes a Fabric network of provinces that do not trust each other: native processes,
// no containers, one topology file.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/huzheng-ledger/huzheng/network/internal/builder"
)

// version is set when the program is built.
var version = "development"

func main() { os.Exit(run()) }

func run() int {
	// A peer runs this program, under another name, as its chaincode builder.
	if meant, err := builder.Run(os.Args, os.Getenv); meant {
		return exitCode(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exitCode(root().ExecuteContext(ctx))
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "huzheng-net: %v\n", err)
	return 1
}
