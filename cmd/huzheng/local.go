package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
)

// storeFlags say which data folder to work on in this process. A gateway that serves holds it: ask that one with --api.
type storeFlags struct {
	dir, region string
}

func (f *storeFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.dir, "data", "", "数据目录（huzheng init 所建；网关未在运行时）· data folder, while no gateway serves it")
	c.Flags().StringVar(&f.region, "as", "", "数据目录有多省时，以哪一省的网关 · which region's gateway, where there are several")
}

func (f *storeFlags) config() (*Config, error) { return readConfig(filepath.Join(f.dir, configName)) }

// gateway picks the gateway's configuration.
func (f *storeFlags) gateway(c *Config) (*GatewayConfig, error) {
	if f.region == "" && len(c.Gateways) == 1 {
		return &c.Gateways[0], nil
	}
	for i := range c.Gateways {
		if c.Gateways[i].Region == f.region {
			return &c.Gateways[i], nil
		}
	}
	return nil, usagef("--as names one of the regions of %s", filepath.Join(f.dir, configName))
}

// local is a data folder opened in this process, its gateways at work.
type local struct {
	all *consortium.Consortium
	*gateway.Gateway
}

// openLocal opens the folder and waits until the gateway knows the ledger's end.
func (a *app) openLocal(ctx context.Context, f *storeFlags) (*local, error) {
	c, err := f.config()
	if err != nil {
		return nil, err
	}
	mine, err := f.gateway(c)
	if err != nil {
		return nil, err
	}
	p, err := c.plan(slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return nil, err
	}
	all, err := consortium.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	l := &local{all: all, Gateway: all.Gateway(mine.Region)}
	if err := all.Fresh(ctx, l.Gateway); err != nil {
		return nil, errors.Join(err, all.Close())
	}
	return l, nil
}

func (l *local) close() error { return l.all.Close() }
