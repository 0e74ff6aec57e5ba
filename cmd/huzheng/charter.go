package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
	"github.com/huzheng-ledger/huzheng/internal/charter"
)

func (a *app) charterCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "charter",
		Short: "联盟章程：制定、核对、签署、上链 · make, compare, sign and submit the founding charter",
		Long: `各省各自 huzheng init --connection，交换 founder.json；任一省制定章程，各省电话核对指纹后签署；
首个发起省（代码最小者）收齐签名后上链，联盟即成立。私钥不离开本省。

Each region makes its keys with huzheng init --connection and hands out founder.json. Somebody makes the charter;
every region compares the fingerprints by telephone and signs; the first founder, which has the lowest code,
puts it on the ledger once all signatures are there. No private key leaves its region.`,
		Example: `  huzheng charter make --network xinan-1 --out charter.json gd/founder.json sc/founder.json cq/founder.json hn/founder.json
  huzheng charter show charter.json
  huzheng charter sign --config ./gd/huzheng.yaml charter.json --out 440000.sig
  huzheng charter submit --config ./hn/huzheng.yaml charter.json 430000.sig 440000.sig 500000.sig 510000.sig`,
	}
	c.AddCommand(a.charterMake(), a.charterShow(), a.charterSign(), a.charterSubmit())
	return c
}

// charterReport is a charter in the JSON documents of charter.
type charterReport struct {
	Network  string          `json:"network"`
	Suite    string          `json:"suite"`
	Digest   string          `json:"digest"`
	First    string          `json:"first"` // region that submits
	Founders []founderReport `json:"founders"`
}

type founderReport struct {
	Region string      `json:"region"`
	Name   string      `json:"name"`
	MSP    string      `json:"msp"`
	URL    string      `json:"url"`
	Keys   []keyReport `json:"keys"`
}

type keyReport struct {
	Name        string `json:"name"`
	Use         string `json:"use"`
	Fingerprint string `json:"fingerprint"`
}

func founderOf(f *registry.Founder) founderReport {
	r := founderReport{Region: f.Region.Code, Name: f.Region.Name, MSP: f.Region.MSP, URL: f.Region.URL}
	for _, k := range f.Keys {
		r.Keys = append(r.Keys, keyReport{Name: k.Name, Use: string(k.Use), Fingerprint: charter.Fingerprint(k.Public)})
	}
	return r
}

func charterOf(ch *registry.Charter) *charterReport {
	r := &charterReport{Network: ch.Network, Suite: string(ch.Suite), Digest: charter.Digest(ch), First: ch.Founders[0].Region.Code}
	for i := range ch.Founders {
		r.Founders = append(r.Founders, founderOf(&ch.Founders[i]))
	}
	return r
}

func (a *app) printCharter(r *charterReport) error {
	a.printf("%s  %s   密码套件 suite %s\n", a.paint(terminal.Bold, "联盟章程 · charter of"), r.Network, r.Suite)
	a.printf("摘要 · digest\n    %s\n", r.Digest)
	for i := range r.Founders {
		a.printFounder(&r.Founders[i])
	}
	a.printf("\n请用电话逐组核对，再签署；由 %s 上链 · compare group by group by telephone, then sign; %s submits\n", r.First, r.First)
	return nil
}

func (a *app) printFounder(f *founderReport) {
	a.printf("\n%s %s   %s   %s\n", f.Region, a.paint(terminal.Bold, f.Name), f.MSP, f.URL)
	for _, k := range f.Keys {
		a.printf("  %s（%s）\n    %s\n", k.Name, keyUseText(k.Use), k.Fingerprint)
	}
}

func keyUseText(use string) string {
	if attest.KeyUse(use) == attest.UseGovern {
		return "治理 govern"
	}
	return "网关 gateway"
}

