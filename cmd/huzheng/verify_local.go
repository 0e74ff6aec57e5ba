package main

import (
	"bytes"
	"context"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/offline"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

// localCaller stands in receipts and in the audit log for a command on the data folder itself, which no API key asks for.
const localCaller = "huzheng"

// localJudge judges with the gateway of a data folder that is open in this process. Certificates are judged as for the
// API: recorded and with a receipt.
type localJudge struct {
	l *local
	f *verifyFlags
}

func (j *localJudge) close() error { return j.l.close() }

func (j *localJudge) trust() *trustReport {
	return &trustReport{Gateway: j.f.store.dir, Region: j.l.Region()}
}

func (j *localJudge) judge(ctx context.Context, i *item) (*verdictReport, error) {
	if i.kind != offline.KindCertificate {
		request := attest.Request{Relying: j.l.Region(), Now: time.Now().Unix()}
		age := time.Duration(attest.DefaultPolicy().MaxIndexAge) * time.Second
		return judgeLeaf(&offline.Judge{View: j.l.Index(), Request: request, MaxAge: age}, i)
	}
	request := i.expects(j.f.request)
	request.Verifier = localCaller
	answer, err := j.l.Verifier().Verify(ctx, &verify.Submission{Presentation: bytes.TrimSpace(i.data),
		Receipt: bytes.TrimSpace(i.receipt), Credential: localCaller, Request: request})
	if err != nil {
		return nil, err
	}
	out := reportOf(&offline.Judgement{Verdict: answer.Verdict, Claims: answer.Claims})
	out.Receipt = string(answer.Receipt)
	return out, nil
}
