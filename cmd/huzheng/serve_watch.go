package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
)

// watchEvery is how often the stores are asked whether they still take something in. They refuse every write from the moment
// of the fault on; asking only decides how soon the process makes room for the next one.
const watchEvery = time.Second

// watched is a store that serve depends on.
type watched struct {
	name string
	err  func() error // why it takes nothing in any more; nil while it does
}

// storesOf are the ledger, where it lies in this process, and every gateway's vault.
func storesOf(c *consortium.Consortium) []watched {
	list := []watched{{"ledger", c.LedgerErr}}
	for _, g := range c.Gateways {
		list = append(list, watched{"vault " + g.Region(), g.Vault().Err})
	}
	return list
}

// watchStores returns why a store takes nothing in any more, under a STORE code, as soon as one does not: what is on its
// disk is known only once it is opened again, so that whoever supervises the process has to start it anew. It returns nil
// once ctx is done.
func watchStores(ctx context.Context, stores []watched, logger *slog.Logger) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		for _, s := range stores {
			err := s.err()
			if err == nil || ctx.Err() != nil {
				continue
			}
			code := attest.CodeOf(err)
			if code == attest.CodeInternal {
				code = attest.CodeStoreFailed
			}
			logger.Error("a store takes nothing in any more: draining, then ending, to be started again", "store", s.name,
				"code", code, "error", err)
			return attest.Errorf(code, "%s: %s", s.name, detailOf(err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
