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

// judgeMany judges presentations on one goroutine with one processor, from the index, with all checks, for about as long
// as asked for; it gives how many a second. bound: with key binding, which is a second signature to check.
func (w *world) judgeMany(list []presented, bound bool, during time.Duration) (float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	request := attest.Request{Relying: relyingRegion, Verifier: "bench", UseCause: "bench", Scenario: scenario}
	if bound {
		request.Audience, request.Nonce = audience(), nonce
	}
	start := time.Now()
	n := 0
	for time.Since(start) < during {
		for i := range list {
			text := list[i].text
			if bound {
				text = list[i].bound
			}
			request.Now = time.Now().Unix()
			var v *attest.Verdict
			err := w.relying.Index().Read(func(view registry.View) error {
				v = attest.Judge(registry.Gather(view, text, list[i].receipt, request, attest.DefaultPolicy()))
				return nil
			})
			if err != nil {
				return 0, err
			}
			if v.Result != attest.Valid {
				return 0, fmt.Errorf("a presentation comes to %s (%s)", v.Result, v.Code)
			}
			n++
		}
	}
	return perSecond(n, time.Since(start)), nil
}

// judge measures verdicts in process, without and with key binding.
func (w *world) judge(list []presented, during time.Duration) ([]*Row, error) {
	plain, err := w.judgeMany(list, false, during)
	if err != nil {
		return nil, err
	}
	bound, err := w.judgeMany(list, true, during)
	if err != nil {
		return nil, err
	}
	return []*Row{
		{Name: "verify", Zh: "核验 4 个字段的出示，单核", En: "verify a presentation of 4 disclosed fields, all checks, one core", Unit: "/s",
			Promise: 8000, Reached: plain, Note: "key binding off"},
		{Name: "verify_bound", Zh: "同上，含持证人绑定", En: "the same with key binding", Unit: "/s", Reached: bound,
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
