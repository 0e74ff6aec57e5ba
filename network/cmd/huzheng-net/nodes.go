package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
)

const nodeHelp = `
节点名:类型.行政区划代码,例如 peer.440000、orderer.510000、ca.500000、chaincode.430000、gateway.440000。
A node is named by its kind and its region, as in peer.440000, orderer.510000, ca.500000, chaincode.430000,
gateway.440000.`

// control is a command that does one thing to nodes.
func control(o *options, use, short, done string, do func(*lifecycle.Network, context.Context, ...node.Name) error) *cobra.Command {
	return &cobra.Command{
		Use:   use + " NODE...",
		Short: short,
		Long:  short + "\n" + nodeHelp,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(n *lifecycle.Network) error {
				names := make([]node.Name, len(args))
				for i, arg := range args {
					var err error
					if names[i], err = n.Find(arg); err != nil {
						return err
					}
				}
				if err := do(n, cmd.Context(), names...); err != nil {
					return err
				}
				n.Log.Step(done, use+": done")
				return nil
			})
		},
	}
}

func start(o *options) *cobra.Command {
	return control(o, "start", "启动节点并等待就绪 · Start nodes and wait until they are ready", "已启动", (*lifecycle.Network).StartNodes)
}

func stop(o *options) *cobra.Command {
	return control(o, "stop", "正常停止节点,up 不再启动它 · End nodes in an orderly way; up will leave them stopped", "已停止", (*lifecycle.Network).StopNodes)
}

func kill(o *options) *cobra.Command {
	return control(o, "kill", "强制终止节点(模拟崩溃) · End nodes as a crash does; up will start them again", "已终止", (*lifecycle.Network).KillNodes)
}

func logs(o *options) *cobra.Command {
	var (
		lines  int
		follow bool
	)
	cmd := &cobra.Command{
		Use:   "logs NODE",
		Short: "查看节点日志 · Show a node's log",
		Long:  "查看节点日志 · Show a node's log\n" + nodeHelp,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var path string
			err := o.with(cmd, func(n *lifecycle.Network) error { // let go of before following
				name, err := n.Find(args[0])
				path = n.Files().Log(name.String())
				return err
			})
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), node.Tail(path, lines))
			if !follow {
				return nil
			}
			return followFile(cmd.Context(), cmd.OutOrStdout(), path)
		},
	}
	cmd.Flags().IntVarP(&lines, "lines", "n", 50, "末尾行数 · how many lines of its end")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "持续输出 · go on as it grows")
	return cmd
}

// followFile copies what is appended to the file at path, until it is interrupted.
func followFile(ctx context.Context, w io.Writer, path string) error {
	f, err := os.Open(path) //nolint:gosec // a node's log
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	for {
		if _, err := io.Copy(w, f); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}
