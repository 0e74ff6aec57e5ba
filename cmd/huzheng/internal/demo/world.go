package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
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

const network = "huzheng-demo"

// cacheBytes is shared by all stores of the process.
const cacheBytes = 64 << 20

// region is one province with its gateway, as seen over HTTP.
type region struct {
	code, name  string
	authorities []sample.Authority
	access      Access
	api         *client.ClientWithResponses
	door        *access.Door                // of a gateway in this process; nil of one that runs elsewhere
	flush       func(context.Context) error // has it anchor at once, to save waiting; nil: it anchors in its own time
}

// begin makes the provinces, or meets those that run.
func (d *Demo) begin(ctx context.Context) error {
	d.seen = map[string]bool{}
	d.run = operations()
	if d.o.Network != "" {
		d.report.Mode = ModeFabric
		return d.meet(ctx)
	}
	d.report.Mode = ModeEmbedded
	return d.found(ctx)
}

// operations names this run in its operations' keys, so that another one on the same network is no repetition.
func operations() string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

// key is the Idempotency-Key of one of this run's operations.
func (d *Demo) key(what string) string { return "demo-" + d.run + "-" + what }

// found makes the four provinces, founds their consortium and opens their gateways on loopback ports.
func (d *Demo) found(ctx context.Context) error {
	plan, err := d.plan()
	if err != nil {
		return err
	}
	if err := d.addPages(ctx, plan); err != nil {
		return err
	}
	if d.c, err = consortium.Found(ctx, plan); err != nil {
		return err
	}
	for _, g := range d.c.Gateways {
		province, _ := gbt.Province(g.Region())
		door, err := access.Open(ctx, g, province.Chinese+"政务服务窗口", 2*workers())
		if err != nil {
			return err
		}
		d.regions = append(d.regions, &region{code: g.Region(), name: province.Chinese, door: door, api: door.API,
			access: Access{Region: g.Region(), Name: province.Chinese, URL: door.URL, Key: door.Key}, flush: g.Notary().Flush})
	}
	d.report.Network = network
	return nil
}

func (d *Demo) plan() (*consortium.Plan, error) {
	config := api.DefaultConfig()
	config.Credential = api.Rate{PerSecond: 1e6, Burst: 1e6} // the load comes from here
	config.Address = config.Credential                       // and so does what is asked while waiting
	d.cache = pebblekv.NewCache(cacheBytes)
	plan := &consortium.Plan{Network: network, Suite: d.o.Suite, LedgerDir: filepath.Join(d.o.Dir, "ledger"),
		WitnessEvery: 100 * time.Millisecond, API: config, Cache: d.cache, Logger: d.o.Logger}
	for _, code := range Regions() {
		province, _ := gbt.Province(code)
		place := gateway.Place{Dir: filepath.Join(d.o.Dir, code), Keyring: filepath.Join(d.o.Dir, code+".keyring")}
		var err error
		if place.Master, err = keys.NewMasterFile(filepath.Join(d.o.Dir, code+".master.key"), place.Dir, place.Keyring); err != nil {
			return nil, err
		}
		plan.Members = append(plan.Members, consortium.Member{Place: place, Region: attest.Region{Code: code,
			Name: province.Chinese, MSP: consortium.MSP(code), URL: "https://gw." + code + ".example"}})
	}
	return plan, nil
}

// establishTrust registers types and authorities and brings the agreements into force.
func (d *Demo) establishTrust(ctx context.Context) error {
	types, err := sample.Types()
	if err != nil {
		return err
	}
	for _, t := range types {
		if err := d.regions[0].register(ctx, d.key("type-"+string(t.Code)), t.Schema); err != nil {
			return fmt.Errorf("type %s: %w", t.Code, err)
		}
	}
	d.report.Counts.Types = len(types)
	if err := d.caughtUp(ctx); err != nil {
		return err
	}
	for _, r := range d.regions {
		if err := d.addAuthorities(ctx, r); err != nil {
			return err
		}
	}
	for _, a := range agreements() {
		if err := d.agree(ctx, a); err != nil {
			return fmt.Errorf("agreement %s: %w", a.ID, err)
		}
		d.report.Counts.Agreements++
	}
	return d.caughtUp(ctx)
}

func (d *Demo) addAuthorities(ctx context.Context, r *region) error {
	var err error
	if r.authorities, err = sample.Authorities(r.code); err != nil {
		return err
	}
	for _, s := range r.authorities {
		a := client.AuthorityRegistration{Code: string(s.Code), Name: s.Name, Division: s.Division, Parent: string(s.Parent)}
		for _, t := range s.Types {
			a.Types = append(a.Types, string(t))
		}
		res, err := r.api.RegisterAuthorityWithResponse(ctx, &client.RegisterAuthorityParams{IdempotencyKey: d.key("authority-" + a.Code)}, a)
		if err != nil {
			return err
		}
		if res.JSON201 == nil {
			return fmt.Errorf("authority %s: %w", s.Code, refused(res.ApplicationProblemJSONDefault, res.Body))
		}
		d.report.Counts.Authorities++
	}
	return nil
}

