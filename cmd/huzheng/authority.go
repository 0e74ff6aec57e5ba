package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
)

func (a *app) authorityCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "authority",
		Short: "颁发机构：登记、授权范围、状态 · register authorities, set their scope and state",
		Long: `颁发机构连同其统一社会信用代码、辖区、可颁发的证照类型和签名密钥登记在账本上；由本省登记，或由上级机构授权登记，
下级的范围不得超出上级。网关已停止时以 --data 直接在数据目录上工作，运行时以 --api 向其提出；重复执行不产生第二次变更。

An authority stands on the ledger with its USCC, its division, the types that it may issue and its signing
key. Its province registers it, or a parent delegates to it within the parent's own scope. These commands
work on the data folder with --data while no gateway serves it, and ask a running one with --api; one that is
run twice changes nothing the second time.`,
		Example: `  huzheng authority register --code 11430000006122244L --name 湖南省住房和城乡建设厅 --division 430000 \
      --types 11100000000013338W001,11100000000013338W032 --data ./hn
  huzheng authority list --data ./hn
  huzheng authority state 11430000006122244L --state suspended --api https://gw.example --key @govern.key`,
	}
	c.AddCommand(a.authorityRegister(), a.authorityScope(), a.authorityState(), a.authorityList())
	return c
}

// authorityReport is one authority in the JSON documents of authority.
type authorityReport struct {
	Code     string   `json:"code"`
	Name     string   `json:"name"`
	Region   string   `json:"region"`
	Division string   `json:"division"`
	Parent   string   `json:"parent,omitempty"`
	Issuer   string   `json:"issuer"`
	Types    []string `json:"types"`
	State    string   `json:"state"`
	Changed  *bool    `json:"changed,omitempty"` // by this run; absent in a list
}

func authorityReportOf(a *attest.Authority) authorityReport {
	return authorityReport{Code: a.Code, Name: a.Name, Region: a.Region, Division: a.Division, Parent: a.Parent, Issuer: a.Issuer,
		Types: a.Types, State: string(a.State)}
}

// authorityChange is what a command does to an authority: here, on a data folder, or by asking a gateway.
type authorityChange struct {
	code   string
	local  func(ctx context.Context, l *local) (changed bool, err error)
	remote func(ctx context.Context, api *client.ClientWithResponses) (*client.Authority, error)
}

// changeAuthority makes the change where from says and reports the authority as it stands afterwards.
func (a *app) changeAuthority(ctx context.Context, from *lookFlags, c *authorityChange) error {
	if _, err := gbt.ParseUSCC(c.code); err != nil {
		return usagef("%w", err)
	}
	r, err := a.changedAuthority(ctx, from, c)
	if err != nil {
		return err
	}
	return a.emit(r, func() error {
		a.printf("%s %s\n", recordedText(r.Changed), r.Code)
		return a.printAuthorities([]authorityReport{*r})
	})
}

func (a *app) changedAuthority(ctx context.Context, from *lookFlags, c *authorityChange) (*authorityReport, error) {
	if from.remote.url != "" {
		api, err := from.remote.open(a.getenv)
		if err != nil {
			return nil, err
		}
		now, err := c.remote(ctx, api)
		if err != nil {
			return nil, err
		}
		r := remoteAuthority(now)
		return &r, nil
	}
	l, err := a.openLocal(ctx, &from.store)
	if err != nil {
		return nil, err
	}
	changed, err := c.local(ctx, l)
	var now *attest.Authority
	if err == nil {
		now, err = l.Index().Authority(c.code)
	}
	if err := errors.Join(err, l.close()); err != nil {
		return nil, err
	}
	r := authorityReportOf(now)
	r.Changed = &changed
	return &r, nil
}

// recordedText is changeText where the run knows; a gateway tells only how things stand now.
func recordedText(changed *bool) string {
	if changed == nil {
		return "账本上现为 · on the ledger now"
	}
	return changeText(*changed)
}

// changeText says whether a run changed the ledger.
func changeText(changed bool) string {
	if changed {
		return "已记入账本 · recorded"
	}
	return "账本上已是如此，未作变更 · stands already, nothing changed"
}

