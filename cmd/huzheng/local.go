package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
)

// storeFlags say which data folder to work on in this process. A gateway that serves holds it: ask that one with --api.
type storeFlags struct {
	dir, file, region string
	command           *cobra.Command
}

func (f *storeFlags) register(c *cobra.Command) {
	f.command = c
	c.Flags().StringVar(&f.dir, "data", "", "数据目录（huzheng init 所建；网关未在运行时）· data folder, while no gateway serves it")
	f.registerRegion(c)
}

// registerFile is register for a command that is given the configuration itself.
func (f *storeFlags) registerFile(c *cobra.Command) {
	f.command = c
	c.Flags().StringVar(&f.file, "config", "", "网关的配置文件（网关未在运行时）· the gateway's configuration, while it does not serve")
	f.registerRegion(c)
}

func (f *storeFlags) registerRegion(c *cobra.Command) {
	c.Flags().StringVar(&f.region, "as", "", "数据目录有多省时，以哪一省的网关 · which region's gateway, where there are several")
}

// lookFlags say where to look something up: at a gateway, or in a data folder that none serves.
type lookFlags struct {
	remote remoteFlags
	store  storeFlags
}

func (f *lookFlags) register(c *cobra.Command) {
	f.remote.register(c)
	f.store.register(c)
	c.MarkFlagsMutuallyExclusive("api", "data")
	c.MarkFlagsOneRequired("api", "data")
}

// registerFile is register for a command that is given the configuration itself.
func (f *lookFlags) registerFile(c *cobra.Command) {
	f.remote.register(c)
	f.store.registerFile(c)
	c.MarkFlagsMutuallyExclusive("api", "config")
	c.MarkFlagsOneRequired("api", "config")
}

func (f *storeFlags) config() (*Config, error) { return readConfig(f.name()) }

// name is the configuration's file.
func (f *storeFlags) name() string {
	if f.file != "" {
		return f.file
	}
	return filepath.Join(f.dir, configName)
}

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
	return nil, usagef("--as names one of the regions of %s", f.name())
}

// whoHolds adds to the error of a store that another process has open what can be done about it.
func (f *storeFlags) whoHolds(err error) error {
	if attest.CodeOf(err) != attest.CodeStoreLocked {
		return err
	}
	hint := "网关或另一命令正占用该目录：先停止网关 · a gateway or another command has the folder open: stop it first"
	if f.command.Flags().Lookup("api") != nil {
		hint += "，或用 --api 向运行中的网关提出 · or ask the running gateway with --api"
	}
	return attest.Errorf(attest.CodeStoreLocked, "%s; %s", filepath.Dir(f.name()), hint)
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
		return nil, f.whoHolds(err)
	}
	l := &local{all: all, Gateway: all.Gateway(mine.Region)}
	if err := all.Fresh(ctx, l.Gateway); err != nil {
		return nil, errors.Join(err, all.Close())
	}
	return l, nil
}

func (l *local) close() error { return l.all.Close() }
