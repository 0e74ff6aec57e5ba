package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/access"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

const (
	issuerRegion  = "440000"
	relyingRegion = "510000"
	scenario      = "工业产品生产许可证"
	typeCode      = "11100000000013338W999" // of this measurement alone
	fieldCount    = 12
)

// world is two regions on one ledger: one issues, the other relies.
type world struct {
	dir             string
	c               *consortium.Consortium
	issuer, relying *gateway.Gateway
	door            *access.Door // of the relying region
	home            *access.Door // of the issuing one
	authority       sample.Authority
	cache           *pebblekv.Cache
	suite           attest.Suite
}

func newWorld(ctx context.Context, dir string, suite attest.Suite, logger *slog.Logger) (*world, error) {
	w := &world{dir: dir, suite: suite, cache: pebblekv.NewCache(256 << 20)}
	limits := api.DefaultConfig()
	limits.Credential = api.Rate{PerSecond: 1e9, Burst: 1e9} // the load comes from here
	plan := &consortium.Plan{Network: "huzheng-bench", Suite: suite, LedgerDir: filepath.Join(dir, "ledger"), API: limits,
		WitnessEvery: 200 * time.Millisecond, Cache: w.cache, Logger: logger}
	for _, code := range []string{issuerRegion, relyingRegion} {
		place := gateway.Place{Dir: filepath.Join(dir, code), Keyring: filepath.Join(dir, code+".keyring")}
		var err error
		if place.Master, err = keys.NewMasterFile(filepath.Join(dir, code+".master.key"), place.Dir, place.Keyring); err != nil {
			return nil, err
		}
		plan.Members = append(plan.Members, consortium.Member{Place: place, Region: attest.Region{Code: code, Name: code,
			MSP: consortium.MSP(code), URL: "https://gw." + code + ".example"}})
	}
	var err error
	if w.c, err = consortium.Found(ctx, plan); err != nil {
		return nil, err
	}
	w.issuer, w.relying = w.c.Gateway(issuerRegion), w.c.Gateway(relyingRegion)
	if err := w.furnish(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// furnish registers the type of twelve fields, its authority and the agreement, and opens the doors.
func (w *world) furnish(ctx context.Context) error {
	authorities, err := sample.Authorities(issuerRegion)
	if err != nil {
		return err
	}
	w.authority = authorities[0]
	if err := w.issuer.AddType(ctx, benchType()); err != nil {
		return err
	}
	a := attest.Authority{Code: string(w.authority.Code), Name: w.authority.Name, Division: w.authority.Division, Types: []string{typeCode}}
	if err := w.issuer.AddAuthority(ctx, a); err != nil {
		return err
	}
	connections := 64
	if w.home, err = access.Open(ctx, w.issuer, "bench", connections); err != nil {
		return err
	}
	if w.door, err = access.Open(ctx, w.relying, "bench", connections); err != nil {
		return err
	}
	return w.agree(ctx)
}

func (w *world) agree(ctx context.Context) error {
	proposed, err := w.home.API.ProposeAgreementWithResponse(ctx, &client.ProposeAgreementParams{IdempotencyKey: "bench-propose"},
		client.AgreementProposal{ID: "bench", Version: 1, Issuers: []string{issuerRegion}, Relying: []string{relyingRegion},
			Types: []string{typeCode}, Scenarios: []string{scenario}, From: time.Now().Add(-time.Hour).Unix(),
			Conditions: client.Conditions{Disclose: []string{gbt.FieldHolderName}}})
	if err != nil {
		return err
	}
	if proposed.JSON201 == nil {
		return fmt.Errorf("propose: %s", proposed.Body)
	}
	if err := w.c.CaughtUp(ctx); err != nil {
		return err
	}
	approved, err := w.door.API.ApproveAgreementWithResponse(ctx, "bench", 1, &client.ApproveAgreementParams{IdempotencyKey: "bench-approve"},
		client.AgreementApproval{Digest: proposed.JSON201.Digest})
	if err == nil && approved.JSON200 == nil {
		err = fmt.Errorf("approve: %s", approved.Body)
	}
	return err
}

// fieldNames are the twelve fields, each of GB/T 36903.
func fieldNames() []string {
	names := []string{gbt.FieldName, gbt.FieldTypeCode, gbt.FieldNumber, gbt.FieldIdentifier, gbt.FieldAuthorityName,
		gbt.FieldAuthorityCode, gbt.FieldIssuedDate, gbt.FieldHolderName, gbt.FieldHolderCode, gbt.FieldHolderTypeCode,
		gbt.FieldEffectiveDate, gbt.FieldExpiringDate}
	return names[:fieldCount]
}

func benchType() attest.CertificateType {
	properties, grades := map[string]any{}, map[string]attest.Grade{}
	for _, name := range fieldNames() {
		properties[name] = map[string]any{"type": "string", "minLength": 1, "maxLength": 128}
		grades[name] = attest.GradeGeneral
	}
	schema, _ := json.Marshal(map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
		"properties": properties, "required": fieldNames(), "additionalProperties": false})
	return attest.CertificateType{Code: typeCode, Version: 1, Name: "度量用证照", Schema: schema, Grades: grades}
}

func (w *world) close() error {
	var errs []error
	for _, d := range []*access.Door{w.home, w.door} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	errs = append(errs, w.c.Close())
	w.cache.Close()
	return errors.Join(errs...)
}

func workers() int { return 2 * runtime.GOMAXPROCS(0) }
