package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
)

func upgradeChaincode(o *options) *cobra.Command {
	var (
		cc            lifecycle.Chaincode
		again, commit bool
	)
	cmd := &cobra.Command{
		Use:   "upgrade-chaincode --chaincode PROGRAM",
		Short: "各省升级链码,期间不中断 · Bring another chaincode to every region, without a pause",
		Long: `在另一槽位启动新的链码服务,各省安装并批准,提交新定义后停止旧服务。中断后再次执行即可继续。
各省分主机部署时,每省在自己的主机上执行:只为本省安装并批准,并说明还缺谁;最后批准的一省提交,或过半数后用 --commit 提交。

Starts the new servers beside the present ones, installs and approves in every region, commits the new definition, and only then
ends the former servers. Run it again, or up, to go on after an interruption. Where every region has a host of its own, each runs it
on its own: it installs and approves for that region alone and says who is missing. The last to approve commits; with --commit, whoever
comes once a majority has approved. --again defines the present chaincode anew, under the next sequence: the way out for a region whose
only peer has lost its ledger, and its approval with it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (cc.Program == "") != again {
				return errors.New("either --chaincode PROGRAM or --again is needed")
			}
			return o.with(cmd, func(n *lifecycle.Network) error { return upgradeIn(cmd, n, cc, again, commit) })
		},
	}
	cmd.Flags().StringVar(&cc.Program, "chaincode", "", "新的链码服务程序 · the new chaincode server's program")
	cmd.Flags().StringVar(&cc.Version, "chaincode-version", "", "链码版本 · its version (default: the beginning of the program's SHA-256)")
	cmd.Flags().BoolVar(&again, "again", false, "以新序号重新定义现用链码 · define the present chaincode anew, under the next sequence")
	cmd.Flags().BoolVar(&commit, "commit", false, "过半数省批准即提交 · commit once a majority of regions has approved")
	return cmd
}

func upgradeIn(cmd *cobra.Command, n *lifecycle.Network, cc lifecycle.Chaincode, again, commit bool) error {
	switch {
	case n.Apart():
		named := &cc
		if again {
			named = nil
		}
		u, err := n.UpgradeApart(cmd.Context(), named, again, commit)
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), u)
		return nil
	case again:
		return n.Redefine(cmd.Context())
	}
	return n.UpgradeChaincode(cmd.Context(), cc)
}
