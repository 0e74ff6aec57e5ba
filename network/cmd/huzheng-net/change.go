package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

func addRegion(o *options) *cobra.Command {
	var r topology.Region
	cmd := &cobra.Command{
		Use:   "add-region --code CODE --name NAME --msp ID",
		Short: "新省份加入运行中的网络 · Take a province into a network that runs",
		Long: `为新省份建立 CA 与证书,由现有各省签名更新通道配置,启动其排序节点、对等节点与链码服务。中断后再次执行即可继续。

Makes the province's CA and certificates, has the present regions sign its place in the channel, starts its orderer, peer and
chaincode server. Run it again, or up, to go on after an interruption.`,
		Example: "  huzheng-net add-region --code 520000 --name 贵州 --msp GuizhouMSP",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd, func(n *lifecycle.Network) error {
				if err := n.AddRegion(cmd.Context(), r); err != nil {
					return err
				}
				n.Log.Step(r.Name+"已加入", r.Code+" is a member")
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&r.Code, "code", "", "行政区划代码 · code of GB/T 2260, as 520000")
	cmd.Flags().StringVar(&r.Name, "name", "", "名称 · name")
	cmd.Flags().StringVar(&r.MSPID, "msp", "", "Fabric 成员 ID · MSP ID")
	cmd.Flags().StringVar(&r.Host, "host", "", "地址 · address under which the others reach it (default 127.0.0.1)")
	cmd.Flags().StringVar(&r.Listen, "listen", "", "监听地址 · address that its nodes bind (default: host)")
	cmd.Flags().IntVar(&r.PortBase, "port-base", 0, "端口起点 · where its ports are counted from (default: after the last region's)")
	for _, name := range []string{"code", "name", "msp"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func renew(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "renew HOLDER...",
		Short: "换发证书并重启相关节点 · Renew certificates, with new keys, and restart who shows them",
		Long: `换发证书(含新密钥),证书已过期也可。排序节点的证书写在通道配置中,因此先更新配置。

A holder is ca, orderer, peer, chaincode, admin or gateway with its region, as in orderer.440000. Certificates that have expired
already can be renewed. An orderer's are part of the channel's configuration, which is changed first.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(n *lifecycle.Network) error {
				for _, name := range args {
					if err := n.Renew(cmd.Context(), name); err != nil {
						return fmt.Errorf("%s: %w", name, err)
					}
					n.Log.Step("已换发 "+name, "renewed")
				}
				return nil
			})
		},
	}
}