func (a *app) authorityRegister() *cobra.Command {
	var from lookFlags
	var n attest.Authority
	c := &cobra.Command{
		Use: "register", Short: "登记颁发机构 · register an authority", Args: cobra.NoArgs,
		Long: `登记一个颁发机构，并为其生成签名密钥（封存在数据目录中）。--parent 指明由哪个上级机构授权；不指明则由本省登记。

Registers an authority with a new signing key, which is sealed into the data folder. With --parent the parent
delegates and signs; without, the province does.`,
		Example: `  huzheng authority register --code 11430000006122244L --name 湖南省住房和城乡建设厅 --division 430000 \
      --types 11100000000013338W001 --data ./hn`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.changeAuthority(cmd.Context(), &from, &authorityChange{n.Code,
				func(ctx context.Context, l *local) (bool, error) {
					n.Division = cmp.Or(n.Division, l.Region())
					return l.RegisterAuthority(ctx, n)
				},
				func(ctx context.Context, api *client.ClientWithResponses) (*client.Authority, error) {
					res, err := api.RegisterAuthorityWithResponse(ctx, &client.RegisterAuthorityParams{IdempotencyKey: operationKey()},
						client.AuthorityRegistration{Code: n.Code, Name: n.Name, Division: n.Division, Parent: n.Parent, Types: n.Types})
					if err := settled(res, err); err != nil {
						return nil, err
					}
					return res.JSON201, nil
				}})
		},
	}
	from.register(c)
	f := c.Flags()
	f.StringVar(&n.Code, "code", "", "统一社会信用代码（GB 32100）· USCC")
	f.StringVar(&n.Name, "name", "", "机构名称 · name")
	f.StringVar(&n.Division, "division", "", "行使职权的行政区划代码（默认本省）· GB/T 2260 code of the area it acts in")
	f.StringSliceVar(&n.Types, "types", nil, "可颁发的证照类型代码 · certificate types that it may issue")
	f.StringVar(&n.Parent, "parent", "", "授权的上级机构 · USCC of the authority that delegates")
	required(c, "code", "name", "types")
	return c
}

func required(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		_ = c.MarkFlagRequired(name)
	}
}

func (a *app) authorityScope() *cobra.Command {
	var from lookFlags
	var types []string
	c := &cobra.Command{
		Use: "scope USCC", Short: "改变可颁发的类型 · replace the types that it may issue", Args: cobra.ExactArgs(1),
		Long: `以 --types 全部替换授权范围。此前签发的证照不受影响；收窄上级时，下级须另行收窄。

Replaces the whole scope. What was issued before stands. Narrowing a parent does not narrow its children:
give each a scope of its own.`,
		Example: "  huzheng authority scope 11430000006122244L --types 11100000000013338W001 --data ./hn",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeAuthority(cmd.Context(), &from, &authorityChange{args[0],
				func(ctx context.Context, l *local) (bool, error) {
					return l.SetAuthorityScope(ctx, operationKey(), args[0], types)
				},
				func(ctx context.Context, api *client.ClientWithResponses) (*client.Authority, error) {
					res, err := api.SetAuthorityScopeWithResponse(ctx, args[0],
						&client.SetAuthorityScopeParams{IdempotencyKey: operationKey()}, client.AuthorityScope{Types: types})
					if err := settled(res, err); err != nil {
						return nil, err
					}
					return res.JSON200, nil
				}})
		},
	}
	from.register(c)
	c.Flags().StringSliceVar(&types, "types", nil, "可颁发的证照类型代码 · certificate types that it may issue from now on")
	required(c, "types")
	return c
}