// Scenarios of the demonstration, by certificate type (跨省通办事项).
const (
	scenarioMortgage = "不动产抵押登记"
	scenarioFund     = "购房提取住房公积金"
	scenarioLicence  = "工业产品生产许可证"
	scenarioForeign  = "新生儿入户" // of no agreement
)

func scenarioOf(kind gbt.TypeCode) string {
	if kind == sample.TypeRealEstate {
		return scenarioMortgage
	}
	return scenarioLicence
}

// agreements are the three that all four provinces enter.
func agreements() []client.AgreementProposal {
	parties := slices.Sorted(slices.Values(Regions()))
	agreement := func(id, scenario string, disclose []string, types ...gbt.TypeCode) client.AgreementProposal {
		a := client.AgreementProposal{ID: id, Version: 1, Issuers: parties, Relying: parties, Scenarios: []string{scenario},
			Conditions: client.Conditions{Disclose: disclose}, From: time.Now().Add(-time.Hour).Unix()}
		for _, t := range types {
			a.Types = append(a.Types, string(t))
		}
		return a
	}
	return []client.AgreementProposal{
		agreement("kstb-mortgage", scenarioMortgage, []string{gbt.FieldHolderName, "estateUnitNumber"}, sample.TypeRealEstate),
		agreement("kstb-fund", scenarioFund, []string{gbt.FieldHolderName}, sample.TypeRealEstate),
		agreement("kstb-licence", scenarioLicence, []string{gbt.FieldHolderName, gbt.FieldHolderCode}, sample.TypeConstructor,
			sample.TypeOperation),
	}
}

// agree has the first province propose and the others approve what they read on their own replica.
func (d *Demo) agree(ctx context.Context, proposal client.AgreementProposal) error {
	a, err := d.propose(ctx, proposal)
	if err != nil {
		return err
	}
	if err := d.caughtUp(ctx); err != nil {
		return err
	}
	for _, r := range d.regions {
		if slices.Contains(a.Approved, r.code) {
			continue
		}
		approved, err := r.api.ApproveAgreementWithResponse(ctx, proposal.ID, proposal.Version,
			&client.ApproveAgreementParams{IdempotencyKey: d.key("approve-" + proposal.ID)}, client.AgreementApproval{Digest: a.Digest})
		if err != nil {
			return err
		}
		if approved.JSON200 == nil {
			return refused(approved.ApplicationProblemJSONDefault, approved.Body)
		}
	}
	return nil
}

// propose proposes, unless an earlier run has: its terms were the same but for the day that they begin.
func (d *Demo) propose(ctx context.Context, proposal client.AgreementProposal) (*client.Agreement, error) {
	known, err := d.regions[0].api.ListAgreementsWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	if known.JSON200 == nil {
		return nil, refused(known.ApplicationProblemJSONDefault, known.Body)
	}
	for i := range known.JSON200.Agreements {
		if a := &known.JSON200.Agreements[i]; a.ID == proposal.ID && a.Version == proposal.Version {
			return a, nil
		}
	}
	res, err := d.regions[0].api.ProposeAgreementWithResponse(ctx, &client.ProposeAgreementParams{
		IdempotencyKey: d.key("propose-" + proposal.ID)}, proposal)
	if err != nil {
		return nil, err
	}
	if res.JSON201 == nil {
		return nil, refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	return res.JSON201, nil
}

// register registers a type, whose bytes have to stay as they are.
func (r *region) register(ctx context.Context, key string, schema []byte) error {
	res, err := r.api.RegisterTypeWithBodyWithResponse(ctx, &client.RegisterTypeParams{IdempotencyKey: key}, "application/json",
		bytes.NewReader(schema))
	if err != nil {
		return err
	}
	if res.JSON201 == nil {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	return nil
}

// refused makes an error of an answer that is not the one that was asked for.
func refused(p *client.Problem, body []byte) error {
	if p == nil {
		return fmt.Errorf("an answer of %d bytes that is none", len(body))
	}
	err := &attest.Error{Code: attest.Code(p.Code), Detail: p.Title + " " + p.Detail}
	if len(p.Errors) > 0 {
		err.Detail += " " + p.Errors[0].Pointer + " " + p.Errors[0].Code
	}
	return err
}
