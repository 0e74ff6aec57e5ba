package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/offline"
)

// verifyFlags are the flags of verify.
type verifyFlags struct {
	remote   remoteFlags
	store    storeFlags
	snapshot string
	trustKey string
	maxAge   time.Duration
	receipt  string
	salt     string
	request  attest.Request
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify FILE…",
		Short: "核验证照、文件、数据行、核验回执 · verify documents of every kind",
		Long: `识别并核验：证照出示（SD-JWT）、本系统打印的 PDF、自包含出示（.hzp 或二维码图片）、已存证的文件、
数据行证明（JSON）、核验回执（JWS）。PDF 以附件为准，输出的是附件中的字段，页面文字不作依据。
分在几个二维码里的自包含出示，把各张图片一起给出，次序不限；一张图里有几个码也可以。
存证回执取同名的 NAME.receipt.json；文件的盐取 FILE.document.json（网关存证时给出），或用 --salt、--receipt 指明。

离线（--snapshot）时只信任一把事先固定的网关密钥：--trust-key 指明，或由 huzheng snapshot trust 固定。
快照之后的吊销不在其中，结论因此注明截至时间；超过 --max-age 即无法判定。

Detects and verifies presentations (SD-JWT), recorded files, proofs of dataset rows and verification
receipts. What several QR codes show is read from a picture of each, in any order, or from one picture of all.
Inclusion receipts are read from NAME.receipt.json beside the file. Offline, one gateway key that
was pinned beforehand is trusted, and nothing else; what was revoked after the snapshot is not in it.`,
		Example: `  huzheng verify cert.sdjwt --snapshot trust.hzs --trust-key gw.jwk.json \
      --scenario 不动产抵押登记 --use-cause "办理抵押登记"
  huzheng verify demo-out/*.sdjwt --api https://gw.example --scenario 工业产品生产许可证 --use-cause 资格审查
  huzheng verify report.pdf --snapshot trust.hzs
  huzheng verify certificate.pdf photo.jpg shown.hzp --snapshot trust.hzs --scenario 不动产抵押登记 --use-cause "办理抵押登记"
  huzheng verify cert.sdjwt --data ./gd --scenario 不动产抵押登记 --use-cause 抽查 --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return a.verify(cmd.Context(), &f, files) },
	}
	f.remote.register(c)
	f.store.register(c)
	s := c.Flags()
	s.StringVar(&f.snapshot, "snapshot", "", "信任快照文件（离线核验）· trust snapshot, for verifying offline")
	s.StringVar(&f.trustKey, "trust-key", "", "所信任网关的公钥（JWK 文件）· the gateway key that is trusted")
	s.DurationVar(&f.maxAge, "max-age", offline.DefaultMaxAge, "快照最多多旧 · how old the snapshot may be")
	s.StringVar(&f.receipt, "receipt", "", "存证回执文件 · inclusion receipt, for one file")
	s.StringVar(&f.salt, "salt", "", "文件存证的盐 · salt that a document was recorded with")
	s.StringVar(&f.request.Scenario, "scenario", "", "办理事项 · item of business, as agreements name it")
	s.StringVar(&f.request.UseCause, "use-cause", "", "用证事由 · what the verification is for")
	s.StringVar(&f.request.Relying, "region", "", "核验方所在省（离线；默认为快照的省）· region that verifies, offline")
	s.StringVar(&f.request.Audience, "audience", "", "持证人绑定的对象 · whom the key binding must be addressed to")
	s.StringVar(&f.request.Nonce, "nonce", "", "持证人绑定的随机数 · nonce that the key binding must carry")
	c.MarkFlagsMutuallyExclusive("snapshot", "api", "data")
	c.MarkFlagsOneRequired("snapshot", "api", "data")
	return c
}

// judge judges one file. An error means that no answer could be given.
type judge interface {
	judge(ctx context.Context, i *item) (*verdictReport, error)
	trust() *trustReport
	close() error
}

func (a *app) verify(ctx context.Context, f *verifyFlags, files []string) error {
	items, err := readItems(ctx, files, f.receipt, f.salt)
	if err != nil {
		return err
	}
	if err := f.needsPurpose(items); err != nil {
		return err
	}
	j, err := a.openJudge(ctx, f)
	if err != nil {
		return err
	}
	report := verifyReport{Trust: j.trust(), Summary: map[attest.Result]int{}}
	for i := range items {
		v, err := j.judge(ctx, &items[i])
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", items[i].name, err), j.close())
		}
		v.File, v.Kind, v.Carrier = items[i].name, items[i].kind, items[i].carrier
		v.speakOfKind()
		report.Files = append(report.Files, v)
		report.Summary[v.Result]++
	}
	if err := j.close(); err != nil {
		return err
	}
	if err := a.emit(&report, func() error { return a.printVerify(&report) }); err != nil {
		return err
	}
	return exitWith(report.exit())
}

// needsPurpose refuses a verification that names no purpose before anything is asked: only what stands by its commitment
// alone, a file or a row, is checked without.
func (f *verifyFlags) needsPurpose(items []item) error {
	for i := range items {
		if items[i].kind != offline.KindCertificate {
			continue
		}
		if err := f.request.Validate(); err != nil {
			return usagef("--scenario 和 --use-cause 必填 · are mandatory: %w", err)
		}
	}
	return nil
}

func (a *app) openJudge(ctx context.Context, f *verifyFlags) (judge, error) {
	switch {
	case f.snapshot != "":
		return a.openOffline(f)
	case f.remote.url != "":
		api, err := f.remote.open(a.getenv)
		if err != nil {
			return nil, err
		}
		return &remoteJudge{api: api, f: f}, nil
	}
	l, err := a.openLocal(ctx, &f.store)
	if err != nil {
		return nil, err
	}
	// What was issued a moment ago is confirmed soon. Where it is not, the verdict says so.
	patience, cancel := context.WithTimeout(ctx, witnessPatience)
	defer cancel()
	if err := l.all.Agreed(patience, l.Gateway); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, errors.Join(err, l.close())
	}
	return &localJudge{l: l, f: f}, nil
}

// witnessPatience bounds the wait for the regions' statements.
const witnessPatience = 10 * time.Second

// offlineJudge judges from a snapshot.
type offlineJudge struct {
	inner offline.Judge
	from  *offline.Trust
	file  string
}

func (a *app) openOffline(f *verifyFlags) (judge, error) {
	pinned, from, err := a.pinnedKey(f.trustKey)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(f.snapshot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, attest.Errorf(attest.CodeStoreMissing, "there is no snapshot %s", f.snapshot)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	trust, err := offline.Open(file, pinned)
	if err != nil {
		return nil, err
	}
	request := f.request
	request.Relying, request.Now = cmp.Or(request.Relying, trust.Region), time.Now().Unix()
	a.notef("信任 · trusting %s（%s）  截至 · as of %s  高度 · height %d\n", trust.KeyID, from, trust.AsOf.Format(time.RFC3339), trust.Height)
	return &offlineJudge{inner: offline.Judge{View: trust.View(), Request: request, MaxAge: f.maxAge}, from: trust, file: f.snapshot}, nil
}

func (j *offlineJudge) close() error { return nil }

func (j *offlineJudge) trust() *trustReport {
	t := j.from
	return &trustReport{Snapshot: j.file, Network: t.Network, Region: t.Region, Key: t.KeyID, Height: t.Height, AsOf: t.AsOf}
}

func (j *offlineJudge) judge(_ context.Context, i *item) (*verdictReport, error) {
	if i.kind == offline.KindCertificate {
		inner := j.inner
		inner.Request = i.expects(inner.Request)
		return reportOf(inner.Certificate(i.data, i.receipt)), nil
	}
	return judgeLeaf(&j.inner, i)
}

// judgeLeaf judges what stands on the ledger by its commitment.
func judgeLeaf(j *offline.Judge, i *item) (*verdictReport, error) {
	switch i.kind {
	case offline.KindVerification:
		return reportOf(j.Verification(i.data, i.receipt)), nil
	case offline.KindRow:
		return reportOf(j.Row(i.data)), nil
	}
	var failed error
	v := j.Document(func(s attest.Suite) [32]byte {
		sum, err := i.digest(s)
		failed = errors.Join(failed, err)
		return sum
	}, i.salt, i.receipt)
	return reportOf(v), failed
}
