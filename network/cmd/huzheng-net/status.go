package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
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
	if s.Gateway != "" {
		fmt.Fprintf(w, "网关 gateway %s\n", short(s.Gateway))
	}
	var nodes table
	nodes.add("节点 NODE", "省份 REGION", "状态 STATE", "高度 HEIGHT", "版本 VERSION", "地址 ADDRESS", "内存 MiB", "证书至 EXPIRES")
	for _, n := range s.Nodes {
		height := ""
		if n.Height > 0 {
			height = strconv.FormatUint(n.Height, 10)
		}
		nodes.add(n.Name, n.Title, condition(n), height, n.Version, n.Address, memory(n.Memory), n.Expires.Format(time.DateOnly))
	}
	return nodes.write(w)
}

func memory(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return strconv.FormatInt(bytes>>20, 10)
}

func condition(n lifecycle.NodeStatus) string {
	switch {
	case n.AsksForLeader:
		return "要求更换主节点 asks for another leader"
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
	var regions table
	regions.add("省份 REGION", "高度 HEIGHT", fmt.Sprintf("区块 %d 哈希 HASH", r.Common), "配置 CONFIG", "链码 CHAINCODE", "程序 PROGRAM")
	for _, region := range r.Regions {
		if region.Error != "" {
			regions.add(region.Code, "-", region.Error)
			continue
		}
		chaincodes, programs := "", ""
		for _, d := range region.Committed {
			chaincodes += fmt.Sprintf("%s %s #%d ", d.Name, d.Version, d.Sequence)
		}
		for _, p := range region.Serves {
			programs += short(p.Digest) + " "
		}
		regions.add(region.Code, strconv.FormatUint(region.Height, 10), short(region.Common),
			fmt.Sprintf("%d %s", region.Config, short(region.ConfigHash)), chaincodes, programs)
	}
	if err := regions.write(w); err != nil {
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
