package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

func up(o *options) *cobra.Command {
	var (
		file    string
		cc      lifecycle.Chaincode
		gateway string
		replace bool
	)
	cmd := &cobra.Command{
		Use:   "up",
		Short: "启动网络;中断后再次执行即可继续 · Start the network; run it again to go on after an interruption",
		Long: `按拓扑文件启动网络:构建程序、各省签发证书、生成创世区块、启动节点、加入通道、安装并提交链码、启动网关。已有的网络保留数据,只补齐缺少的部分。

Starts the network that a topology file describes. A network that is there keeps its data, and only what is missing is done:
nodes that run are left alone, nodes that ended are started, nodes that "stop" has stopped stay stopped. Without a topology it is
four provinces on the loopback, ordering with SmartBFT.`,
		Example: "  huzheng-net up --chaincode bin/chaincode --gateway bin/huzheng\n  huzheng-net up --topology provinces.yaml --dir /srv/huzheng",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted, err := wantedTopology(file)
			if err != nil {
				return err
			}
			programs := lifecycle.Wanted{Gateway: gateway}
			if cc.Program != "" {
				programs.Chaincode = &cc
			}
			return bringUp(cmd, o, wanted, programs, replace)
		},
	}
	cmd.Flags().StringVar(&file, "topology", "", "拓扑文件 · topology file (YAML)")
	cmd.Flags().StringVar(&cc.Program, "chaincode", "", "链码服务程序 · the chaincode server's program")
	cmd.Flags().StringVar(&cc.Version, "chaincode-version", "", "链码版本 · its version (default: the beginning of the program's SHA-256)")
	cmd.Flags().StringVar(&gateway, "gateway", "", "网关程序;换一程序即逐省重启 · the gateways' program; another one than before restarts them, one after the other")
	cmd.Flags().BoolVar(&replace, "replace", false, "先删除已有网络及其数据 · first remove a network that is there, with its data")
	return cmd
}

func wantedTopology(file string) (*topology.Topology, error) {
	if file == "" {
		return nil, nil
	}
	t, err := topology.Load(file)
	return &t, err
}

func bringUp(cmd *cobra.Command, o *options, wanted *topology.Topology, programs lifecycle.Wanted, replace bool) error {
	if replace {
		if err := remove(cmd, o); err != nil {
			return err
		}
	}
	dir, err := o.folder()
	if err != nil {
		return err
	}
	tools, err := o.tools(cmd)
	if err != nil {
		return err
	}
	n, err := lifecycle.OpenOrCreate(dir, wanted, tools)
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.Up(cmd.Context(), programs); err != nil {
		return err
	}
	tools.Log.Step("网络已就绪: "+n.Files().Dir, "the network is ready")
	return writeAccess(cmd.OutOrStdout(), n.Files(), n.Access())
}

// endStrays ends nodes that outlived their folder. Where there are none either, there was nothing to take down, which none says.
func endStrays(cmd *cobra.Command, o *options, none error) error {
	dir, err := o.folder()
	if err != nil {
		return err
	}
	count, err := lifecycle.EndStrays(cmd.Context(), dir)
	if err != nil || count > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "已终止 %d 个失去目录的节点 · ended %d nodes whose folder is gone\n", count, count)
		return err
	}
	return none
}

// remove wipes the network that is there, if one is.
func remove(cmd *cobra.Command, o *options) error {
	err := o.with(cmd, func(n *lifecycle.Network) error { return n.Down(cmd.Context(), true) })
	if errors.Is(err, lifecycle.ErrNone) {
		return nil
	}
	return err
}

func down(o *options) *cobra.Command {
	var wipe bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "停止全部节点;--wipe 同时删除数据 · End every node; --wipe removes the data as well",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := o.with(cmd, func(n *lifecycle.Network) error {
				if err := n.Down(cmd.Context(), wipe); err != nil {
					return err
				}
				n.Log.Step("网络已停止", "the network is down")
				return nil
			})
			if errors.Is(err, lifecycle.ErrNone) {
				return endStrays(cmd, o, err)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&wipe, "wipe", false, fmt.Sprintf("%s · %s", "删除网络及其数据", "remove the network and its data"))
	return cmd
}
