package bench

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

// pace is how fast verdicts came, and between them bare checks of a signature.
type pace struct{ verdicts, signatures float64 } // a second

// cost is a verdict's time in bare signature checks: neighbours on the machine slow both alike, so it says what a verdict
// takes whatever else goes on.
func (p pace) cost() float64 { return p.signatures / p.verdicts }

// rounds is how often a measurement is made of which the best counts.
const rounds = 5

// judgeBest is the fastest pace of each among some rounds of judgeMany.
func (w *world) judgeBest(list []presented, bound bool, during time.Duration) (best pace, err error) {
	for range rounds {
		p, err := w.judgeMany(list, bound, during/rounds)
		if err != nil {
			return pace{}, err
		}
		best.verdicts, best.signatures = max(best.verdicts, p.verdicts), max(best.signatures, p.signatures)
	}
	return best, nil
}

// judgeMany judges presentations on one goroutine with one processor, from the index, with all checks, for about as long
// as asked for. bound: with key binding, which is a second signature to check.
func (w *world) judgeMany(list []presented, bound bool, during time.Duration) (pace, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	request := attest.Request{Relying: relyingRegion, Verifier: "bench", UseCause: "bench", Scenario: scenario}
	if bound {
		request.Audience, request.Nonce = audience(), nonce
	}
	var judging, checking time.Duration
	n, checked := 0, 0
	for judging < during {
		start := time.Now()
		for i := range list {
			if err := w.judgeOne(&list[i], bound, request); err != nil {
				return pace{}, err
			}
			n++
		}
		between := time.Now()
		judging += between.Sub(start)
		for i := range list[:len(list)/4] {
			if err := w.checkSignature(&list[i]); err != nil {
				return pace{}, err
			}
			checked++
		}
		checking += time.Since(between)
	}
	return pace{verdicts: perSecond(n, judging), signatures: perSecond(checked, checking)}, nil
}

func (w *world) judgeOne(p *presented, bound bool, request attest.Request) error {
	text := p.text
	if bound {
		text = p.bound
	}
	request.Now = time.Now().Unix()
	var v *attest.Verdict
	err := w.relying.Index().Read(func(view registry.View) error {
		v = attest.Judge(registry.Gather(view, text, p.receipt, request, attest.DefaultPolicy()))
		return nil
	})
	if err == nil && v.Result != attest.Valid {
		err = fmt.Errorf("a presentation comes to %s (%s)", v.Result, v.Code)
	}
	return err
}

// checkSignature checks a presentation's issuer signature and nothing else.
func (w *world) checkSignature(p *presented) error {
	sd, err := attest.ParseSDJWT(p.text, attest.Limits{})
	if err != nil {
		return err
	}
	key, err := w.relying.Index().Key(sd.Issuer.KeyID)
	if err != nil {
		return err
	}
	return sd.Issuer.Verify(key.Public)
}

// judge measures verdicts in process, without and with key binding.
func (w *world) judge(list []presented, during time.Duration) ([]*Row, error) {
	plain, err := w.judgeBest(list, false, during)
	if err != nil {
		return nil, err
	}
	bound, err := w.judgeBest(list, true, during)
	if err != nil {
		return nil, err
	}
	return []*Row{
		{Name: "verify", Zh: "核验 4 个字段的出示，单核", En: "verify a presentation of 4 disclosed fields, all checks, one core", Unit: "/s",
			Promise: 8000, Reached: plain.verdicts, Note: "key binding off"},
		{Name: "verify_bound", Zh: "同上，含持证人绑定", En: "the same with key binding", Unit: "/s", Reached: bound.verdicts,
			Note: "key binding on: a second signature to check"},
	}, nil
}

// receipted measures what a gateway answers in process: the verdict, its signed receipt, and the audit record on the disk.
func (w *world) receipted(ctx context.Context, list []presented, n int) (*Row, error) {
	submissions := make([]verify.Submission, n)
	for i := range submissions {
		p := &list[i%len(list)]
		submissions[i] = verify.Submission{Presentation: p.text, Receipt: p.receipt, Credential: "bench",
			Request: attest.Request{Verifier: "bench", UseCause: "bench", Scenario: scenario}}
	}
	start := time.Now()
	for at := 0; at < n; at += verify.MaxMany {
		for _, o := range w.relying.Verifier().VerifyMany(ctx, submissions[at:min(n, at+verify.MaxMany)], 32) {
			if o.Err != nil {
				return nil, o.Err
			}
			if o.Answer.Verdict.Result != attest.Valid {
				return nil, fmt.Errorf("a presentation comes to %s", o.Answer.Verdict.Result)
			}
		}
	}
	return &Row{Name: "verify_receipted", Zh: "核验并签发回执、审计落盘", En: "verify, sign the receipt, sync the audit record; in process, all cores", Unit: "/s",
		Reached: perSecond(n, time.Since(start)), Note: "in process, all cores: bounds the figure over HTTP"}, nil
}
