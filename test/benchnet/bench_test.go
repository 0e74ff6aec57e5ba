package benchnet_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

var (
	during  = flag.Duration("benchnet.during", 15*time.Second, "for how long the plain application's transactions come, and Evaluate, and verdicts")
	batches = flag.Int("benchnet.batches", 96, "batches of 4,096 that each gateway anchors")
	lones   = flag.Int("benchnet.lone", 40, "batches that are anchored alone")
	revoked = flag.Int("benchnet.revocations", 30, "certificates that each region revokes")
	file    = flag.String("benchnet.json", "", "file for the report as JSON")
)

// What is on its way at once.
const (
	writing = 256 // transactions of the plain application, over all regions
	asking  = 32  // Evaluate, and verdicts
)

// measuring is one run.
type measuring struct {
	*report
	b       *testing.B
	w       *fabricnet.World
	plain   *plain
	written int
	pids    []int // of all nodes, and of the plain application's servers

	transactions *load
}

// BenchmarkNetwork prints the table of what is promised of a network and what it reached.
func BenchmarkNetwork(b *testing.B) {
	for b.Loop() {
		benchmark(b)
	}
}

func benchmark(b *testing.B) {
	defer consortium.Tune(os.Getenv)() // as huzheng serve does
	m := &measuring{b: b, report: newReport()}
	n, took := fabricnet.UpWithGateways(b)
	m.add(&row{Name: "up", Zh: "启动四省网络（程序已缓存）", En: "huzheng-net up with binaries cached, until every gateway is ready", Unit: "s", Promise: 20,
		AtMost: true, Reached: took.Seconds(), Note: "4 CAs, orderers, peers, chaincode servers, gateways; charter included"})
	m.w = fabricnet.Adopt(b, n)
	m.plain = deployPlain(b, n)
	m.pids = m.plain.servers
	for _, node := range n.Nodes() {
		if node.PID > 0 {
			m.pids = append(m.pids, node.PID)
		}
	}
	for _, step := range []struct {
		name string
		run  func()
	}{
		{"plain transactions", m.write}, {"Evaluate and verdicts", m.verify}, {"batches", m.anchor}, {"lone batches and the chain", m.chain},
		{"revocations", m.revoke},
	} {
		fmt.Fprintf(os.Stderr, "测量 · measuring %s\n", step.name)
		step.run()
	}
	m.Load += " → " + loadAverage()
	require.NoError(b, m.print(os.Stdout))
	require.NoError(b, m.save(*file))
	for _, r := range m.Rows {
		b.ReportMetric(r.Reached, r.Name+"-"+r.Unit)
	}
}

// turns is how often Evaluate and verdicts take turns.
const turns = 4

// turn is one turn of a closed load, with the processor time that it took.
func (m *measuring) turn(do request) *load {
	before := processor(m.b, m.pids)
	l := closed(m.b.Context(), asking, *during/turns, do)
	l.cpu = processor(m.b, m.pids) - before
	return l
}

// write measures the plain application's transactions.
func (m *measuring) write() {
	m.transactions = closed(m.b.Context(), writing, *during, m.plain.put)
	l := m.transactions
	require.NotEmpty(m.b, l.took, "no transaction of the plain application succeeded: %v", l.first)
	m.written = len(l.took) + l.failed
	m.add(&row{Name: "plain_tx", Zh: "普通 Fabric 应用：一份证照一笔交易", En: "a plain application: one certificate a transaction", Unit: "/s",
		Reached: l.perSecond(), Note: fmt.Sprintf("%d in flight over 4 peers, p50 %.0f ms, %d failed", writing, l.at(0.5), l.failed)})
}

