package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/demo"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
)

// demoMemory is what the garbage collector works towards, below the 512 MB that the demonstration may take.
const demoMemory = 384 << 20

type demoFlags struct {
	certificates int
	data, out    string
	network      string
	suite        string
	seed         uint64
	serve        bool
}

func (a *app) demoCommand() *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use:   "demo",
		Short: "四省演示 · four provinces on one machine",
		Long: `广东、四川、重庆、湖南各有保险库、索引和网关，共用一个内嵌账本：签发一万份证照并上链，然后跨省核验，
每种结论各一份；再存证一个 PDF 并核验，发布一张数据表并证明其中一行。全部经由各网关的 HTTP 接口，数据均为合成。
--network 在运行中的 Fabric 网络上做同样的事，可反复执行；
--serve 保持网关开启并打印地址和密钥；--out 留下证照、回执、密钥和报告，供独立核对，两者同用时另留 env 文件供 shell 读取。

Four provinces with their own vaults, indexes and gateways over one embedded ledger: ten thousand
certificates issued and anchored, one document of every kind of verdict judged by another province, a file
and a dataset row proved. Everything goes through the gateways' HTTP interface; all data is synthetic.
With --network the same happens at the gateways of a Fabric network that runs, as often as one likes.`,
		Example: `  huzheng demo
  huzheng demo --out demo-out --json > report.json
  huzheng demo --serve
  huzheng demo --network network   # huzheng-net up 之后 · after huzheng-net up
  huzheng demo --suite gm --certificates 2000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), &f) },
	}
	s := c.Flags()
	s.IntVar(&f.certificates, "certificates", 10_000, "证照数 · certificates to issue")
	s.StringVar(&f.data, "data", "", "数据放在此空目录并保留（默认临时目录，结束即删）· keep the data in this empty folder")
	s.StringVar(&f.network, "network", "", "huzheng-net 的目录：在运行中的 Fabric 网络上演示 · folder of huzheng-net: on the gateways of a network that runs")
	s.StringVar(&f.out, "out", "", "留下证照、回执、报告的目录 · leave certificates, receipts and report here")
	s.StringVar(&f.suite, "suite", string(attest.SuiteStd), "密码套件 · suite: std or gm")
	s.Uint64Var(&f.seed, "seed", 1, "合成数据的种子 · seed of the synthetic data")
	s.BoolVar(&f.serve, "serve", false, "演示后保持网关开启 · keep the gateways open")
	return c
}

func (f *demoFlags) validate() error {
	if !attest.Suite(f.suite).Valid() {
		return usagef("--suite is std or gm")
	}
	if f.certificates < demo.MinCertificates || f.certificates > demo.MaxCertificates {
		return usagef("--certificates is %d to %d", demo.MinCertificates, demo.MaxCertificates)
	}
	if f.network != "" && (f.data != "" || f.serve) {
		return usagef("--network takes gateways that run: no --data, no --serve")
	}
	for _, dir := range []string{f.data, f.out} {
		if dir != "" {
			if err := refuseExisting(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *app) demo(ctx context.Context, f *demoFlags) (err error) {
	if err := f.validate(); err != nil {
		return err
	}
	dir := f.data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "huzheng-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	debug.SetMemoryLimit(demoMemory)
	steps := a.newSteps()
	d, report, err := demo.Run(ctx, demo.Options{Certificates: f.certificates, Dir: dir, Network: f.network, Out: f.out,
		Suite: attest.Suite(f.suite), Seed: f.seed, Pages: f.serve, Logger: slog.New(slog.NewTextHandler(quietly{ctx, a.err}, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Progress: steps.show})
	steps.finish()
	if err != nil {
		return err
	}
	if err := a.showDemo(ctx, f, d, report, dir); err != nil {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}

// quietly writes logs unless the run has been interrupted: what is cut off on purpose is no news.
type quietly struct {
	ctx context.Context
	to  io.Writer
}

func (q quietly) Write(p []byte) (int, error) {
	if q.ctx.Err() != nil {
		return len(p), nil
	}
	return q.to.Write(p)
}

func (a *app) showDemo(ctx context.Context, f *demoFlags, d *demo.Demo, r *demo.Report, dir string) error {
	if !f.serve {
		return a.emit(r, func() error { return a.printDemo(f, r) })
	}
	if f.out != "" {
		if err := d.WriteEnv(); err != nil {
			return err
		}
	}
	doc := struct {
		*demo.Report
		Gateways []demo.Access   `json:"gateways"`
		People   []demo.Identity `json:"people"`
	}{r, d.Access(), d.Identities()}
	err := a.emit(doc, func() error {
		if err := a.printDemo(f, r); err != nil {
			return err
		}
		if err := a.printAccess(d, dir); err != nil {
			return err
		}
		return a.printPages(d)
	})
	if err == nil {
		<-ctx.Done() // until the person or the script that started it has had enough
	}
	return err
}

func (a *app) printDemo(f *demoFlags, r *demo.Report) error {
	a.printf("%s\n\n", a.paint(terminal.Bold, "跨省核验 · judged by another province"))
	t := terminal.Table{Columns: []terminal.Column{{Title: "签发"}, {Title: "核验"}, {Title: "所示", Max: 34}, {Title: "事项"},
		{Title: "经过"}, {Title: "结论"}, {Title: "理由", Max: 60}}}
	for _, c := range r.Cases {
		t.Add(terminal.Cell{Text: regionName(c.Issuer)}, terminal.Cell{Text: regionName(c.Relying)}, terminal.Cell{Text: c.What},
			terminal.Cell{Text: c.Scenario}, terminal.Cell{Text: c.Story},
			terminal.Cell{Text: resultText(c.Result), Style: resultStyle(c.Result)}, terminal.Cell{Text: c.Zh})
	}
	if err := t.Write(a.out, a.palette); err != nil {
		return err
	}
	n := &r.Counts
	a.printf("\n%s\n\n", a.paint(terminal.Bold, "小结 · summary"))
	a.printf("  省 regions %d   颁发机构 authorities %d   证照类型 types %d   互认协议 agreements %d\n", n.Regions, n.Authorities, n.Types, n.Agreements)
	a.printf("  证照 certificates %d   批次 batches %d   区块 blocks %d   数据行 rows %d\n", n.Certificates, n.Batches, n.Blocks, n.DatasetRows)
	a.printf("  签发 issued %.0f /s   签发到上链并经各省见证 anchored and witnessed %.0f /s\n", r.Rates.Issued, r.Rates.Anchored)
	m := &r.Timings
	a.printf("  用时 %.1f s：建链 %.1f  登记 %.1f  签发 %.1f  上链 %.1f  核验 %.1f  存证 %.1f  导出 %.1f", seconds(m.Total), seconds(m.Found),
		seconds(m.Trust), seconds(m.Issue), seconds(m.Anchor), seconds(m.Verify), seconds(m.Records), seconds(m.Export))
	if r.Memory > 0 {
		a.printf("   内存 memory %d MB", r.Memory>>20)
	}
	a.printf("\n")
	if f.out != "" {
		a.printf("\n  %s：%d 份证照 certificates，example.sdjwt，report.json，issuers.json，trust.hzs\n", f.out, n.Exported)
		a.printf("  huzheng verify %s/example.sdjwt --snapshot %s/trust.hzs --trust-key %s/gateway-510000.jwk.json --scenario 不动产抵押登记 --use-cause 试用\n", f.out, f.out, f.out)
	}
	return nil
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

func regionName(code string) string {
	p, ok := gbt.Province(code)
	if !ok {
		return code
	}
	return strings.TrimSuffix(strings.TrimSuffix(p.Chinese, "省"), "市")
}

// printAccess prints what to paste to try a gateway; what is sent lies in dir, which lives as long as the gateways.
func (a *app) printAccess(d *demo.Demo, dir string) error {
	a.printf("\n%s\n\n", a.paint(terminal.Bold, "网关已开启，Ctrl-C 结束 · gateways are open, end with Ctrl-C"))
	t := terminal.Table{Columns: []terminal.Column{{Title: "省"}, {Title: "地址"}, {Title: "密钥"}}}
	access := d.Access()
	for _, g := range access {
		t.AddText(g.Name, g.URL, g.Key)
	}
	if err := t.Write(a.out, a.palette); err != nil {
		return err
	}
	presentation, receipt, scenario := d.Presentation()
	body := fmt.Sprintf(`{"presentation":%q,"receipt":%s,"useCause":"试用","scenario":%q}`, presentation, receipt, scenario)
	request := filepath.Join(dir, "request.json")
	if err := os.WriteFile(request, []byte(body), 0o600); err != nil {
		return err
	}
	g := access[1]
	a.printf("\n  curl -s %s/v1/ledger\n  curl -s %s/v1/agreements\n", g.URL, g.URL)
	a.printf("  curl -s %s/v1/verifications -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d @%s\n", g.URL, g.Key, request)
	a.printf("  huzheng agreement list --api %s\n", g.URL)
	return nil
}

// steps shows the stages of a demonstration one after the other.
type steps struct {
	app   *app
	stage string
	bar   *bar
	next  chan func()
	done  chan struct{}
}

// newSteps begins to show stages. They are told from several goroutines and drawn by one.
func (a *app) newSteps() *steps {
	s := &steps{app: a, bar: &bar{}, next: make(chan func(), 64), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for draw := range s.next {
			draw()
		}
		s.bar.finish()
	}()
	return s
}

func (s *steps) show(stage string, done, total int) {
	s.next <- func() {
		if stage != s.stage {
			s.bar.finish()
			s.stage, s.bar = stage, s.app.newBar(int64(total), stage)
		}
		s.bar.set(int64(done))
	}
}

func (s *steps) finish() {
	close(s.next)
	<-s.done
}
