package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
	"github.com/huzheng-ledger/huzheng/internal/offline"
)

// verifyReport is the JSON document of verify. Its members' names are stable.
type verifyReport struct {
	Files   []*verdictReport      `json:"files"`
	Summary map[attest.Result]int `json:"summary"`
	Trust   *trustReport          `json:"trust"`
}

// trustReport says what the verdicts rest on: a snapshot and its key, or a gateway.
type trustReport struct {
	Gateway  string    `json:"gateway,omitempty"`
	Snapshot string    `json:"snapshot,omitempty"`
	Network  string    `json:"network,omitempty"`
	Region   string    `json:"region,omitempty"`
	Key      string    `json:"key,omitempty"`
	Height   uint64    `json:"height,omitempty"`
	AsOf     time.Time `json:"as_of,omitzero"`
}

type verdictReport struct {
	File        string             `json:"file"`
	Kind        offline.Kind       `json:"kind"`
	Carrier     string             `json:"carrier,omitempty"` // pdf_attachment, self_contained, qr_picture: what it was found in
	Result      attest.Result      `json:"result"`
	Code        attest.Code        `json:"code"`
	Reason      reasonReport       `json:"reason"`
	Checks      []checkReport      `json:"checks"`
	Claims      json.RawMessage    `json:"claims,omitempty"`
	Certificate *certificateReport `json:"certificate,omitempty"`
	Agreement   *agreementReport   `json:"agreement,omitempty"`
	Stated      *statedReport      `json:"stated,omitempty"` // by a verification receipt
	Height      uint64             `json:"height"`
	Receipt     string             `json:"receipt,omitempty"` // 核验回执, from a gateway
}

type reasonReport struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

type checkReport struct {
	Name     attest.CheckName `json:"name"`
	Outcome  attest.Outcome   `json:"outcome"`
	Code     attest.Code      `json:"code"`
	Evidence string           `json:"evidence,omitempty"`
	Zh       string           `json:"zh"`
	En       string           `json:"en"`
}

type certificateReport struct {
	Commitment  string `json:"commitment"`
	Authority   string `json:"authority"`
	Region      string `json:"region"`
	Type        string `json:"type"`
	TypeVersion int    `json:"type_version"`
}

type agreementReport struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// statedReport is what a verification receipt says.
type statedReport struct {
	ID       string        `json:"id"`
	Region   string        `json:"region"`
	Verifier string        `json:"verifier"`
	UseCause string        `json:"use_cause"`
	Scenario string        `json:"scenario"`
	Time     time.Time     `json:"time"`
	Result   attest.Result `json:"result"`
	Code     attest.Code   `json:"code"`
}

func reportOf(j *offline.Judgement) *verdictReport {
	v := j.Verdict
	out := &verdictReport{Result: v.Result, Code: v.Code, Height: v.Height, Reason: reasonOf(v.Result, v.Code)}
	for _, c := range v.Checks {
		zh, en := attest.Explain(c.Code)
		out.Checks = append(out.Checks, checkReport{c.Name, c.Outcome, c.Code, c.Evidence, zh, en})
	}
	// Claims of a document that does not hold are not shown as if they were facts.
	if j.Claims != nil && v.Result != attest.Invalid {
		out.Claims = j.Claims.JSON()
	}
	if v.Type != "" {
		out.Certificate = &certificateReport{base64.RawURLEncoding.EncodeToString(v.Commitment[:]), v.Authority, v.Issuer,
			v.Type, v.Version}
	}
	if v.Agreement != "" {
		out.Agreement = &agreementReport{v.Agreement, v.Revision}
	}
	if r := j.Receipt; r != nil && v.Result != attest.Invalid {
		out.Stated = &statedReport{r.ID, r.Region, r.Verifier, r.UseCause, r.Scenario, time.Unix(r.Time, 0).UTC(),
			r.Verdict.Result, r.Verdict.Code}
	}
	return out
}

func reasonOf(result attest.Result, code attest.Code) reasonReport {
	zh, en := attest.Explain(code)
	if result == attest.Valid {
		zh, en = attest.ResultText(result)
	}
	return reasonReport{zh, en}
}

// speakOfKind words the reason of what is no certificate: the words for certificates say what an office may do with one.
func (v *verdictReport) speakOfKind() {
	switch {
	case v.Result != attest.Valid || v.Kind == offline.KindCertificate:
	case v.Kind == offline.KindVerification && v.Stated != nil:
		v.Reason = reasonReport{"回执真实，所载结论为：" + resultText(v.Stated.Result), "a genuine receipt, of the verdict " + string(v.Stated.Result)}
	default:
		zh, en := attest.RecordText()
		v.Reason = reasonReport{zh, en}
	}
}