func (a *app) authorityState() *cobra.Command {
	var from lookFlags
	var state string
	states := []attest.AuthorityState{attest.AuthorityActive, attest.AuthoritySuspended, attest.AuthorityDissolved}
	c := &cobra.Command{
		Use: "state USCC", Short: "暂停、撤销或恢复 · suspend, dissolve or reinstate", Args: cobra.ExactArgs(1),
		Long: `暂停（suspended）后不能签发，可恢复（active）；撤销（dissolved）不可恢复。此前签发的证照不受影响。

A suspended authority issues nothing until it is active again; one that is dissolved stays so. What it issued
before stands.`,
		Example: "  huzheng authority state 11430000006122244L --state suspended --data ./hn",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(states, attest.AuthorityState(state)) {
				return usagef("--state is active, suspended or dissolved")
			}
			return a.changeAuthority(cmd.Context(), &from, &authorityChange{args[0],
				func(ctx context.Context, l *local) (bool, error) {
					return l.SetAuthorityState(ctx, operationKey(), args[0], attest.AuthorityState(state))
				},
				func(ctx context.Context, api *client.ClientWithResponses) (*client.Authority, error) {
					res, err := api.SetAuthorityStateWithResponse(ctx, args[0], &client.SetAuthorityStateParams{IdempotencyKey: operationKey()},
						client.AuthorityStanding{State: client.AuthorityStandingState(state)})
					if err := settled(res, err); err != nil {
						return nil, err
					}
					return res.JSON200, nil
				}})
		},
	}
	from.register(c)
	c.Flags().StringVar(&state, "state", "", "状态 · active, suspended, dissolved")
	required(c, "state")
	return c
}

func (a *app) authorityList() *cobra.Command {
	var from lookFlags
	c := &cobra.Command{
		Use: "list", Short: "列出账本上的颁发机构 · every authority on the ledger", Args: cobra.NoArgs,
		Example: "  huzheng authority list --data ./hn\n  huzheng authority list --api http://127.0.0.1:8440 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := a.authorities(cmd.Context(), &from)
			if err != nil {
				return err
			}
			out := struct {
				Authorities []authorityReport `json:"authorities"`
			}{list}
			return a.emit(out, func() error { return a.printAuthorities(list) })
		},
	}
	from.register(c)
	return c
}

func (a *app) authorities(ctx context.Context, from *lookFlags) ([]authorityReport, error) {
	out := []authorityReport{}
	if from.remote.url != "" {
		return a.remoteAuthorities(ctx, &from.remote, out)
	}
	l, err := a.openLocal(ctx, &from.store)
	if err != nil {
		return nil, err
	}
	list, err := l.Authorities()
	for i := range list {
		out = append(out, authorityReportOf(&list[i]))
	}
	return out, errors.Join(err, l.close())
}

func (a *app) remoteAuthorities(ctx context.Context, remote *remoteFlags, out []authorityReport) ([]authorityReport, error) {
	api, err := remote.open(a.getenv)
	if err != nil {
		return nil, err
	}
	res, err := api.ListAuthoritiesWithResponse(ctx)
	if err := settled(res, err); err != nil {
		return nil, err
	}
	for i := range res.JSON200.Authorities {
		out = append(out, remoteAuthority(&res.JSON200.Authorities[i]))
	}
	return out, nil
}

func remoteAuthority(n *client.Authority) authorityReport {
	return authorityReport{Code: n.Code, Name: n.Name, Region: n.Region, Division: n.Division, Parent: n.Parent, Issuer: n.Issuer,
		Types: n.Types, State: string(n.State)}
}

func (a *app) printAuthorities(list []authorityReport) error {
	t := terminal.Table{Columns: []terminal.Column{{Title: "代码"}, {Title: "名称", Max: 40}, {Title: "辖区"}, {Title: "上级"},
		{Title: "类型", Max: 70}, {Title: "状态"}}}
	for i := range list {
		r := &list[i]
		types := strings.Join(r.Types, ",")
		if len(r.Types) > 3 {
			types = strings.Join(r.Types[:3], ",") + " +" + strconv.Itoa(len(r.Types)-3)
		}
		t.Add(terminal.Cell{Text: r.Code}, terminal.Cell{Text: r.Name}, terminal.Cell{Text: r.Division}, terminal.Cell{Text: r.Parent},
			terminal.Cell{Text: types}, stateCell(r.State))
	}
	return t.Write(a.out, a.palette)
}

func stateCell(state string) terminal.Cell {
	switch attest.AuthorityState(state) {
	case attest.AuthorityActive:
		return terminal.Cell{Text: "正常 active", Style: terminal.Green}
	case attest.AuthoritySuspended:
		return terminal.Cell{Text: "暂停 suspended", Style: terminal.Yellow}
	default:
		return terminal.Cell{Text: "撤销 dissolved", Style: terminal.Red}
	}
}
