package main

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
)

func (a *app) agreementCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "agreement",
		Short: "互认协议：查看、提出、批准、退出 · list, propose, approve, withdraw agreements",
		Long: `互认协议写明：哪些省签发的哪些类型的证照，在哪些省办理哪些事项时，按什么条件认可。各方都批准后生效；任何一方可提前通知退出。

An agreement says whose certificates of which types are recognised where, for which items, on which
conditions. It is in force once every party has approved it; any party withdraws with notice.`,
		Example: `  huzheng agreement list --api https://gw.example
  huzheng agreement propose terms.json --api https://gw.example --key @govern.key`,
	}
	c.AddCommand(a.agreementList(), a.agreementPropose(), a.agreementApprove(), a.agreementWithdraw())
	return c
}

func (a *app) agreementList() *cobra.Command {
	var remote remoteFlags
	c := &cobra.Command{
		Use: "list", Short: "列出账本上的互认协议 · every agreement on the ledger", Args: cobra.NoArgs,
		Example: "  huzheng agreement list --api http://127.0.0.1:8440 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := remote.open(a.getenv)
			if err != nil {
				return err
			}
			res, err := api.ListAgreementsWithResponse(cmd.Context())
			if err := settled(res, err); err != nil {
				return err
			}
			return a.emit(res.JSON200, func() error { return a.printAgreements(res.JSON200.Agreements) })
		},
	}
	remote.register(c)
	return c
}

func (a *app) printAgreements(list []client.Agreement) error {
	t := terminal.Table{Columns: []terminal.Column{{Title: "协议"}, {Title: "签发"}, {Title: "认可"}, {Title: "类型"},
		{Title: "事项", Max: 40}, {Title: "状态"}, {Title: "批准"}}}
	for i := range list {
		g := &list[i]
		t.AddText(g.ID+"/"+strconv.Itoa(int(g.Version)), strings.Join(g.Issuers, ","), strings.Join(g.Relying, ","),
			strconv.Itoa(len(g.Types)), strings.Join(g.Scenarios, "、"), agreementState(g), strings.Join(g.Approved, ","))
	}
	return t.Write(a.out, a.palette)
}

func agreementState(g *client.Agreement) string {
	switch attest.AgreementState(g.State) {
	case attest.AgreementInForce:
		return "生效 in force"
	case attest.AgreementWithdrawn:
		return "退出 ends " + time.Unix(g.Ends, 0).UTC().Format(time.DateOnly)
	default:
		return "待批准 proposed"
	}
}

func (a *app) printAgreement(g *client.Agreement) error {
	return a.emit(g, func() error {
		a.printf("%s/%d  %s\n", g.ID, g.Version, agreementState(g))
		a.printf("批准时须给出的摘要 · digest to approve: %s\n", g.Digest)
		return nil
	})
}

// operationKey names one run's write. A run that is repeated by hand is another operation; the rules know what stands.
func operationKey() client.IdempotencyKey {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}

func (a *app) agreementPropose() *cobra.Command {
	var remote remoteFlags
	c := &cobra.Command{
		Use: "propose FILE.json", Short: "提出一版互认协议 · propose a version", Args: cobra.ExactArgs(1),
		Long: `文件内容与接口 POST /v1/agreements 相同。提出即视为本省批准。

The file is the body of POST /v1/agreements. Proposing counts as this region's approval.`,
		Example: `  cat terms.json
  {"id":"yue-chuan-1","version":1,"issuers":["440000"],"relying":["510000"],"types":["11100000000013338W001"],
   "scenarios":["工业产品生产许可证"],"conditions":{"disclose":["certificateHolderName"]},"from":1767225600}
  huzheng agreement propose terms.json --api https://gw.example --key @govern.key`,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := remote.open(a.getenv)
			if err != nil {
				return err
			}
			file, err := os.Open(args[0])
			if err != nil {
				return usagef("%w", err)
			}
			defer func() { _ = file.Close() }()
			res, err := api.ProposeAgreementWithBodyWithResponse(cmd.Context(),
				&client.ProposeAgreementParams{IdempotencyKey: operationKey()}, "application/json", file)
			if err := settled(res, err); err != nil {
				return err
			}
			return a.printAgreement(res.JSON201)
		},
	}
	remote.register(c)
	return c
}

func (a *app) agreementApprove() *cobra.Command {
	var remote remoteFlags
	var digest string
	c := &cobra.Command{
		Use: "approve ID VERSION", Short: "批准 · approve what was proposed", Args: cobra.ExactArgs(2),
		Example: "  huzheng agreement approve yue-chuan-1 1 --digest n4bQ… --api https://gw.example --key @govern.key",
		RunE: func(cmd *cobra.Command, args []string) error {
			api, version, err := a.agreementTarget(&remote, args[1])
			if err != nil {
				return err
			}
			res, err := api.ApproveAgreementWithResponse(cmd.Context(), args[0], version,
				&client.ApproveAgreementParams{IdempotencyKey: operationKey()}, client.AgreementApproval{Digest: digest})
			if err := settled(res, err); err != nil {
				return err
			}
			return a.printAgreement(res.JSON200)
		},
	}
	remote.register(c)
	c.Flags().StringVar(&digest, "digest", "", "所读提案的摘要 · digest of the proposal that was read")
	_ = c.MarkFlagRequired("digest")
	return c
}

func (a *app) agreementWithdraw() *cobra.Command {
	var remote remoteFlags
	var ends string
	c := &cobra.Command{
		Use: "withdraw ID VERSION", Short: "通知退出 · withdraw with notice", Args: cobra.ExactArgs(2),
		Example: "  huzheng agreement withdraw yue-chuan-1 1 --ends 2027-01-01 --api https://gw.example --key @govern.key",
		RunE: func(cmd *cobra.Command, args []string) error {
			api, version, err := a.agreementTarget(&remote, args[1])
			if err != nil {
				return err
			}
			day, err := gbt.ParseDate(ends)
			if err != nil {
				return usagef("--ends is a date such as 2027-01-01")
			}
			res, err := api.WithdrawAgreementWithResponse(cmd.Context(), args[0], version,
				&client.WithdrawAgreementParams{IdempotencyKey: operationKey()}, client.AgreementWithdrawal{Ends: day.Unix()})
			if err := settled(res, err); err != nil {
				return err
			}
			return a.printAgreement(res.JSON200)
		},
	}
	remote.register(c)
	c.Flags().StringVar(&ends, "ends", "", "失效日（该日零时，UTC）· the day on which it ends, UTC")
	_ = c.MarkFlagRequired("ends")
	return c
}

func (a *app) agreementTarget(remote *remoteFlags, version string) (*client.ClientWithResponses, int32, error) {
	n, err := strconv.ParseInt(version, 10, 32)
	if err != nil || n < 1 {
		return nil, 0, usagef("VERSION is a number from 1")
	}
	api, err := remote.open(a.getenv)
	return api, int32(n), err
}
