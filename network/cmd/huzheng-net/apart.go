package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/progress"
	"github.com/huzheng-ledger/huzheng/network/internal/render"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

func rendering(o *options) *cobra.Command {
	var (
		file   string
		target render.Target
	)
	cmd := &cobra.Command{
		Use:   "render DIR",
		Short: "为各省分别生成部署目录 · Write one folder a province, for hosts of their own",
		Long: `为每个省生成一个部署目录:配置、systemd 单元、与其他省交换什么、按什么顺序。目录中没有任何密钥,各省自行生成。

Writes one folder a province: configuration, a systemd unit, and what to exchange with the others in which order. There is no key in
any of them; each province makes its own on its own host.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := topology.Load(file)
			if err != nil {
				return err
			}
			tools, err := o.tools(cmd)
			if err != nil {
				return err
			}
			if err := render.Render(args[0], t, target, tools); err != nil {
				return err
			}
			tools.Log.Step("已生成 "+args[0], "rendered; each folder's README.md says what to do")
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "topology", "", "拓扑文件 · topology file (YAML)")
	cmd.Flags().StringVar(&target.At, "at", "/var/lib/huzheng/network", "各省主机上的目录 · where the folder will be on each host")
	cmd.Flags().StringVar(&target.Cache, "programs", "/var/cache/huzheng", "各省主机上的程序目录 · where Fabric's programs will be on each host")
	_ = cmd.MarkFlagRequired("topology")
	return cmd
}

func importing(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE...",
		Short: "导入其他省交来的公开证书、区块或已生效的配置更新 · Take in another province's public certificates, a block, or a change that the channel has",
		Long: `导入其他省交来的:公开证书(*.public.json)、创世区块(genesis.block)、联盟章程的条目与签名(*.founder.json、*.charter.sig)、新加入省所需的配置区块(config.block),或通道已生效的配置更新(*.change.json)。

Takes in what another province hands over: its public certificates (*.public.json), the genesis block (genesis.block), its entry
in the charter and its signature of it (*.founder.json, *.charter.sig), the configuration block that a region enters with which joins
later (config.block), or a change that the channel has by now (*.change.json). Each is checked against what is known here before anything of it is kept. Compare fingerprints of roots on another way.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(n *lifecycle.Network) error {
				for _, path := range args {
					done, err := n.Import(cmd.Context(), path)
					if err != nil {
						return err
					}
					printImported(cmd.OutOrStdout(), done)
				}
				return nil
			})
		},
	}
}

func printImported(w io.Writer, done lifecycle.Imported) {
	switch done.Kind {
	case lifecycle.Certificates:
	case lifecycle.Genesis:
		fmt.Fprintln(w, "创世区块与拓扑和证书相符 · the genesis block says what the topology and the certificates call for")
	case lifecycle.ConfigBlock:
		fmt.Fprintln(w, "配置区块与拓扑和本省证书相符 · the configuration block says what the topology and this region's certificates call for")
	case lifecycle.Founding:
		fmt.Fprintln(w, "已收下,用于联盟章程 · kept for the charter")
	case lifecycle.Adopted:
		fmt.Fprintln(w, "本目录已与通道一致 · this folder is in line with the channel")
	}
	for _, r := range done.Roots {
		fmt.Fprintf(w, "%s 根证书指纹 · fingerprint of the root: %s\n", r.Code, r.Fingerprint)
	}
}

// becoming is for systemd units; it keeps no lock once the node runs.
func becoming(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "run NODE",
		Short: "在前台运行一个节点(供 systemd 使用) · Become one node, in the foreground (for systemd)",
		Long:  "在前台运行一个节点(供 systemd 使用) · Become one node, in the foreground (for systemd)\n" + nodeHelp,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := o.folder()
			if err != nil {
				return err
			}
			programs, err := o.programs(cmd, progress.New(cmd.ErrOrStderr(), time.Now))
			if err != nil {
				return err
			}
			n, err := lifecycle.OpenWaiting(cmd.Context(), dir, lifecycle.Tools{Programs: programs, Now: time.Now})
			if err != nil {
				return err
			}
			defer n.Close()
			name, err := n.Find(args[0])
			if err != nil {
				return err
			}
			return n.Exec(name)
		},
	}
}