// verify measures verdicts at one gateway, on certificates of another region, and the plain application's queries, in turns: what else
// the machine does meanwhile meets both.
func (m *measuring) verify() {
	const different = 128
	from, to := m.w.Gateways[0], m.w.Gateways[1]
	unbound, bound := presentations(m.b, from, to, certificates(m.b, from, "verdicts", 0, different))
	m.w.Settle()
	d := doorOf(m.b, to)
	among := m.written
	if m.transactions.failed > 0 {
		among = 1
	}
	var evaluations, off, on, same load
	for range turns {
		evaluations.join(m.turn(m.plain.get(among)))
		off.join(m.turn(d.verdicts(unbound)))
		on.join(m.turn(d.verdicts(bound)))
		// The same load: as many requests a second as Evaluate took in.
		same.join(open(m.b.Context(), evaluations.perSecond(), *during/turns, d.verdicts(unbound)))
	}
	for _, l := range []*load{&evaluations, &off, &on, &same} {
		require.NoError(m.b, l.first, "%d of %d", l.failed, l.failed+len(l.took))
	}
	rate := evaluations.perSecond()
	m.add(
		&row{Name: "plain_evaluate", Zh: "普通 Fabric 应用：查询一个键", En: "a plain application: Evaluate of one key", Unit: "/s", Reached: rate,
			Note: fmt.Sprintf("%d in flight at one peer, p50 %.1f ms, p99 %.1f ms", asking, evaluations.at(0.5), evaluations.at(0.99))},
		&row{Name: "processor", Zh: "每次查询与每次核验的 CPU 时间之比", En: "processor time of an Evaluate against a verdict's, all processes", Unit: "×",
			Reached: evaluations.each() / off.each(), Note: fmt.Sprintf("%.0f against %.0f µs; with binding %.0f µs", evaluations.each(), off.each(), on.each())},
		&row{Name: "verify", Zh: "经 HTTP 核验，全部检查", En: "verdicts over HTTP, all checks, receipt signed and recorded", Unit: "/s",
			Promise: 2 * rate, Reached: off.perSecond(),
			Note: fmt.Sprintf("2 × Evaluate; %d in flight, p50 %.1f ms; binding off; with binding %.0f/s", asking, off.at(0.5), on.perSecond())},
		&row{Name: "verify_p50", Zh: "同等负载下的 p50", En: "p50 at the same load", Unit: "ms", Promise: evaluations.at(0.5) / 10, AtMost: true,
			Reached: same.at(0.5), Note: fmt.Sprintf("a tenth of Evaluate's; as many requests a second as Evaluate reached; p99 %.1f ms", same.at(0.99))})
}

// anchor measures batches, many at a time.
func (m *measuring) anchor() {
	took, err := many(m.b.Context(), m.w, *batches)
	require.NoError(m.b, err)
	count := len(m.w.Gateways) * *batches
	rate := float64(count*leaves) / took.Seconds()
	plain := m.transactions.perSecond()
	m.add(
		&row{Name: "anchor", Zh: "上链并在四个网关可查", En: "certificates anchored and indexed at all four gateways", Unit: "/s", Promise: 50_000, Reached: rate,
			Note: fmt.Sprintf("%d batches of %d from four gateways, in %.1f s", count, leaves, took.Seconds())},
		&row{Name: "anchor_ratio", Zh: "与普通应用之比", En: "the same against the plain application's transactions", Unit: "×", Promise: 300, Reached: rate / plain,
			Note: fmt.Sprintf("%.0f/s against %.0f/s", rate, plain)})
}

// chain measures lone batches, and what the chain has become.
func (m *measuring) chain() {
	took, blocks, err := lone(m.b.Context(), m.w, *lones)
	require.NoError(m.b, err)
	m.add(&row{Name: "lone", Zh: "单独一批：提交到四个网关可查", En: "a lone batch, handed over to indexed everywhere", Unit: "ms", Promise: 500, AtMost: true,
		Reached: milliseconds(took[len(took)/2]), Note: fmt.Sprintf("p50 of %d; p99 %.0f ms", len(took), milliseconds(took[len(took)*99/100]))})

	c := m.w.Connection(m.w.Gateways[0].Code).Config
	read, reading := chain(m.b, c)
	alone := weigh(m.b, m.plain, read, func(number uint64) bool { return slices.Contains(blocks, number) })
	all := weigh(m.b, m.plain, read, func(uint64) bool { return true })
	m.add(&row{Name: "chain_bytes", Zh: "每份证照的链上字节（每批 4096，整块计）", En: "bytes on chain a certificate, whole blocks, batches alone", Unit: "B",
		Promise: 3, AtMost: true, Reached: alone.each(),
		Note: fmt.Sprintf("%d batches in blocks of their own; %.2f over all %d batches", alone.batches, all.each(), all.batches)})

	commands := 0
	for i := range read {
		for j := range read[i].Transactions {
			if read[i].Transactions[j].Valid {
				commands++
			}
		}
	}
	all0 := rebuild(m.b, c, read[len(read)-1].Number)
	m.add(&row{Name: "rebuild", Zh: "从第 0 块重建索引", En: "an index from block 0 of this chain, fetched and checked", Unit: "/s", Reached: float64(commands) / all0.Seconds(),
		Note: fmt.Sprintf("%d commands in %d blocks, beside %d plain transactions, in %.1f s, of which fetching and checking blocks %.1f s",
			commands, len(read), m.written, all0.Seconds(), reading.Seconds())})
}

// revoke measures how soon a revocation counts everywhere.
func (m *measuring) revoke() {
	l := revocations(m.b, m.w, 1000, *revoked)
	m.add(&row{Name: "revocation", Zh: "撤销确认后各网关均拒绝", En: "acknowledged revocation to refused at every gateway, p99", Unit: "ms", Promise: 1000, AtMost: true,
		Reached: l.at(0.99), Note: fmt.Sprintf("%d revocations, p50 %.0f ms, at most %.0f ms", len(l.took), l.at(0.5), l.at(1))})
}
