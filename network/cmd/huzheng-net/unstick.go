package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
)

func unstick(o *options) *cobra.Command {
	var end bool
	cmd := &cobra.Command{
		Use:   "unstick",
		Short: "重启独自要求更换主节点的排序节点 · Restart orderers that ask alone for another leader",
		Long: `排序节点被隔断后会独自要求更换主节点,且不会自行撤回:此后它等于一个失效的排序节点,直到重启。没有这样的节点时什么也不做。

An orderer that was cut off asks alone for another leader and does not take that back by itself: from then on it counts as one that
has failed, until it is restarted. Where no local orderer does, nothing is done. up, renew and upgrade-chaincode look for it, too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := o.with(cmd, func(n *lifecycle.Network) error {
				found, err := n.Unstick(cmd.Context(), end)
				if err == nil && found {
					n.Log.Step("已处理", "done")
				}
				return err
			})
			if end && errors.Is(err, lifecycle.ErrBusy) {
				return nil // there is a next time
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&end, "end", false, "只终止,由 systemd 等重新启动;供定时器使用 · only end them: systemd or whoever keeps the nodes starts them again; for a timer")
	return cmd
}