// exit is the gravest result: a verdict other than valid, then one that could not be reached.
func (r *verifyReport) exit() int {
	undetermined, valid := r.Summary[attest.Undetermined], r.Summary[attest.Valid]
	switch {
	case valid+undetermined < len(r.Files):
		return exitVerdict
	case undetermined > 0:
		return exitUndetermined
	}
	return exitOK
}

func (a *app) printVerify(r *verifyReport) error {
	if len(r.Files) == 1 {
		if err := a.printVerdict(r.Files[0]); err != nil {
			return err
		}
	} else if err := a.printVerdicts(r.Files); err != nil {
		return err
	}
	if t := r.Trust; t.Snapshot != "" {
		a.printf("\n依据 · rests on   %s  %s  截至 as of %s  高度 height %d\n", t.Snapshot, t.Key, t.AsOf.Format(time.RFC3339), t.Height)
	}
	return nil
}

func resultStyle(r attest.Result) terminal.Style {
	switch r {
	case attest.Valid:
		return terminal.Green
	case attest.Undetermined:
		return terminal.Yellow
	}
	return terminal.Red
}

func (a *app) printVerdicts(files []*verdictReport) error {
	t := terminal.Table{Columns: []terminal.Column{{Title: "文件", Max: 40}, {Title: "种类"}, {Title: "结论"}, {Title: "代码"},
		{Title: "理由", Max: 48}}}
	for _, f := range files {
		t.Add(terminal.Cell{Text: f.File}, terminal.Cell{Text: string(f.Kind)},
			terminal.Cell{Text: resultText(f.Result), Style: resultStyle(f.Result)}, terminal.Cell{Text: string(f.Code)},
			terminal.Cell{Text: f.Reason.Zh})
	}
	if err := t.Write(a.out, a.palette); err != nil {
		return err
	}
	count := map[attest.Result]int{}
	for _, f := range files {
		count[f.Result]++
	}
	parts := []string{fmt.Sprintf("共 %d 份", len(files))}
	for _, result := range attest.Results() {
		if n := count[result]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", resultText(result), n))
		}
	}
	a.printf("\n%s\n", strings.Join(parts, "，"))
	return nil
}

func (a *app) printVerdict(f *verdictReport) error {
	a.printf("%s  %s\n", terminal.Clean(f.File), f.Kind)
	a.printf("结论 · result   %s\n", a.paint(resultStyle(f.Result), resultText(f.Result)))
	a.printf("理由 · reason   %s\n                %s\n", f.Reason.Zh, f.Reason.En)
	if text := carrierText(f.Carrier); text != "" {
		a.printf("来源 · source   %s\n", text)
	}
	a.printf("\n")
	t := terminal.Table{Columns: []terminal.Column{{Title: "检查"}, {Title: "结果"}, {Title: "说明"}, {Title: "依据", Max: 60}}}
	for _, c := range f.Checks {
		style, word := outcomeText(c.Outcome)
		t.Add(terminal.Cell{Text: checkText(c.Name)}, terminal.Cell{Text: word, Style: style}, terminal.Cell{Text: c.Zh},
			terminal.Cell{Text: c.Evidence})
	}
	if err := t.Write(a.out, a.palette); err != nil {
		return err
	}
	a.printStated(f.Stated)
	return a.printClaims(f.Claims)
}

func (a *app) printStated(s *statedReport) {
	if s == nil {
		return
	}
	a.printf("\n回执所载 · stated: %s  %s  %s\n", resultText(s.Result), s.Region, s.Time.Format(time.RFC3339))
	a.printf("  %s  %s  %s\n", terminal.Clean(s.Verifier), terminal.Clean(s.Scenario), terminal.Clean(s.UseCause))
}

// hiddenClaims are of the format, not of the certificate's content.
var hiddenClaims = map[string]bool{"iss": true, "vct": true, "iat": true, "nbf": true, "exp": true, "cnf": true, "status": true}

func (a *app) printClaims(raw json.RawMessage) error {
	var claims map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &claims) != nil {
		return nil
	}
	maps.DeleteFunc(claims, func(name string, _ json.RawMessage) bool { return hiddenClaims[name] })
	if len(claims) == 0 {
		return nil
	}
	a.printf("\n")
	t := terminal.Table{Columns: []terminal.Column{{Title: "披露的字段"}, {Title: "值", Max: 60}}}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		var text string
		if json.Unmarshal(claims[name], &text) != nil {
			text = string(claims[name])
		}
		t.AddText(claimText(name), text)
	}
	return t.Write(a.out, a.palette)
}