func (a *app) charterMake() *cobra.Command {
	var network, suite, out string
	c := &cobra.Command{
		Use: "make FOUNDER.json...", Short: "制定章程 · put a charter together", Args: cobra.MinimumNArgs(1),
		Long: `由各省的 founder.json 合成章程。顺序不拘，结果逐字节相同。

Puts a charter together from the regions' founder.json, in any order, to the same bytes.`,
		Example: "  huzheng charter make --network xinan-1 --out charter.json gd/founder.json sc/founder.json",
		RunE: func(_ *cobra.Command, args []string) error {
			entries := make([]*charter.Entry, 0, len(args))
			for _, name := range args {
				e, err := readEntry(name)
				if err != nil {
					return err
				}
				entries = append(entries, e)
			}
			ch, err := charter.Make(network, attest.Suite(suite), entries)
			if err != nil {
				return err
			}
			if err := writeFile(out, charter.Encode(ch)); err != nil {
				return err
			}
			r := charterOf(ch)
			return a.emit(r, func() error { return a.printCharter(r) })
		},
	}
	f := c.Flags()
	f.StringVar(&network, "network", "", "联盟编号 · id of the consortium")
	f.StringVar(&suite, "suite", string(attest.SuiteStd), "密码套件 · suite: std or gm")
	f.StringVar(&out, "out", "", "章程文件 · file to write")
	required(c, "network", "out")
	return c
}

// readEntry reads what a region has handed over.
func readEntry(name string) (*charter.Entry, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the operator names it
	if err != nil {
		return nil, usagef("%w", err)
	}
	e, err := charter.DecodeEntry(data)
	if err != nil {
		return nil, attest.Errorf(attest.CodeOf(err), "%s: %s", name, detailOf(err))
	}
	return e, nil
}

func readCharterFile(name string) (*registry.Charter, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the operator names it
	if err != nil {
		return nil, usagef("%w", err)
	}
	ch, err := charter.Decode(data)
	if err != nil {
		return nil, attest.Errorf(attest.CodeOf(err), "%s: %s", name, detailOf(err))
	}
	return ch, nil
}

func (a *app) charterShow() *cobra.Command {
	return &cobra.Command{
		Use: "show charter.json", Short: "查看发起省及密钥指纹 · who founds, with the keys' fingerprints", Args: cobra.ExactArgs(1),
		Example: "  huzheng charter show charter.json",
		RunE: func(_ *cobra.Command, args []string) error {
			ch, err := readCharterFile(args[0])
			if err != nil {
				return err
			}
			r := charterOf(ch)
			return a.emit(r, func() error { return a.printCharter(r) })
		},
	}
}

func (a *app) charterSign() *cobra.Command {
	var config, out string
	c := &cobra.Command{
		Use: "sign charter.json", Short: "以本省治理密钥签署 · sign with the region's governance key", Args: cobra.ExactArgs(1),
		Long: `章程中的本省条目须与本网关一致，密钥须为本网关所存，否则拒绝。网关可在运行。

Refuses unless the region stands in the charter as it is here, with the keys that this gateway holds. The
gateway may be running.`,
		Example: "  huzheng charter sign --config ./gd/huzheng.yaml charter.json --out 440000.sig",
		RunE: func(_ *cobra.Command, args []string) error {
			ch, err := readCharterFile(args[0])
			if err != nil {
				return err
			}
			own, err := openFounder(config)
			if err != nil {
				return err
			}
			founder, err := charter.Own(ch, own.plan.Network, own.region(), own.keys)
			if err != nil {
				return err
			}
			signature, err := charter.Sign(ch, founder, own.keys)
			if err != nil {
				return err
			}
			if err := writeFile(out, []byte(signature+"\n")); err != nil {
				return err
			}
			r := struct {
				Region    string `json:"region"`
				Digest    string `json:"digest"`
				Signature string `json:"signature"` // file
			}{founder.Region.Code, charter.Digest(ch), out}
			return a.emit(r, func() error {
				a.printf("已签署 · signed by %s  %s\n摘要 · digest\n    %s\n", charter.Name(&founder.Region), out, r.Digest)
				return nil
			})
		},
	}
	c.Flags().StringVar(&config, "config", "", "本省网关的配置 · the gateway's configuration")
	c.Flags().StringVar(&out, "out", "", "签名文件 · file for the signature")
	required(c, "config", "out")
	return c
}

// readSignatures reads signature files.
func readSignatures(names []string) ([]string, error) {
	out := make([]string, 0, len(names))
	for _, name := range names {
		text, err := os.ReadFile(name) //nolint:gosec // the operator names it
		if err != nil {
			return nil, usagef("%w", err)
		}
		out = append(out, strings.TrimSpace(string(text)))
	}
	return out, nil
}
