package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
)

func proposing(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "propose",
		Short: "提出通道配置更新,供各省签名 · Propose a change of the channel, for the others to sign",
		Long: `把通道配置更新写成一个文件。各省用 show 查看、sign 签名;过半数签名后由任何一省 submit。

Writes a change of the channel's configuration into one file. Every province looks at it (show) and signs it (sign), on copies if they
like; once a majority has, any of them submits it (submit). Nobody needs another's keys.`,
	}
	kind := func(use, short string, args cobra.PositionalArgs, propose func(*lifecycle.Network, *cobra.Command, []string) (lifecycle.Review, string, error)) {
		cmd.AddCommand(&cobra.Command{
			Use: use, Short: short, Args: args,
			RunE: func(cmd *cobra.Command, args []string) error {
				return o.with(cmd, func(n *lifecycle.Network) error {
					review, path, err := propose(n, cmd, args)
					if err != nil {
						return err
					}
					printReview(cmd.OutOrStdout(), review)
					fmt.Fprintln(cmd.OutOrStdout(), path)
					return nil
				})
			},
		})
	}
	kind("add-region CODE.public.json", "新省份加入 · A province joins; the file is what its own up has written", cobra.ExactArgs(1),
		func(n *lifecycle.Network, cmd *cobra.Command, args []string) (lifecycle.Review, string, error) {
			return n.ProposeJoin(cmd.Context(), args[0])
		})
	kind("remove-region CODE", "省份退出 · A province leaves", cobra.ExactArgs(1),
		func(n *lifecycle.Network, cmd *cobra.Command, args []string) (lifecycle.Review, string, error) {
			return n.ProposeLeave(cmd.Context(), args[0])
		})
	kind("renew orderer.CODE", "本省排序节点换发证书 · Our orderer has new certificates", cobra.ExactArgs(1),
		func(n *lifecycle.Network, cmd *cobra.Command, args []string) (lifecycle.Review, string, error) {
			code, ok := strings.CutPrefix(args[0], "orderer.")
			if !ok {
				return lifecycle.Review{}, "", fmt.Errorf("%s: the channel knows orderers' certificates alone; huzheng-net renew does the rest", args[0])
			}
			return n.ProposeRenewal(cmd.Context(), code)
		})
	kind("again FILE", "重提已过时的提案 · Propose anew what has become stale", cobra.ExactArgs(1),
		func(n *lifecycle.Network, cmd *cobra.Command, args []string) (lifecycle.Review, string, error) {
			return n.ProposeAgain(cmd.Context(), args[0])
		})
	return cmd
}

func showing(o *options) *cobra.Command {
	return o.reviewing("show FILE...", "查看提案将改变什么、谁已签名 · Show what a proposal would change, and who has signed",
		`内容由本省对等节点所见的通道重新推导,不取信文件中的说明;两者不符即拒绝。

What is shown follows from the update itself and the channel as our own peer knows it; a file that says something else is refused.`,
		func(n *lifecycle.Network, cmd *cobra.Command, args []string) (lifecycle.Review, error) {
			return n.Review(cmd.Context(), args...)
		})
}

func signing(o *options) *cobra.Command {
	cmd := o.reviewing("sign FILE", "以本省管理员身份签名 · Sign a proposal as our region's administrator, in the file itself",
		"先重新推导并核对,再签名。 · Checks as show does, and then adds the signature to the file.",
		func(n *lifecycle.Network, cmd *cobra.Command, args []string) (lifecycle.Review, error) {
			return n.Sign(cmd.Context(), args[0])
		})
	cmd.Args = cobra.ExactArgs(1)
	return cmd
}

func submitting(o *options) *cobra.Command {
	return o.reviewing("submit FILE...", "过半数签名后提交,并更新本目录 · Submit a proposal that a majority has signed, and follow it here",
		`可给出同一提案的多份副本,签名合并计算。再次执行无害:通道已生效时只更新本目录。

Takes copies of one proposal, and the signatures of all. Running it again does no harm: where the channel has the change by now, only this
folder is brought in line with it.`,
		func(n *lifecycle.Network, cmd *cobra.Command, args []string) (lifecycle.Review, error) {
			review, err := n.Submit(cmd.Context(), args...)
			review.Done = review.Done || err == nil
			return review, err
		})
}

// reviewing is a command that ends with showing a proposal.
func (o *options) reviewing(use, short, long string, do func(*lifecycle.Network, *cobra.Command, []string) (lifecycle.Review, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: short + "\n\n" + long, Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(n *lifecycle.Network) error {
				review, err := do(n, cmd, args)
				if err != nil {
					return err
				}
				printReview(cmd.OutOrStdout(), review)
				return nil
			})
		},
	}
}

func printReview(w io.Writer, r lifecycle.Review) {
	fmt.Fprintf(w, "通道 · channel %s, 配置 · configuration %d\n", r.Present.Channel, r.Present.Sequence)
	for _, line := range r.Words {
		fmt.Fprintln(w, line)
	}
	if r.Done {
		fmt.Fprintln(w, "已生效 · the channel has it")
		return
	}
	fmt.Fprintf(w, "已签名 · signed: %d/%d (%s)\n", len(r.Signed), r.Needed, strings.Join(r.Signed, ", "))
	if !r.Enough() {
		fmt.Fprintf(w, "还需其中 %d 省 · %d more of these: %s\n", r.Needed-len(r.Signed), r.Needed-len(r.Signed), strings.Join(r.Missing, ", "))
	}
}

func removeRegion(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "remove-region CODE",
		Short: "省份退出(各省密钥都在本机时) · A province leaves, where the keys of all are here",
		Long: `先从通道配置中移除,再停止其节点;其目录保留。各省分主机部署时用 propose remove-region。

Takes it out of the channel, then ends its nodes; its folder stays. On hosts apart: propose remove-region.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(n *lifecycle.Network) error {
				if err := n.RemoveRegion(cmd.Context(), args[0]); err != nil {
					return err
				}
				n.Log.Step(args[0]+" 已退出", "it is no member any more")
				return nil
			})
		},
	}
}
