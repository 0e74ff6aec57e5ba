package main

import (
	"bufio"
	"bytes"
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// maxSample is as many rows as an office may bring.
const maxSample = 1_000_000

func (a *app) sampleCommand() *cobra.Command {
	var o struct {
		kind, authority, spelling, day, region string
		count                                  int
		seed                                   uint64
	}
	c := &cobra.Command{
		Use:   "sample",
		Short: "生成合成证照数据（CSV）· make a table of synthetic certificates",
		Long: `按种子生成合成持证人的证照表，写到标准输出。公民身份号码校验码正确，地区码为未启用的 999999，不属于任何人。
同一种子总是得到同样的字节。

Writes a table of certificates of nobody to standard output: citizen numbers have a right check character
and the unassigned area code 999999. The same seed always gives the same bytes.`,
		Example: `  huzheng sample --count 1000 > 二建.csv
  huzheng sample --type 11100000MB03271699001 --region 440000 --count 50 --seed 7 --spelling pinyin > estate.csv`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if o.count < 1 || o.count > maxSample {
				return usagef("--count is 1 to %d", maxSample)
			}
			authority, err := sampleAuthority(o.region, o.authority, gbt.TypeCode(o.kind))
			if err != nil {
				return err
			}
			g, err := sample.New(o.seed, authority.Code, authority.Name, cmp.Or(authority.Division, o.region))
			if err != nil {
				return err
			}
			if o.day != "" {
				day, err := gbt.ParseDate(o.day)
				if err != nil {
					return err
				}
				g = g.On(day)
			}
			return a.writeSample(g, gbt.TypeCode(o.kind), o.count, sample.Spelling(o.spelling))
		},
	}
	f := c.Flags()
	f.StringVar(&o.kind, "type", string(sample.TypeConstructor), "证照类型代码 · certificate type code: "+strings.Join(sampleTypes(), ", "))
	f.IntVar(&o.count, "count", 100, "行数 · rows")
	f.Uint64Var(&o.seed, "seed", 1, "种子 · seed")
	f.StringVar(&o.region, "region", "430000", "省级行政区划代码 · region whose sample authorities issue")
	f.StringVar(&o.authority, "authority", "", "颁发机构统一社会信用代码（默认取该省示例机构）· USCC of the authority")
	f.StringVar(&o.spelling, "spelling", string(sample.SpellingChinese), "表头写法 · header: chinese, pinyin, english")
	f.StringVar(&o.day, "day", "", "签发截止日，如 2026-07-01 · certificates were issued in the year before this day")
	return c
}

func sampleTypes() []string {
	return []string{string(sample.TypeConstructor), string(sample.TypeRealEstate), string(sample.TypeOperation)}
}

// sampleAuthority finds the region's authority that issues the type, or that has the code; a code that is not among them
// is taken as it is.
func sampleAuthority(region, code string, kind gbt.TypeCode) (sample.Authority, error) {
	authorities, err := sample.Authorities(region)
	if err != nil {
		return sample.Authority{}, err
	}
	for _, authority := range authorities {
		for _, t := range authority.Types {
			if t == kind && (code == "" || code == string(authority.Code)) {
				return authority, nil
			}
		}
	}
	return sample.Authority{Code: gbt.USCC(code), Name: "示例颁发机构", Division: region}, nil
}

// sampleChunk is how many records are laid out at once.
const sampleChunk = 1000

// writeSample writes the table piece by piece: its size is no matter of memory.
func (a *app) writeSample(g *sample.Generator, kind gbt.TypeCode, count int, spelling sample.Spelling) error {
	out := bufio.NewWriter(a.out)
	for first := 0; first < count; first += sampleChunk {
		records := make([]sample.Record, min(sampleChunk, count-first))
		for i := range records {
			var err error
			if records[i], err = g.Record(kind, first+i); err != nil {
				return err
			}
		}
		var piece bytes.Buffer
		if err := sample.WriteCSV(&piece, records, spelling); err != nil {
			return err
		}
		if first > 0 { // the header stands once
			if _, err := piece.ReadBytes('\n'); err != nil {
				return err
			}
		}
		if _, err := piece.WriteTo(out); err != nil {
			return err
		}
	}
	return out.Flush()
}
