package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
)

func (a *app) keyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "API 密钥和签名密钥 · API keys, and rotation of signing keys",
		Long: `API 密钥只在创建时显示一次，网关只存其摘要；运行中的网关在一秒内察觉新增和吊销。
签名密钥轮换写入账本：旧密钥此前签发的证照继续有效。

An API key is shown once; the gateway keeps its hash, and a running one notices changes within a second.
Rotating a signing key is a command on the ledger: what the old key anchored stands.`,
		Example: `  huzheng key create --data ./gd --tenant 窗口 --scope verify
  huzheng key list --data ./gd
  huzheng key revoke 1f2e3d4c5b6a7988 --data ./gd
  huzheng key rotate 11430000006122244L --data ./gd
  huzheng key compromised '11430000006122244L#1' --from 1207 --data ./gd`,
	}
	c.AddCommand(a.keyCreate(), a.keyList(), a.keyRevoke(), a.keyRotate(), a.keyCompromised())
	return c
}

// credentialStore opens the API keys of a data folder. A running gateway shares the file.
func (f *storeFlags) credentialStore() (*credentials.Store, error) {
	c, err := f.config()
	if err != nil {
		return nil, err
	}
	g, err := f.gateway(c)
	if err != nil {
		return nil, err
	}
	place := gateway.Place{Dir: g.Dir}
	return credentials.Open(place.CredentialsFile(), time.Now)
}

// credentialReport is one API key in the JSON documents of key. Token is there once, when it is created.
type credentialReport struct {
	ID          string              `json:"id"`
	Token       string              `json:"token,omitempty"`
	Tenant      string              `json:"tenant"`
	Verifier    string              `json:"verifier,omitempty"`
	Authorities []string            `json:"authorities"`
	Scopes      []credentials.Scope `json:"scopes"`
	Created     time.Time           `json:"created"`
	Revoked     time.Time           `json:"revoked,omitzero"`
}

func credentialOf(c *credentials.Credential) credentialReport {
	r := credentialReport{ID: c.ID, Tenant: c.Tenant, Verifier: c.Verifier, Authorities: c.Authorities, Scopes: c.Scopes,
		Created: time.Unix(c.Created, 0).UTC()}
	if c.Revoked != 0 {
		r.Revoked = time.Unix(c.Revoked, 0).UTC()
	}
	return r
}

func (a *app) keyCreate() *cobra.Command {
	var store storeFlags
	var grant credentials.Grant
	var scopes []string
	c := &cobra.Command{
		Use: "create", Short: "创建 API 密钥 · make an API key", Args: cobra.NoArgs,
		Example: "  huzheng key create --data ./gd --tenant 住建厅 --scope issue,status --authority 11430000006122244L",
		RunE: func(*cobra.Command, []string) error {
			for _, s := range scopes {
				if !slices.Contains(credentials.Scopes(), credentials.Scope(s)) {
					return usagef("--scope is one or several of %s", strings.Join(scopeNames(), ", "))
				}
				grant.Scopes = append(grant.Scopes, credentials.Scope(s))
			}
			keys, err := store.credentialStore()
			if err != nil {
				return err
			}
			token, made, err := keys.Add(grant)
			if err != nil {
				return err
			}
			r := credentialOf(made)
			r.Token = token
			return a.emit(r, func() error {
				a.printf("%s\n", token)
				a.notef("编号 id %s  只显示这一次 · shown only now\n", r.ID)
				return nil
			})
		},
	}
	store.register(c)
	f := c.Flags()
	f.StringVar(&grant.Tenant, "tenant", "", "持有者：窗口、机构或集成方 · who holds the key")
	f.StringVar(&grant.Verifier, "verifier", "", "核验回执上的名称（默认同持有者）· name in its receipts")
	f.StringSliceVar(&grant.Authorities, "authority", nil, "可代表的颁发机构，* 为本省全部 · USCCs it acts for, * for all")
	f.StringSliceVar(&scopes, "scope", nil, "权限 · scopes: "+strings.Join(scopeNames(), ", "))
	for _, name := range []string{"data", "tenant", "scope"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func (a *app) keyList() *cobra.Command {
	var store storeFlags
	c := &cobra.Command{
		Use: "list", Short: "列出 API 密钥 · every API key", Args: cobra.NoArgs,
		Example: "  huzheng key list --data ./gd --json",
		RunE: func(*cobra.Command, []string) error {
			keys, err := store.credentialStore()
			if err != nil {
				return err
			}
			list, err := keys.List()
			if err != nil {
				return err
			}
			out := struct {
				Keys []credentialReport `json:"keys"`
			}{Keys: []credentialReport{}}
			for _, c := range list {
				out.Keys = append(out.Keys, credentialOf(c))
			}
			return a.emit(out, func() error { return a.printKeys(out.Keys) })
		},
	}
	store.register(c)
	_ = c.MarkFlagRequired("data")
	return c
}

func (a *app) printKeys(list []credentialReport) error {
	t := terminal.Table{Columns: []terminal.Column{{Title: "编号"}, {Title: "持有者"}, {Title: "权限"}, {Title: "颁发机构", Max: 40},
		{Title: "创建"}, {Title: "吊销"}}}
	for i := range list {
		r := &list[i]
		scopes := make([]string, len(r.Scopes))
		for k, s := range r.Scopes {
			scopes[k] = string(s)
		}
		revoked := ""
		if !r.Revoked.IsZero() {
			revoked = r.Revoked.Format(time.DateOnly)
		}
		t.AddText(r.ID, r.Tenant, strings.Join(scopes, ","), strings.Join(r.Authorities, ","), r.Created.Format(time.DateOnly), revoked)
	}
	return t.Write(a.out, a.palette)
}

func (a *app) keyRevoke() *cobra.Command {
	var store storeFlags
	c := &cobra.Command{
		Use: "revoke ID", Short: "吊销 API 密钥 · end an API key for good", Args: cobra.ExactArgs(1),
		Example: "  huzheng key revoke 1f2e3d4c5b6a7988 --data ./gd",
		RunE: func(_ *cobra.Command, args []string) error {
			keys, err := store.credentialStore()
			if err != nil {
				return err
			}
			if err := keys.Revoke(args[0]); err != nil {
				return err
			}
			r := struct {
				ID string `json:"id"`
			}{args[0]}
			return a.emit(r, func() error {
				a.printf("已吊销 · revoked %s\n", r.ID)
				return nil
			})
		},
	}
	store.register(c)
	_ = c.MarkFlagRequired("data")
	return c
}
