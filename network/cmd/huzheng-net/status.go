package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/audit"
	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
)

// errDiffer makes the command fail after its answer has been printed.
var errDiffer = errors.New("各省节点不一致 · the regions' peers differ")

func status(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "列出各节点:运行、版本、高度、证书有效期 · List the nodes: running, version, height, certificate expiry",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd, func(n *lifecycle.Network) error {
				s, err := n.Status(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return writeJSON(cmd.OutOrStdout(), s)
				}
				return writeStatus(cmd.OutOrStdout(), s)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出 · write JSON")
	return cmd
}

func writeStatus(w io.Writer, s lifecycle.Status) error {
	fmt.Fprintf(w, "通道 channel %s · %s · Fabric %s · %s\n", s.Channel, s.Consensus, s.Release, s.Dir)
	if c := s.Chaincode; c != nil {
		fmt.Fprintf(w, "链码 chaincode %s %s (序号 sequence %d)\n", c.Name, c.Version, c.Sequence)
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "节点 NODE\t状态 STATE\t高度 HEIGHT\t版本 VERSION\t地址 ADDRESS\t内存 MiB\t证书至 EXPIRES")
	for _, n := range s.Nodes {
		height := ""
		if n.Height > 0 {
			height = strconv.FormatUint(n.Height, 10)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n",
			n.Name, condition(n), height, n.Version, n.Address, n.Memory>>20, n.Expires.Format(time.DateOnly))
	}
	return table.Flush()
}

func condition(n lifecycle.NodeStatus) string {
	switch {
	case n.Ready:
		return "就绪 ready"
	case n.Running:
		return "未就绪 not ready: " + n.Problem
	case n.Stopped:
		return "已停止 stopped"
	}
	return "未运行 down"
}

func auditing(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "并列核对各省节点:高度、区块哈希、链码、通道配置 · Compare every region's peer: height, block hash, chaincode, configuration",
		Long: `逐一询问各省的对等节点并并列比较。不一致时命令以非零状态结束。

Asks every region's peer for the same things and lays the answers side by side: the height of the chain, the hash of the highest
block that all have, the channel's configuration, the chaincode that is committed and the program that serves it. Fails if they differ
or one does not answer.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd, func(n *lifecycle.Network) error {
				report, err := n.Audit(cmd.Context())
				if err != nil {
					return err
				}
				if err := writeAudit(cmd.OutOrStdout(), report, asJSON); err != nil {
					return err
				}
				if len(report.Problems) > 0 {
					return errDiffer
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出 · write JSON")
	return cmd
}

func writeAudit(w io.Writer, r audit.Report, asJSON bool) error {
	if asJSON {
		return writeJSON(w, r)
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "省份 REGION\t高度 HEIGHT\t区块 %d 哈希 HASH\t配置 CONFIG\t链码 CHAINCODE\t程序 PROGRAM\n", r.Common)
	for _, region := range r.Regions {
		if region.Error != "" {
			fmt.Fprintf(table, "%s\t-\t%s\n", region.Code, region.Error)
			continue
		}
		chaincodes, programs := "", ""
		for _, d := range region.Committed {
			chaincodes += fmt.Sprintf("%s %s #%d ", d.Name, d.Version, d.Sequence)
		}
		for _, p := range region.Serves {
			programs += short(p.Digest) + " "
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%d %s\t%s\t%s\n",
			region.Code, region.Height, short(region.Common), region.Config, short(region.ConfigHash), chaincodes, programs)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, p := range r.Problems {
		fmt.Fprintln(w, "! "+p)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(w, "各省一致 · all agree")
	}
	return nil
}

func short(hash string) string { return hash[:min(len(hash), 12)] }

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
