package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/charter"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// founderStore is what the commands of a founding need of a gateway's folder. None of it is locked: the gateway may run.
type founderStore struct {
	plan *consortium.Plan
	keys *keys.Store
}

func (s *founderStore) region() attest.Region { return s.plan.Members[0].Region }

// openFounder opens the signing keys of the one gateway of a configuration.
func openFounder(file string) (*founderStore, error) {
	c, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	p, err := c.plan(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if p.Connection == nil {
		return nil, &configError{errors.New("a charter is for a gateway on a network: ledger.connection is not set")}
	}
	store, err := keys.OpenStore(p.Members[0].KeysDir(), p.Members[0].Master)
	if err != nil {
		return nil, err
	}
	return &founderStore{p, store}, nil
}

// founding is the JSON document of charter submit.
type founding struct {
	Network string `json:"network"`
	Digest  string `json:"digest"`
	Changed bool   `json:"changed"` // by this run
}

func (a *app) charterSubmit() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use: "submit charter.json SIGNATURE...", Short: "上链，联盟成立 · put it on the ledger", Args: cobra.MinimumNArgs(1),
		Long: `由首个发起省（代码最小者，charter show 所示）执行；须有全部发起省的签名。账本上已是此章程时，任何一省执行都成功，不作变更。

Run by the first founder, which charter show names, with the signatures of all. Where the ledger holds this very
charter already it succeeds at any founder and changes nothing.`,
		Example: "  huzheng charter submit --config ./hn/huzheng.yaml charter.json 430000.sig 440000.sig 500000.sig 510000.sig",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.submitCharter(cmd.Context(), config, args[0], args[1:])
			if err != nil {
				return err
			}
			return a.emit(r, func() error {
				a.printf("%s  联盟 network %s\n摘要 · digest\n    %s\n", changeText(r.Changed), r.Network, r.Digest)
				return nil
			})
		},
	}
	c.Flags().StringVar(&config, "config", "", "本省网关的配置 · the gateway's configuration")
	required(c, "config")
	return c
}

func (a *app) submitCharter(ctx context.Context, config, file string, signatureFiles []string) (*founding, error) {
	ch, err := readCharterFile(file)
	if err != nil {
		return nil, err
	}
	signatures, err := readSignatures(signatureFiles)
	if err != nil {
		return nil, err
	}
	own, err := openFounder(config)
	if err != nil {
		return nil, err
	}
	founder, err := charter.Own(ch, own.plan.Network, own.region(), own.keys)
	if err != nil {
		return nil, err
	}
	connection := own.plan.Connection.Config
	connection.Logger = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ledger, err := fabric.Dial(connection)
	if err != nil {
		return nil, err
	}
	r := &founding{Network: ch.Network, Digest: charter.Digest(ch)}
	r.Changed, err = found(ctx, ledger, ch, func() ([]byte, error) { return charter.Found(ch, signatures, founder, own.keys) })
	return r, errors.Join(err, ledger.Close())
}

// found submits the founding command unless the ledger holds its charter already.
func found(ctx context.Context, ledger *fabric.Client, ch *registry.Charter, command func() ([]byte, error)) (changed bool, err error) {
	founded, err := foundedWith(ctx, ledger, ch)
	if err != nil || founded {
		return false, err
	}
	signed, err := command()
	if err != nil {
		return false, err
	}
	out, err := ledger.Submit(ctx, signed)
	if attest.CodeOf(err) == attest.CodeAlreadyFounded { // between the look and the submission
		_, err = foundedWith(ctx, ledger, ch)
		return false, err
	}
	return err == nil && !out.Event.Repeat, err
}

// foundedWith reads the ledger up to its founding: whether that was with the charter, ALREADY_FOUNDED where it was with
// another, false where it was not founded yet.
func foundedWith(ctx context.Context, ledger *fabric.Client, ch *registry.Charter) (bool, error) {
	next, err := ledger.Head(ctx)
	if err != nil {
		return false, &unreachableError{err}
	}
	var text []byte
	err = ledger.Blocks(ctx, 0, func(b registry.Block) error {
		for i := range b.Transactions {
			if text = chartered(&b.Transactions[i]); text != nil {
				return io.EOF
			}
		}
		if b.Number+1 >= next {
			return io.EOF
		}
		return nil
	})
	switch {
	case !errors.Is(err, io.EOF):
		return false, &unreachableError{err}
	case text != nil && string(text) != string(ch.Encode()):
		return false, attest.Errorf(attest.CodeAlreadyFounded, "the ledger was founded with another charter")
	}
	return text != nil, nil
}

// chartered is the charter of a transaction that founds; nil of any other.
func chartered(t *registry.Transaction) []byte {
	if !t.Valid {
		return nil
	}
	signed, err := registry.Parse(t.Command)
	if err != nil {
		return nil
	}
	found, ok := signed.Command.(*registry.Found)
	if !ok {
		return nil
	}
	jws, err := attest.ParseJWS([]byte(found.Signatures[0]))
	if err != nil {
		return nil
	}
	return jws.Payload
}
