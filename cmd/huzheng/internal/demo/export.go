package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/internal/offline"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// export writes out what others can check without us: certificates, receipts, issuers' keys, a trust snapshot.
func (d *Demo) export(ctx context.Context) error {
	slices.SortFunc(d.kept, func(a, b *kept) int { return strings.Compare(a.name(), b.name()) })
	for _, k := range d.kept {
		if err := k.fetchReceipt(ctx); err != nil {
			return err
		}
	}
	if d.o.Out == "" {
		return nil
	}
	if err := os.MkdirAll(d.o.Out, 0o750); err != nil {
		return err
	}
	for _, k := range d.kept {
		if err := errors.Join(d.write(k.name()+".sdjwt", []byte(k.sdJWT)), d.write(k.name()+".receipt.json", k.receipt)); err != nil {
			return err
		}
		d.report.Counts.Exported++
	}
	return errors.Join(d.exportIssuers(ctx), d.exportReceipts(ctx), d.exportThings(), d.exportTrust(ctx), d.exportExample())
}

// example is a certificate of the first province that the second one recognises, for a first try.
func (d *Demo) example() *kept {
	i := slices.IndexFunc(d.kept, func(k *kept) bool {
		return k.r == d.regions[0] && k.kind == sample.TypeRealEstate && k.number == 1
	})
	return d.kept[max(i, 0)]
}

// exportExample leaves the example once more, under a name that is always the same.
func (d *Demo) exportExample() error {
	k := d.example()
	return errors.Join(d.write("example.sdjwt", []byte(k.sdJWT)), d.write("example.receipt.json", k.receipt))
}

// WriteEnv leaves address and API key of the second province's gateway in the folder of Options.Out, as a shell reads them.
// It holds a key: nobody else may read it.
func (d *Demo) WriteEnv() error {
	g := d.Access()[1]
	text := fmt.Sprintf("GATEWAY=%s\nAPI_KEY=%s\n", g.URL, g.Key)
	return os.WriteFile(filepath.Join(d.o.Out, "env"), []byte(text), 0o600)
}

func (k *kept) name() string {
	authority := strings.TrimPrefix(string(k.kind[:18]), "11100000")
	return fmt.Sprintf("%s-%s%s-%s-%03d", k.r.code, authority, k.kind[18:], k.id[:8], k.number)
}

func (d *Demo) write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(d.o.Out, name), data, 0o640) //nolint:gosec // what is shown to others, of synthetic people
}

// exportIssuers writes every issuer's keys (JWT VC issuer metadata) by its iss.
func (d *Demo) exportIssuers(ctx context.Context) error {
	issuers := map[string]json.RawMessage{}
	for _, r := range d.regions {
		for _, a := range r.authorities {
			res, err := r.api.GetIssuerMetadataWithResponse(ctx, string(a.Code))
			if err != nil {
				return err
			}
			if res.JSON200 == nil {
				return refused(res.ApplicationProblemJSONDefault, res.Body)
			}
			keys, err := json.Marshal(res.JSON200.JWKS)
			if err != nil {
				return err
			}
			issuers[res.JSON200.Issuer] = keys
		}
	}
	return d.writeJSON("issuers.json", issuers)
}

func (d *Demo) writeJSON(name string, v any) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return err
	}
	return d.write(name, text.Bytes())
}

// exportReceipts writes the verification receipts, which are anchored like certificates.
func (d *Demo) exportReceipts(ctx context.Context) error {
	for _, v := range d.shown {
		inclusion, err := d.anchored(ctx, awaited{v.relying, func(ctx context.Context) ([]byte, error) {
			res, err := v.relying.api.GetReceiptInclusionWithResponse(ctx, v.id)
			if err != nil {
				return nil, err
			}
			return receiptOf(res.StatusCode(), res.ApplicationProblemJSONDefault, res.Body)
		}})
		if err != nil {
			return err
		}
		if err := errors.Join(d.write(v.name+".jws", []byte(v.receipt)), d.write(v.name+".receipt.json", inclusion)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Demo) exportThings() error {
	return errors.Join(d.write("notice.pdf", d.things.pdf), d.write("notice.pdf.document.json", d.things.document),
		d.write("gbt-2260-row.json", d.things.row))
}

// exportTrust writes a snapshot of the second province, and the key that it names as its own: whoever pins that one trusts
// the gateway that was asked here.
func (d *Demo) exportTrust(ctx context.Context) error {
	r := d.regions[1]
	res, err := r.api.GetSnapshotWithResponse(ctx)
	if err != nil {
		return err
	}
	if res.StatusCode() != http.StatusOK {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	key, err := offline.Exporter(bytes.NewReader(res.Body))
	if err != nil {
		return err
	}
	return errors.Join(d.write("trust.hzs", res.Body), d.write("gateway-"+r.code+".jwk.json", append(key.JWK(), '\n')))
}

func (d *Demo) writeReport() error {
	if d.o.Out == "" {
		return nil
	}
	return d.writeJSON("report.json", &d.report)
}
