package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/offline"
)

func (a *app) snapshotCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "snapshot",
		Short: "信任快照：导出、查看、固定密钥 · trust snapshots, for verifying offline",
		Long: `信任快照是某一高度的账本状态，由导出它的网关签名。离线核验只认事先固定的网关密钥，密钥须经另一渠道取得。

A trust snapshot is the ledger's state at one height, signed by the gateway that exported it. Verifying
offline trusts one gateway key that was pinned beforehand; get the key by another way than the snapshot.`,
		Example: `  huzheng snapshot export --api https://gw.example --out trust.hzs
  huzheng snapshot trust gw.jwk.json
  huzheng snapshot show trust.hzs`,
	}
	c.AddCommand(a.snapshotExport(), a.snapshotShow(), a.snapshotTrust())
	return c
}

// snapshotReport is the JSON document of snapshot export and snapshot show.
type snapshotReport struct {
	File    string    `json:"file"`
	Bytes   int64     `json:"bytes"`
	Network string    `json:"network"`
	Height  uint64    `json:"height"`
	AsOf    time.Time `json:"as_of"`
	Records uint64    `json:"records"`
	Key     string    `json:"key,omitempty"` // that signed it, where a pinned key says so
	Trusted bool      `json:"trusted"`
}

func (a *app) printSnapshot(r *snapshotReport) error {
	return a.emit(r, func() error {
		a.printf("%s  %d 字节 bytes\n网络 network %s  高度 height %d  记录 records %d\n截至 as of %s\n", r.File, r.Bytes, r.Network,
			r.Height, r.Records, r.AsOf.Format(time.RFC3339))
		if r.Trusted {
			a.printf("由固定的密钥签名 · signed by the pinned key: %s\n", r.Key)
		} else {
			a.printf("未核对签名（没有固定的密钥）· signature not checked: no key is pinned\n")
		}
		return nil
	})
}

func (a *app) snapshotExport() *cobra.Command {
	var remote remoteFlags
	var store storeFlags
	var out string
	c := &cobra.Command{
		Use: "export", Short: "导出 · fetch a snapshot from a gateway", Args: cobra.NoArgs,
		Example: "  huzheng snapshot export --api https://gw.example --out trust.hzs\n  huzheng snapshot export --data ./gd --out trust.hzs",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.exportSnapshot(cmd.Context(), &remote, &store, out); err != nil {
				return err
			}
			return a.showSnapshot(out, "")
		},
	}
	remote.register(c)
	store.register(c)
	c.Flags().StringVar(&out, "out", "trust.hzs", "写到 · file to write")
	c.MarkFlagsMutuallyExclusive("api", "data")
	c.MarkFlagsOneRequired("api", "data")
	return c
}

func (a *app) exportSnapshot(ctx context.Context, remote *remoteFlags, store *storeFlags, out string) error {
	if remote.url != "" {
		api, err := remote.open(a.getenv)
		if err != nil {
			return err
		}
		return writeWhole(out, func(w io.Writer) error { return fetchSnapshot(ctx, api, w) })
	}
	l, err := a.openLocal(ctx, store)
	if err != nil {
		return err
	}
	return errors.Join(writeWhole(out, l.Snapshot), l.close())
}

// writeWhole writes a file for everybody to read that gets its name once it is there whole.
func writeWhole(name string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".huzheng-*")
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), name)
}

func fetchSnapshot(ctx context.Context, api *client.ClientWithResponses, w io.Writer) error {
	res, err := api.GetSnapshot(ctx)
	if err != nil {
		return answer(err, nil, nil, nil)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		parsed, err := client.ParseGetSnapshotResponse(res)
		if err != nil {
			return err
		}
		return answer(nil, parsed.HTTPResponse, parsed.ApplicationProblemJSONDefault, parsed.Body)
	}
	_, err = io.Copy(w, res.Body)
	return answer(err, res, nil, nil)
}

