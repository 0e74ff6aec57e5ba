package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
)

func (a *app) serveCommand() *cobra.Command {
	var name string
	var example, check bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "运行网关 · run gateways and the embedded ledger",
		Long: `按配置运行内嵌账本和一省或多省的网关。日志为 JSON 行，写到标准错误。收到 SIGTERM 或 Ctrl-C 后不再接受新请求，
答完在途请求再退出；再次收到则立即退出。已确认的写入在任何时候被杀都不会丢失。
存储不再可写（如磁盘已满）时同样答完在途请求，以状态 5 退出，待重新启动。

Runs the embedded ledger and the gateways of a configuration. Logs are JSON lines on standard error. SIGTERM
drains: requests under way are answered, then it ends. What was acknowledged survives a kill at any moment.
Once a store takes nothing in any more, as on a full disk, it drains likewise and ends with status 5.`,
		Example: `  huzheng serve --config ./gd/huzheng.yaml
  huzheng serve --example > huzheng.yaml
  huzheng serve --config huzheng.yaml --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if example {
				a.printf("%s", exampleConfig)
				return nil
			}
			if name == "" {
				return usagef("--config FILE")
			}
			config, err := readConfig(name)
			if err != nil || check {
				return err
			}
			return a.serve(cmd.Context(), config)
		},
	}
	c.Flags().StringVar(&name, "config", "", "配置文件 · configuration")
	c.Flags().BoolVar(&example, "example", false, "打印带说明的配置样例 · print an example configuration")
	c.Flags().BoolVar(&check, "check", false, "只检查配置 · check the configuration only")
	return c
}

func (a *app) serve(ctx context.Context, config *Config) error {
	logger := slog.New(slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: config.Log.Level}))
	plan, err := config.plan(logger)
	if err != nil {
		return err
	}
	defer consortium.Tune(a.getenv)()
	c, err := consortium.Open(ctx, plan)
	if err != nil {
		return err
	}
	err = serveAll(ctx, config, c, storesOf(c), logger)
	logger.Info("closing the stores")
	closing := c.Close()
	if err != nil && attest.CodeOf(closing) == attest.CodeOf(err) {
		closing = nil // a store that has failed says so once more
	}
	return errors.Join(err, closing)
}

// serveAll listens for every gateway and returns once all have drained: because ctx is done, or because one of the stores
// takes nothing in any more, which is the error then. Where one gateway cannot listen none serves.
func serveAll(ctx context.Context, config *Config, c *consortium.Consortium, stores []watched, logger *slog.Logger) error {
	listeners := make([]net.Listener, 0, len(config.Gateways))
	for i := range config.Gateways {
		l, err := listen(ctx, &config.Gateways[i])
		if err != nil {
			for _, l := range listeners {
				err = errors.Join(err, l.Close())
			}
			return err
		}
		listeners = append(listeners, l)
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, l := range listeners {
		g := c.Gateways[i]
		logger.Info("serving", "region", g.Region(), "address", l.Addr().String(), "tls", config.Gateways[i].TLS.Key != "")
		group.Go(func() error { return g.Serve(ctx, l) })
	}
	group.Go(func() error { return watchStores(ctx, stores, logger) })
	return group.Wait()
}

func listen(ctx context.Context, g *GatewayConfig) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", g.Listen)
	if err != nil {
		return nil, &unreachableError{fmt.Errorf("region %s: %w", g.Region, err)}
	}
	if g.TLS.Key == "" {
		return l, nil
	}
	certificate, err := tls.LoadX509KeyPair(g.TLS.Certificate, g.TLS.Key)
	if err != nil {
		return nil, errors.Join(&configError{fmt.Errorf("region %s: tls: %w", g.Region, err)}, l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"}}), nil
}
