package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
	"github.com/huzheng-ledger/huzheng/internal/charter"
)

func (a *app) regionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "region",
		Short: "省份加入：提议、批准、查看 · propose and approve the admission of a region, list",
		Long: `新的省份以 huzheng init --connection 建立网关，交出 founder.json；任一成员提议，过半数成员批准后加入。
批准前请用电话核对指纹。网关运行时以 --api 向其提出，停止时以 --config 直接工作。

A new region makes its gateway with huzheng init --connection and hands out founder.json. A member proposes it, and
a majority of all members admits it. Compare the fingerprints by telephone before approving. Ask a running gateway
with --api; work on one that does not serve with --config.`,
		Example: `  huzheng region propose founder.json --api https://gw.example --key @govern.key
  huzheng region list --api https://gw.example
  huzheng region approve 430000 --api https://gw.example --key @govern.key`,
	}
	c.AddCommand(a.regionPropose(), a.regionApprove(), a.regionList())
	return c
}

// admissionReport is a proposed admission in the JSON documents of region.
type admissionReport struct {
	founderReport
	Digest   string   `json:"digest"`
	Approved []string `json:"approved"`
	Admitted bool     `json:"admitted"`
}

func admissionOf(p *registry.Proposal) *admissionReport {
	return &admissionReport{founderOf(&p.Founder), p.Digest, p.Approved, p.Admitted}
}

func remoteAdmission(p *client.RegionProposal) *admissionReport {
	r := &admissionReport{founderReport{Region: p.Region, Name: p.Name, MSP: p.Msp, URL: p.URL}, p.Digest, p.Approved, p.Admitted}
	for _, k := range p.Keys {
		r.Keys = append(r.Keys, keyReport{k.Name, k.Use, k.Fingerprint})
	}
	return r
}

func (a *app) printAdmission(r *admissionReport) error {
	a.printFounder(&r.founderReport)
	state := "待批准 proposed"
	if r.Admitted {
		state = "已加入 admitted"
	}
	a.printf("  %s   已批准 approved by %s\n  提案摘要 digest %s\n", state, strings.Join(r.Approved, ", "), r.Digest)
	return nil
}

func (a *app) regionPropose() *cobra.Command {
	var from lookFlags
	c := &cobra.Command{
		Use: "propose founder.json", Short: "提议一省加入，即视为本省批准 · propose, which is this region's approval", Args: cobra.ExactArgs(1),
		Example: "  huzheng region propose hn/founder.json --api https://gw.example --key @govern.key",
		RunE: func(cmd *cobra.Command, args []string) error {
			entry, err := readEntry(args[0])
			if err != nil {
				return err
			}
			r, err := a.propose(cmd.Context(), &from, entry)
			if err != nil {
				return err
			}
			return a.emit(r, func() error { return a.printAdmission(r) })
		},
	}
	from.registerFile(c)
	return c
}

func (a *app) propose(ctx context.Context, from *lookFlags, entry *charter.Entry) (*admissionReport, error) {
	if from.remote.url != "" {
		api, err := from.remote.open(a.getenv)
		if err != nil {
			return nil, err
		}
		res, err := api.ProposeRegionWithResponse(ctx, &client.ProposeRegionParams{IdempotencyKey: operationKey()},
			client.RegionEntry{Entry: json.RawMessage(entry.Encode())})
		if err := settled(res, err); err != nil {
			return nil, err
		}
		return remoteAdmission(res.JSON201), nil
	}
	return a.admission(ctx, &from.store, func(l *local) (*registry.Proposal, error) {
		p, _, err := l.ProposeRegion(ctx, entry)
		return p, err
	})
}

// admission works on the gateway of a data folder.
func (a *app) admission(ctx context.Context, store *storeFlags, work func(*local) (*registry.Proposal, error)) (*admissionReport, error) {
	l, err := a.openLocal(ctx, store)
	if err != nil {
		return nil, err
	}
	p, err := work(l)
	if err := errors.Join(err, l.close()); err != nil {
		return nil, err
	}
	return admissionOf(p), nil
}

func (a *app) regionApprove() *cobra.Command {
	var from lookFlags
	var digest string
	c := &cobra.Command{
		Use: "approve CODE", Short: "批准一省加入 · approve an admission", Args: cobra.ExactArgs(1),
		Long: `只有一个提案时不必给出 --digest；有多个时须指明所核对的那一个。

Without --digest there must be one proposal for the region only: where there are several, name the one that was
compared.`,
		Example: "  huzheng region approve 430000 --api https://gw.example --key @govern.key",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.approve(cmd.Context(), &from, args[0], digest)
			if err != nil {
				return err
			}
			return a.emit(r, func() error { return a.printAdmission(r) })
		},
	}
	from.registerFile(c)
	c.Flags().StringVar(&digest, "digest", "", "提案摘要 · digest of the proposal")
	return c
}

