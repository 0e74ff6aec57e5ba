package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/api/client"
)

func (a *app) keyRotate() *cobra.Command {
	var from lookFlags
	c := &cobra.Command{
		Use: "rotate OWNER", Short: "轮换签名密钥 · rotate a signing key", Args: cobra.ExactArgs(1),
		Long: `OWNER 为颁发机构的统一社会信用代码，或 gov（本省治理密钥）、gw（本省网关密钥）。先把旧密钥签发的全部上链。
轮换 gw 后，新公钥写入配置文件旁的 gateway.jwk.json（以 --api 时打印），须交给离线核验方重新固定。

OWNER is the USCC of an authority, or gov or gw for the region's own keys. What the old key signed is
anchored first. The public key of a new gateway key is written beside the configuration, or printed with
--api: pin it where snapshots are verified.`,
		Example: "  huzheng key rotate gw --data ./gd\n  huzheng key rotate 11430000006122244L --data ./hn",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.rotate(cmd.Context(), &from, args[0]) },
	}
	from.register(c)
	return c
}

// rotation is the JSON document of key rotate.
type rotation struct {
	Key        string `json:"key"`
	GatewayKey string `json:"gateway_key,omitempty"` // file to pin: huzheng snapshot trust; after rotating gw
	// Public is the new key itself (JWK), where a gateway was asked.
	Public json.RawMessage `json:"public,omitempty"`
}

func (a *app) rotate(ctx context.Context, from *lookFlags, owner string) error {
	if from.remote.url == "" {
		return a.rotateHere(ctx, &from.store, owner)
	}
	api, err := from.remote.open(a.getenv)
	if err != nil {
		return err
	}
	res, err := api.RotateKeyWithResponse(ctx, &client.RotateKeyParams{IdempotencyKey: operationKey()}, client.KeyRotation{Owner: owner})
	if err := settled(res, err); err != nil {
		return err
	}
	r := rotation{Key: res.JSON200.Key, Public: res.JSON200.Public}
	return a.emit(r, func() error {
		a.printf("新密钥 · new key %s\n%s\n", r.Key, r.Public)
		return nil
	})
}

func (a *app) rotateHere(ctx context.Context, store *storeFlags, owner string) error {
	config, err := store.config()
	if err != nil {
		return err
	}
	l, err := a.openLocal(ctx, store)
	if err != nil {
		return err
	}
	var r rotation
	r.Key, err = l.RotateKey(ctx, operationKey(), owner)
	if err == nil && owner == "gw" {
		r.GatewayKey = filepath.Join(store.dir, gatewayKeyName)
		if len(config.Gateways) > 1 {
			r.GatewayKey = filepath.Join(store.dir, "gateway-"+l.Region()+".jwk.json")
		}
		err = writePublicKey(l.Gateway, r.Key, r.GatewayKey)
	}
	if err := errors.Join(err, l.close()); err != nil {
		return err
	}
	return a.emit(r, func() error {
		a.printf("新密钥 · new key %s\n", r.Key)
		if r.GatewayKey != "" {
			a.printf("网关公钥 · gateway key %s（请离线核验方重新固定 · have offline verifiers pin it）\n", r.GatewayKey)
		}
		return nil
	})
}

func (a *app) keyCompromised() *cobra.Command {
	var where lookFlags
	var from uint64
	c := &cobra.Command{
		Use: "compromised KEY-ID", Short: "标记签名密钥泄露 · mark a signing key as compromised", Args: cobra.ExactArgs(1),
		Long: `从 --from 指明的区块起，该密钥存证的一切作废，无论所称日期；此前的仍然有效。在用的密钥须先轮换。
标记后只能再移到更早的区块，不能撤回。

Everything that the key anchored from the block on is void, whatever date it claims; what stands before it
stays valid. Rotate a key that is in force first. A mark may move to an earlier block and never back.`,
		Example: `  huzheng key rotate 11430000006122244L --data ./hn
  huzheng key compromised '11430000006122244L#1' --from 1207 --data ./hn`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if from == 0 {
				return usagef("--from is the number of a block, from 1")
			}
			changed, err := a.markCompromised(cmd.Context(), &where, args[0], from)
			if err != nil {
				return err
			}
			r := struct {
				Key     string `json:"key"`
				From    uint64 `json:"from"`
				Changed *bool  `json:"changed,omitempty"`
			}{args[0], from, changed}
			return a.emit(r, func() error {
				a.printf("%s %s：自区块 %d 起作废 · void from block %d\n", recordedText(changed), r.Key, from, from)
				return nil
			})
		},
	}
	where.register(c)
	c.Flags().Uint64Var(&from, "from", 0, "不再可信的第一个区块 · the first block that nobody can vouch for")
	required(c, "from")
	return c
}

// markCompromised marks a key. changed is nil where a gateway was asked.
func (a *app) markCompromised(ctx context.Context, where *lookFlags, key string, from uint64) (changed *bool, err error) {
	if where.remote.url == "" {
		l, err := a.openLocal(ctx, &where.store)
		if err != nil {
			return nil, err
		}
		done, err := l.MarkCompromised(ctx, operationKey(), key, from)
		return &done, errors.Join(err, l.close())
	}
	api, err := where.remote.open(a.getenv)
	if err != nil {
		return nil, err
	}
	res, err := api.MarkCompromisedWithResponse(ctx, &client.MarkCompromisedParams{IdempotencyKey: operationKey()},
		client.KeyCompromise{Key: key, From: int64(min(from, math.MaxInt64))})
	return nil, settled(res, err)
}
