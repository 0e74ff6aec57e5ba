// Command chaincode is a region's chaincode server: the registry's rules, which the region's own peer calls over mutual TLS
// (Fabric documentation, "Running chaincode as an external service"). It holds no state and no secret but its TLS key; any
// number may run.
//
// Every setting is a flag or the environment variable named beside it (`chaincode -help`).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	config, err := configure(os.Args[1:], os.Getenv)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, config, log); err != nil {
		log.Error("the chaincode server has ended", "error", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}