func (a *app) approve(ctx context.Context, from *lookFlags, region, digest string) (*admissionReport, error) {
	if from.remote.url != "" {
		api, err := from.remote.open(a.getenv)
		if err != nil {
			return nil, err
		}
		list, err := remoteAdmissions(ctx, api)
		if err != nil {
			return nil, err
		}
		if digest, err = theProposal(list, region, digest); err != nil {
			return nil, err
		}
		res, err := api.ApproveRegionWithResponse(ctx, region, &client.ApproveRegionParams{IdempotencyKey: operationKey()},
			client.RegionApproval{Digest: digest})
		if err := settled(res, err); err != nil {
			return nil, err
		}
		return remoteAdmission(res.JSON200), nil
	}
	return a.admission(ctx, &from.store, func(l *local) (*registry.Proposal, error) {
		list, err := localAdmissions(l)
		if err != nil {
			return nil, err
		}
		digest, err := theProposal(list, region, digest)
		if err != nil {
			return nil, err
		}
		p, _, err := l.ApproveRegion(ctx, region, digest)
		return p, err
	})
}

// theProposal is the digest of the one proposal that is meant.
func theProposal(list []*admissionReport, region, digest string) (string, error) {
	list = slices.DeleteFunc(list, func(r *admissionReport) bool { return r.Region != region || digest != "" && r.Digest != digest })
	switch len(list) {
	case 0:
		return "", attest.Errorf(attest.CodeProposalUnknown, "nobody has made that proposal to admit region %s", region)
	case 1:
		return list[0].Digest, nil
	}
	return "", usagef("there are %d proposals for region %s: name one with --digest", len(list), region)
}

func localAdmissions(l *local) ([]*admissionReport, error) {
	list, err := l.RegionProposals()
	out := make([]*admissionReport, 0, len(list))
	for i := range list {
		out = append(out, admissionOf(&list[i]))
	}
	return out, err
}

func remoteAdmissions(ctx context.Context, api *client.ClientWithResponses) ([]*admissionReport, error) {
	res, err := api.ListRegionProposalsWithResponse(ctx)
	if err := settled(res, err); err != nil {
		return nil, err
	}
	out := make([]*admissionReport, 0, len(res.JSON200.Proposals))
	for i := range res.JSON200.Proposals {
		out = append(out, remoteAdmission(&res.JSON200.Proposals[i]))
	}
	return out, nil
}

// regionsReport is the JSON document of region list.
type regionsReport struct {
	Regions   []memberReport     `json:"regions"`
	Proposals []*admissionReport `json:"proposals"`
}

type memberReport struct {
	Region string `json:"region"`
	Name   string `json:"name"`
	URL    string `json:"url"`
}

func (a *app) regionList() *cobra.Command {
	var from lookFlags
	c := &cobra.Command{
		Use: "list", Short: "成员及加入提案 · members, and proposed admissions", Args: cobra.NoArgs,
		Example: "  huzheng region list --api https://gw.example --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.regions(cmd.Context(), &from)
			if err != nil {
				return err
			}
			return a.emit(r, func() error { return a.printRegions(r) })
		},
	}
	from.registerFile(c)
	return c
}

func (a *app) regions(ctx context.Context, from *lookFlags) (*regionsReport, error) {
	out := &regionsReport{Regions: []memberReport{}}
	if from.remote.url == "" {
		l, err := a.openLocal(ctx, &from.store)
		if err != nil {
			return nil, err
		}
		members, err := l.Regions()
		for i := range members {
			out.Regions = append(out.Regions, memberReport{members[i].Code, members[i].Name, members[i].URL})
		}
		if err == nil {
			out.Proposals, err = localAdmissions(l)
		}
		return out, errors.Join(err, l.close())
	}
	api, err := from.remote.open(a.getenv)
	if err != nil {
		return nil, err
	}
	res, err := api.ListRegionsWithResponse(ctx)
	if err := settled(res, err); err != nil {
		return nil, err
	}
	for _, r := range res.JSON200.Regions {
		out.Regions = append(out.Regions, memberReport{r.Code, r.Name, r.URL})
	}
	out.Proposals, err = remoteAdmissions(ctx, api)
	return out, err
}

func (a *app) printRegions(r *regionsReport) error {
	t := terminal.Table{Columns: []terminal.Column{{Title: "代码"}, {Title: "名称"}, {Title: "地址", Max: 60}}}
	for _, m := range r.Regions {
		t.AddText(m.Region, m.Name, m.URL)
	}
	if err := t.Write(a.out, a.palette); err != nil {
		return err
	}
	for _, p := range r.Proposals {
		if err := a.printAdmission(p); err != nil {
			return err
		}
	}
	return nil
}
