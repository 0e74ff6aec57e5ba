package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// verdict is the answer that one case got.
type verdict struct {
	name    string
	relying *region
	receipt string // 核验回执
	id      string
}

// script is one case: whose certificate, judged where, and what happened to it on the way.
type script struct {
	want     attest.Result
	story    string
	from, at int // regions
	kind     gbt.TypeCode
	scenario string // empty: the one of the type's agreement
	prepare  func(ctx context.Context, d *Demo, r *region) (*kept, error)
	alter    func(presentation string) (string, error)
	useCause string
}

// ordinary numbers of certificates that the bulk does not reach.
const (
	numberShortLived = sample.MaxRecord - 1 - iota
	numberRevoked
	numberSuspended
	numberSuperseded
	numberSuccessor
	numberFuture
	numberAlsoHeld
	numberFresh
)

// scripts are one of every kind of verdict, each judged by another province than the issuer's.
func scripts() []script {
	return []script{
		{want: attest.Valid, story: "在有效期内，已上链", from: 0, at: 1, kind: sample.TypeRealEstate, prepare: fromBulk(0),
			useCause: "办理异地不动产抵押登记"},
		{want: attest.Valid, story: "另一事项下核验", from: 1, at: 2, kind: sample.TypeRealEstate, scenario: scenarioFund, prepare: fromBulk(1),
			useCause: "异地购房提取公积金"},
		{want: attest.Invalid, story: "出示时被改了姓名", from: 2, at: 0, kind: sample.TypeRealEstate, prepare: fromBulk(2), alter: forgeName,
			useCause: "办理异地不动产抵押登记"},
		{want: attest.Revoked, story: "颁发机构已吊销", from: 3, at: 0, kind: sample.TypeConstructor,
			prepare: withStatus(numberRevoked, "revoked", gbt.StateRevoked), useCause: "审查人员资格"},
		{want: attest.Suspended, story: "颁发机构已暂扣", from: 1, at: 3, kind: sample.TypeOperation,
			prepare: withStatus(numberSuspended, "suspended", gbt.StateSuspended), useCause: "审查特种作业资格"},
		{want: attest.Expired, story: "有效期刚过", from: 0, at: 2, kind: sample.TypeOperation, prepare: shortLived,
			useCause: "审查特种作业资格"},
		{want: attest.NotYetValid, story: "下月起有效", from: 2, at: 3, kind: sample.TypeConstructor, prepare: future, useCause: "审查人员资格"},
		{want: attest.Superseded, story: "换发了新证", from: 3, at: 1, kind: sample.TypeRealEstate, prepare: superseded,
			useCause: "办理异地不动产抵押登记"},
		{want: attest.NotRecognised, story: "该事项没有互认协议", from: 0, at: 3, kind: sample.TypeConstructor, scenario: scenarioForeign,
			prepare: fromBulk(3), useCause: "为新生儿办理落户"},
		{want: attest.Undetermined, story: "刚签发，尚未上链", from: 1, at: 0, kind: sample.TypeConstructor, prepare: fresh, useCause: "审查人员资格"},
	}
}

// judgeAll prepares every case, waits until the provinces agree on what was done, and has each judged.
func (d *Demo) judgeAll(ctx context.Context) error {
	list := scripts()
	subjects := make([]*kept, len(list))
	for i := range list {
		s := &list[i]
		if s.want == attest.Undetermined {
			continue // is made at the moment when it is shown
		}
		var err error
		if subjects[i], err = s.prepare(ctx, d, d.regions[s.from]); err != nil {
			return fmt.Errorf("case %s: %w", s.want, err)
		}
	}
	if err := d.anchorAll(ctx); err != nil {
		return err
	}
	for i := range list {
		if err := d.judgeOne(ctx, &list[i], subjects[i]); err != nil {
			return fmt.Errorf("case %s: %w", list[i].want, err)
		}
	}
	return nil
}