func (a *app) snapshotShow() *cobra.Command {
	var trustKey string
	c := &cobra.Command{
		Use: "show FILE", Short: "查看 · what a snapshot holds", Args: cobra.ExactArgs(1),
		Example: "  huzheng snapshot show trust.hzs --trust-key gw.jwk.json --json",
		RunE:    func(_ *cobra.Command, args []string) error { return a.showSnapshot(args[0], trustKey) },
	}
	c.Flags().StringVar(&trustKey, "trust-key", "", "所信任网关的公钥（JWK 文件）· the gateway key that is trusted")
	return c
}

func (a *app) showSnapshot(name, trustKey string) error {
	data, err := os.ReadFile(name) //nolint:gosec // the operator's own file
	if errors.Is(err, fs.ErrNotExist) {
		return attest.Errorf(attest.CodeStoreMissing, "there is no snapshot %s", name)
	}
	if err != nil {
		return err
	}
	s, err := index.OpenSnapshot(bytes.NewReader(data))
	if err != nil {
		return err
	}
	h := s.Header()
	r := &snapshotReport{File: name, Bytes: int64(len(data)), Network: h.Network, Height: h.Height, Records: h.Entries,
		AsOf: time.Unix(h.Heard, 0).UTC()}
	pinned, _, err := a.pinnedKey(trustKey)
	if errors.Is(err, errNoPin) {
		return a.printSnapshot(r)
	}
	if err != nil {
		return err
	}
	trust, err := offline.Open(bytes.NewReader(data), pinned)
	if err != nil {
		return err
	}
	r.Key, r.Trusted = trust.KeyID, true
	return a.printSnapshot(r)
}

func (a *app) snapshotTrust() *cobra.Command {
	return &cobra.Command{
		Use: "trust KEY.jwk.json", Short: "固定所信任的网关密钥 · pin the gateway key that is trusted", Args: cobra.ExactArgs(1),
		Long: `把网关公钥固定在本机用户配置中，之后 verify --snapshot 无需 --trust-key。密钥须经另一渠道核对指纹。

Pins a gateway's public key for this user. Compare its thumbprint by another way first.`,
		Example: "  huzheng snapshot trust gw.jwk.json",
		RunE: func(_ *cobra.Command, args []string) error {
			key, err := readPublicKey(args[0])
			if err != nil {
				return err
			}
			path, err := a.pinPath()
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(path, append(key.JWK(), '\n'), 0o600); err != nil {
				return err
			}
			type pinReport struct {
				File       string `json:"file"`
				Thumbprint string `json:"thumbprint"`
			}
			r := pinReport{path, key.Thumbprint(key.Suite())}
			return a.emit(r, func() error {
				a.printf("已固定 · pinned %s\n指纹 · thumbprint %s\n", r.File, r.Thumbprint)
				return nil
			})
		},
	}
}

// errNoPin says that nothing is trusted yet. Nothing is trusted on first use.
var errNoPin = usagef("离线核验须先固定所信任的网关密钥（--trust-key，或 huzheng snapshot trust）· " +
	"verifying offline needs a gateway key that is trusted: --trust-key, or huzheng snapshot trust")

// pinPath is where the pinned key lies: in the user's configuration.
func (a *app) pinPath() (string, error) {
	dir := a.getenv("XDG_CONFIG_HOME")
	if dir == "" {
		home := a.getenv("HOME")
		if home == "" {
			return "", errNoPin
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "huzheng", "trusted-gateway.jwk.json"), nil
}

// pinnedKey is the key that is trusted and where it comes from: the file named, or the one pinned before.
func (a *app) pinnedKey(name string) (key *attest.PublicKey, from string, err error) {
	if name == "" {
		if name, err = a.pinPath(); err != nil {
			return nil, "", err
		}
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return nil, "", errNoPin
		}
	}
	key, err = readPublicKey(name)
	return key, name, err
}

func readPublicKey(name string) (*attest.PublicKey, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, usagef("%w", err)
	}
	return offline.ParseKey(data)
}
