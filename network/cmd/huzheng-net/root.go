package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/progress"
)

// options are those of every command.
type options struct {
	dir   string // the network's folder
	cache string // Fabric's programs
}

func root() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "huzheng-net",
		Short: "各省共建的 Fabric 网络:启动、查看、变更 · A Fabric network of provinces: start it, look at it, change it",
		Long: `启动并管理由互不信任的各省组成的 Fabric 网络:每省各有自己的 CA、排序节点、对等节点与链码服务,全部为本机进程,不用容器。

Starts and administers a Fabric network of provinces that do not trust each other. Each has its own CA, orderer, peer and
chaincode server, all native processes, no containers. A network is a folder; its nodes run on when a command ends.`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.PersistentFlags().StringVar(&o.dir, "dir", "", "网络所在目录 · the network's folder (default: huzheng/network in the user's data folder)")
	cmd.PersistentFlags().StringVar(&o.cache, "cache", "", "Fabric 程序缓存目录 · cache of Fabric's programs (default: huzheng in the user's cache folder)")
	cmd.AddCommand(up(&o), down(&o), status(&o), auditing(&o), start(&o), stop(&o), kill(&o), logs(&o), upgradeChaincode(&o), addRegion(&o), removeRegion(&o), renew(&o), unstick(&o),
		proposing(&o), showing(&o), signing(&o), submitting(&o), rendering(&o), importing(&o), becoming(&o), binaries(&o))
	return cmd
}

// folder is the network's folder.
func (o *options) folder() (string, error) {
	if o.dir != "" {
		return o.dir, nil
	}
	if base := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "huzheng", "network"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the network (name one with --dir): %w", err)
	}
	return filepath.Join(home, ".local", "share", "huzheng", "network"), nil
}

// programs builds Fabric's programs, if need be.
func (o *options) programs(cmd *cobra.Command, log *progress.Log) (fabricbin.Programs, error) {
	cache := o.cache
	if cache == "" {
		var err error
		if cache, err = fabricbin.DefaultCache(); err != nil {
			return fabricbin.Programs{}, err
		}
	}
	return fabricbin.Ensure(cmd.Context(), cache, log)
}

// tools are what every command works with; its progress goes to standard error.
func (o *options) tools(cmd *cobra.Command) (lifecycle.Tools, error) {
	log := progress.New(cmd.ErrOrStderr(), time.Now)
	programs, err := o.programs(cmd, log)
	return lifecycle.Tools{Programs: programs, Log: log, Now: time.Now}, err
}

// with runs do on the network that is there.
func (o *options) with(cmd *cobra.Command, do func(*lifecycle.Network) error) (err error) {
	dir, err := o.folder()
	if err != nil {
		return err
	}
	if err := lifecycle.Exists(dir); err != nil { // before Fabric's programs are built in vain
		return fmt.Errorf("此处没有网络 · %w", err)
	}
	tools, err := o.tools(cmd)
	if err != nil {
		return err
	}
	n, err := lifecycle.Open(dir, tools)
	if err != nil {
		return err
	}
	defer n.Close()
	return do(n)
}

func binaries(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "binaries",
		Short: "构建并缓存 Fabric 程序,打印其目录 · Build and cache Fabric's programs, print their folder",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			programs, err := o.programs(cmd, progress.New(cmd.ErrOrStderr(), time.Now))
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), programs.Dir)
			return nil
		},
	}
}
