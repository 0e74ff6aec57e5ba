package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// things are the file and the dataset row that are proved beside the certificates.
type things struct {
	pdf      []byte
	document []byte // as the gateway answered, with salt and receipt
	row      []byte // the row's proof
	version  int32  // of the dataset that the row is of
}

const datasetID = "gbt-2260"

// recordThings has one province record a file and publish a table, and another one check both.
func (d *Demo) recordThings(ctx context.Context) error {
	home, other := d.regions[0], d.regions[3]
	authority, err := home.authorityFor(sample.TypeRealEstate)
	if err != nil {
		return err
	}
	d.things.pdf = notice("Huzheng: an example notice of a registry (synthetic)")
	if err := d.recordDocument(ctx, home, string(authority.Code)); err != nil {
		return fmt.Errorf("record a document: %w", err)
	}
	if err := d.publishDivisions(ctx, home, string(authority.Code)); err != nil {
		return fmt.Errorf("publish a dataset: %w", err)
	}
	// The same operation again answers with the receipt as soon as there is one.
	d.open = append(d.open, awaited{home, func(ctx context.Context) ([]byte, error) {
		if err := d.recordDocument(ctx, home, string(authority.Code)); err != nil {
			return nil, err
		}
		var recorded client.Document
		if err := json.Unmarshal(d.things.document, &recorded); err != nil {
			return nil, err
		}
		if len(recorded.Receipt) == 0 {
			return nil, attest.Errorf(attest.CodeNotAnchoredYet, "the document's batch is on its way")
		}
		return recorded.Receipt, nil
	}}, awaited{home, func(ctx context.Context) ([]byte, error) { return d.proveRow(ctx, home, other) }})
	if err := d.anchorAll(ctx); err != nil {
		return err
	}
	if err := d.checkDocument(ctx, home, other); err != nil {
		return fmt.Errorf("check a document: %w", err)
	}
	return d.checkRow(ctx, home, other)
}

func (d *Demo) recordDocument(ctx context.Context, r *region, authority string) error {
	res, err := r.api.RecordDocumentWithBodyWithResponse(ctx, &client.RecordDocumentParams{IdempotencyKey: d.key("document-1"),
		Authority: authority}, "application/octet-stream", bytes.NewReader(d.things.pdf))
	if err != nil {
		return err
	}
	if res.JSON201 == nil {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	d.things.document = res.Body
	d.report.Counts.Documents = 1
	return nil
}

func (d *Demo) checkDocument(ctx context.Context, home, other *region) error {
	var recorded client.Document
	if err := json.Unmarshal(d.things.document, &recorded); err != nil {
		return err
	}
	digest := d.o.Suite.Sum(d.things.pdf)
	res, err := other.api.CheckDocumentWithResponse(ctx, client.DocumentCheck{
		Digest: base64.RawURLEncoding.EncodeToString(digest[:]), Salt: recorded.Salt, Receipt: recorded.Receipt})
	if err != nil {
		return err
	}
	if res.JSON200 == nil {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	return d.noteThing("document", "PDF 文件", "已存证", home, other, res.JSON200)
}

// publishDivisions publishes the table of provinces (GB/T 2260) and anchors its first version.
func (d *Demo) publishDivisions(ctx context.Context, r *region, authority string) error {
	entry := client.DatasetEntry{Authority: authority, Name: "省级行政区划代码（GB/T 2260）", Grade: "general", Sharing: "open",
		UpdatePeriod: "每年", Fields: []string{"code", "name", "english"}}
	res, err := r.api.PublishDatasetWithResponse(ctx, datasetID, &client.PublishDatasetParams{IdempotencyKey: d.key("dataset-1")}, entry)
	if err != nil {
		return err
	}
	if res.JSON200 == nil {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	var table strings.Builder
	table.WriteString("code,name,english\n")
	for _, p := range gbt.Provinces() {
		fmt.Fprintf(&table, "%s,%s,%s\n", p.Code, p.Chinese, p.English)
	}
	version, err := r.api.AddDatasetVersionWithBodyWithResponse(ctx, datasetID,
		&client.AddDatasetVersionParams{IdempotencyKey: d.key("version-1")}, "text/csv", strings.NewReader(table.String()))
	if err != nil {
		return err
	}
	if version.JSON201 == nil {
		return refused(version.ApplicationProblemJSONDefault, version.Body)
	}
	d.report.Counts.DatasetRows, d.things.version = int(version.JSON201.Rows), version.JSON201.Version
	return nil
}

// proveRow proves the row of one province, once its version is anchored, and gives the receipt that the proof holds.
func (d *Demo) proveRow(ctx context.Context, home, other *region) (receipt []byte, err error) {
	row := int64(-1)
	for i, p := range gbt.Provinces() {
		if p.Code == other.code {
			row = int64(i)
		}
	}
	proof, err := home.api.ProveRowWithResponse(ctx, datasetID, d.things.version, row)
	if err != nil {
		return nil, err
	}
	if proof.StatusCode() != http.StatusOK {
		return nil, refused(proof.ApplicationProblemJSONDefault, proof.Body)
	}
	d.things.row = proof.Body
	var in struct{ Receipt json.RawMessage }
	err = json.Unmarshal(proof.Body, &in)
	return in.Receipt, err
}

// checkRow has another gateway check the row's proof.
func (d *Demo) checkRow(ctx context.Context, home, other *region) error {
	res, err := other.api.CheckRowWithBodyWithResponse(ctx, "application/json", bytes.NewReader(d.things.row))
	if err != nil {
		return err
	}
	if res.JSON200 == nil {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	return d.noteThing("dataset_row", "GB/T 2260 数据行", "已存证", home, other, res.JSON200)
}

func (d *Demo) noteThing(kind, what, story string, home, other *region, r *client.CheckResult) error {
	d.report.Cases = append(d.report.Cases, Case{Kind: kind, Want: attest.Valid, Result: attest.Result(r.Result),
		Code: attest.Code(r.Code), Zh: r.Reason.Zh, En: r.Reason.En, Issuer: home.code, Relying: other.code, What: what, Story: story})
	if attest.Result(r.Result) != attest.Valid {
		return fmt.Errorf("the %s comes to %s (%s)", kind, r.Result, r.Code)
	}
	return nil
}