func (d *Demo) judgeOne(ctx context.Context, s *script, k *kept) (err error) {
	relying := d.regions[s.at]
	if k == nil {
		if k, err = s.prepare(ctx, d, d.regions[s.from]); err != nil {
			return err
		}
	} else if err := k.fetchReceipt(ctx); err != nil {
		return err
	}
	nonce := nonceOf(d.o.Seed, len(d.shown))
	presentation, err := k.present(ctx, relying, nonce)
	if err != nil {
		return err
	}
	if s.alter != nil {
		if presentation, err = s.alter(presentation); err != nil {
			return err
		}
	}
	if s.scenario == "" {
		s.scenario = scenarioOf(s.kind)
	}
	res, err := relying.api.VerifyWithResponse(ctx, client.VerificationRequest{Presentation: presentation, Receipt: k.receipt,
		UseCause: s.useCause, Scenario: s.scenario, Audience: audience(relying), Nonce: nonce})
	if err != nil {
		return err
	}
	if res.JSON200 == nil {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	return d.note(s, k, relying, res.JSON200)
}

// note writes a case into the report. Another verdict than the expected one ends the demonstration.
func (d *Demo) note(s *script, k *kept, relying *region, v *client.Verification) error {
	result := attest.Result(v.Result)
	d.report.Verdicts[result]++
	chinese, _, _ := gbt.TypeName(k.kind)
	d.report.Cases = append(d.report.Cases, Case{Kind: "certificate", Want: s.want, Result: result, Code: attest.Code(v.Code),
		Zh: v.Reason.Zh, En: v.Reason.En, Issuer: k.r.code, Relying: relying.code, What: chinese, Story: s.story,
		Scenario: s.scenario, Receipt: v.ReceiptID})
	d.shown = append(d.shown, &verdict{name: fmt.Sprintf("verdict-%02d-%s", len(d.shown)+1, result), relying: relying,
		receipt: v.Receipt, id: v.ReceiptID})
	if result != s.want {
		return fmt.Errorf("the verdict is %s (%s)", result, v.Code)
	}
	return nil
}

func audience(r *region) string { return "https://gw." + r.code + ".example" }

// nonceOf is what a verifier asks to be bound to. It is drawn from the seed so that runs can be compared; a real one is
// random.
func nonceOf(seed uint64, n int) string { return fmt.Sprintf("demo-%016x-%04d", seed, n) }

// present has the home gateway disclose the fields that the agreements ask for, bound to the verifier's nonce.
func (k *kept) present(ctx context.Context, to *region, nonce string) (string, error) {
	fields := []string{gbt.FieldHolderName, gbt.FieldHolderCode}
	if k.kind == sample.TypeRealEstate {
		fields = []string{gbt.FieldHolderName, "estateUnitNumber"}
	}
	res, err := k.r.api.PresentCertificateWithResponse(ctx, k.id, client.PresentationRequest{Fields: fields, Audience: audience(to), Nonce: nonce})
	if err != nil {
		return "", err
	}
	if res.JSON200 == nil {
		return "", refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	return res.JSON200.Presentation, nil
}

// fromBulk takes one of the certificates that were issued in bulk.
func fromBulk(n int) func(context.Context, *Demo, *region) (*kept, error) {
	return func(_ context.Context, d *Demo, r *region) (*kept, error) {
		want := sample.TypeRealEstate
		if n == 3 {
			want = sample.TypeConstructor
		}
		for _, k := range d.kept {
			if k.r == r && k.kind == want && k.number == n {
				return k, nil
			}
		}
		return nil, fmt.Errorf("certificate %d of %s was not kept", n, r.code)
	}
}

// forgeName writes another name into the disclosure that carries it, as a forger would: everything else stays.
func forgeName(presentation string) (string, error) {
	parts := strings.Split(presentation, "~")
	for i, part := range parts[1 : len(parts)-1] {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return "", err
		}
		var disclosure []string
		if json.Unmarshal(text, &disclosure) != nil || len(disclosure) != 3 || disclosure[1] != gbt.FieldHolderName {
			continue
		}
		forged := bytes.Replace(text, []byte(disclosure[2]), []byte("伪造者"), 1)
		parts[i+1] = base64.RawURLEncoding.EncodeToString(forged)
		return strings.Join(parts, "~"), nil
	}
	return "", fmt.Errorf("the presentation does not disclose the name")
}

func nothing(*client.NewCertificate) {}

// withStatus issues a certificate and has its authority change the status.
func withStatus(number int, state string, reason gbt.CertificateState) func(context.Context, *Demo, *region) (*kept, error) {
	return func(ctx context.Context, d *Demo, r *region) (*kept, error) {
		kind := sample.TypeConstructor
		if state == "suspended" {
			kind = sample.TypeOperation
		}
		k, err := d.issueOne(ctx, r, kind, number, nothing)
		if err != nil {
			return nil, err
		}
		return k, d.setStatus(ctx, k, client.StatusEntry{Certificate: k.id, State: client.StatusEntryState(state),
			Reason: client.StatusEntryReason(reason)})
	}
}

func (d *Demo) setStatus(ctx context.Context, k *kept, entry client.StatusEntry) error {
	authority, err := k.r.authorityFor(k.kind)
	if err != nil {
		return err
	}
	res, err := k.r.api.SetStatusWithResponse(ctx, &client.SetStatusParams{IdempotencyKey: "demo-status-" + k.id},
		client.StatusRequest{Authority: string(authority.Code), Entries: []client.StatusEntry{entry}})
	if err != nil {
		return err
	}
	if res.JSON200 == nil {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	d.reached = max(d.reached, res.JSON200.Block)
	return nil
}

// superseded issues a certificate and the one that takes its place.
func superseded(ctx context.Context, d *Demo, r *region) (*kept, error) {
	old, err := d.issueOne(ctx, r, sample.TypeRealEstate, numberSuperseded, nothing)
	if err != nil {
		return nil, err
	}
	successor, err := d.issueOne(ctx, r, sample.TypeRealEstate, numberSuccessor, nothing)
	if err != nil {
		return nil, err
	}
	return old, d.setStatus(ctx, old, client.StatusEntry{Certificate: old.id, State: "superseded", Reason: "06", Successor: successor.id})
}

// future issues a certificate whose validity begins next month.
func future(ctx context.Context, d *Demo, r *region) (*kept, error) {
	return d.issueOne(ctx, r, sample.TypeConstructor, numberFuture, func(c *client.NewCertificate) {
		c.ValidFrom = time.Now().AddDate(0, 1, 0).Unix()
	})
}

// lifeOfShort is how long the certificate lives that is to have run out: long enough to be issued and anchored.
const lifeOfShort = 2 * time.Second

// issueShortLived issues it before everything else, so that its time passes while the others are issued.
func (d *Demo) issueShortLived(ctx context.Context) error {
	s := scripts()
	for i := range s {
		if s[i].want != attest.Expired {
			continue
		}
		end := time.Now().Add(lifeOfShort).Truncate(time.Second).Add(time.Second)
		k, err := d.issueOne(ctx, d.regions[s[i].from], s[i].kind, numberShortLived, func(c *client.NewCertificate) {
			c.ValidUntil = end.Unix()
		})
		if err != nil {
			return err
		}
		d.short, d.shortEnds = k, end
	}
	return nil
}

// shortLived waits until its end has come, which in a demonstration of some size it has.
func shortLived(ctx context.Context, d *Demo, _ *region) (*kept, error) {
	timer := time.NewTimer(time.Until(d.shortEnds))
	defer timer.Stop()
	select {
	case <-timer.C:
		return d.short, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fresh issues a certificate and asks for its receipt before its batch has closed. Where a batch was anchored in between
// there is a receipt already, and the next one is tried.
func fresh(ctx context.Context, d *Demo, r *region) (*kept, error) {
	for attempt := range 100 {
		k, err := d.issueOne(ctx, r, sample.TypeConstructor, numberFresh-attempt, nothing)
		if err != nil {
			return nil, err
		}
		err = k.fetchReceipt(ctx)
		if attest.CodeOf(err) == attest.CodeNotAnchoredYet {
			return k, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("every certificate was anchored before it could be shown")
}
