package peer

import (
	"encoding/base64"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// MaxBody bounds a message either way.
const MaxBody = 2 << 20

// MaxReports bounds the receipts of one report.
const MaxReports = 256

// The paths, all POST.
const (
	pathRedeem    = "/peer/v1/redeem"
	pathConsume   = "/peer/v1/consume"
	pathRelease   = "/peer/v1/release"
	pathReport    = "/peer/v1/report"
	pathInclusion = "/peer/v1/inclusion"
	pathStatus    = "/peer/v1/status"
)

// Redeem asks a home to reserve a use and to present.
type Redeem struct {
	Operation string // repeating it finds the same use
	Code      string
	Caller    string // opaque
	Verifier  string // the name under which the citizen sees it
	Office    string
	Tenant    string
	Scenario  string
	Audience  string
	Nonce     string
}

// Reserved is a home's answer to Redeem.
type Reserved struct {
	Operation string
	Code      string // id of the code
	Number    uint64
	UseCause  string
	Scenario  string
	Items     []Item
}

// Item is a presentation with its inclusion receipt, nil where there is none yet.
type Item struct{ Presentation, Receipt []byte }

// Use names a reserved use.
type Use struct {
	Operation string
	Code      string
	Number    uint64
	Receipts  [][]byte // to consume it
}

// Hint is what a region says of a certificate's status. It decides no verdict: the ledger does.
type Hint struct {
	State string // as in the registry; empty: nothing is recorded
	From  int64
	Until int64
}

type message interface {
	write(w *attest.ObjectWriter)
	read(f *attest.Fields)
}

// sized is a message that may be large, and says about how many bytes it will be.
type sized interface{ size() int }

func encode(m message) []byte {
	size := 1024
	if large, ok := m.(sized); ok {
		size += large.size()
	}
	w := attest.NewObjectWriter(make([]byte, 0, size))
	m.write(w)
	return w.Close()
}

// decode reads exactly what write wrote, and nothing else.
func decode(body []byte, m message) error {
	v, err := attest.ParseJSON(body, attest.Limits{Bytes: MaxBody, Depth: 16, Members: 1 << 14})
	if err != nil {
		return err
	}
	if v.Kind() != attest.JSONObject {
		return attest.Errorf(attest.CodeJSONType, "a message is an object")
	}
	f := v.Fields()
	m.read(f)
	return f.Done()
}

func (m *Redeem) write(w *attest.ObjectWriter) {
	w.String("op", m.Operation)
	w.String("code", m.Code)
	w.String("caller", m.Caller)
	w.String("verifier", m.Verifier)
	w.OptString("office", m.Office)
	w.OptString("tenant", m.Tenant)
	w.OptString("scenario", m.Scenario)
	w.String("audience", m.Audience)
	w.String("nonce", m.Nonce)
}

func (m *Redeem) read(f *attest.Fields) {
	m.Operation, m.Code, m.Caller, m.Verifier = f.String("op"), f.String("code"), f.String("caller"), f.String("verifier")
	m.Office, _ = f.OptString("office")
	m.Tenant, _ = f.OptString("tenant")
	m.Scenario, _ = f.OptString("scenario")
	m.Audience, m.Nonce = f.String("audience"), f.String("nonce")
}

func (m *Reserved) write(w *attest.ObjectWriter) {
	w.String("op", m.Operation)
	w.String("code", m.Code)
	w.Int64("number", int64(m.Number)) //nolint:gosec // counts uses
	w.String("useCause", m.UseCause)
	w.String("scenario", m.Scenario)
	w.Objects("items", len(m.Items), func(i int, w *attest.ObjectWriter) {
		w.String("presentation", string(m.Items[i].Presentation))
		if r := m.Items[i].Receipt; r != nil {
			w.Raw("receipt", r)
		}
	})
}

func (m *Reserved) read(f *attest.Fields) {
	m.Operation, m.Code, m.Number = f.String("op"), f.String("code"), readNumber(f)
	m.UseCause, m.Scenario = f.String("useCause"), f.String("scenario")
	for _, o := range f.Objects("items") {
		item := Item{Presentation: []byte(o.String("presentation"))}
		if r, ok := o.OptValue("receipt"); ok {
			item.Receipt = r.Raw()
		}
		m.Items = append(m.Items, item)
	}
}

func readNumber(f *attest.Fields) uint64 {
	n := f.Int64("number")
	if n < 0 {
		f.Fail(attest.CodeJSONNumber, "number", "counts uses")
		return 0
	}
	return uint64(n)
}

func (m *Use) write(w *attest.ObjectWriter) {
	w.String("op", m.Operation)
	w.String("code", m.Code)
	w.Int64("number", int64(m.Number)) //nolint:gosec // counts uses
	(&receipts{m.Receipts}).write(w)
}

func (m *Use) read(f *attest.Fields) {
	m.Operation, m.Code, m.Number = f.String("op"), f.String("code"), readNumber(f)
	var list receipts
	list.read(f)
	m.Receipts = list.list
}

// done acknowledges a use: it repeats what it is about, so that no other acknowledgement can be taken for it.
type done struct {
	operation string
	number    uint64
}

func (m *done) write(w *attest.ObjectWriter) {
	w.String("op", m.operation)
	w.Int64("number", int64(m.number)) //nolint:gosec // counts uses
}

func (m *done) read(f *attest.Fields) { m.operation, m.number = f.String("op"), readNumber(f) }

// receipts carries those of a use's verdicts.
type receipts struct{ list [][]byte }

func (m *receipts) write(w *attest.ObjectWriter) {
	texts := make([]string, len(m.list))
	for i, r := range m.list {
		texts[i] = string(r)
	}
	w.Strings("receipts", texts)
}

func (m *receipts) read(f *attest.Fields) {
	for _, r := range f.Strings("receipts") {
		m.list = append(m.list, []byte(r))
	}
}

// reports carries receipts of verifications without a code with what they are about, at most MaxReports.
type reports struct{ list []custody.Report }

// size implements sized.
func (m *reports) size() (bytes int) {
	for i := range m.list {
		bytes += len(m.list[i].JWS) + 128
	}
	return bytes
}

func (m *reports) write(w *attest.ObjectWriter) {
	w.Objects("reports", len(m.list), func(i int, w *attest.ObjectWriter) {
		(&commitment{m.list[i].About}).write(w)
		w.String("receipt", string(m.list[i].JWS))
	})
}

func (m *reports) read(f *attest.Fields) {
	for _, o := range f.Objects("reports") {
		var about commitment
		about.read(o)
		m.list = append(m.list, custody.Report{About: about.value, JWS: []byte(o.String("receipt"))})
	}
}

// text carries one string, whatever it is called.
type text struct{ name, value string }

func (m *text) write(w *attest.ObjectWriter) { w.String(m.name, m.value) }
func (m *text) read(f *attest.Fields)        { m.value = f.String(m.name) }

type commitment struct{ value [32]byte }

func (m *commitment) write(w *attest.ObjectWriter) {
	w.String("commitment", base64.RawURLEncoding.EncodeToString(m.value[:]))
}

func (m *commitment) read(f *attest.Fields) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(f.String("commitment"))
	if err != nil || len(raw) != len(m.value) {
		f.Fail(attest.CodeFieldInvalid, "commitment", "is 32 bytes in base64url")
		return
	}
	m.value = [32]byte(raw)
}

type inclusion struct{ receipt []byte }

func (m *inclusion) write(w *attest.ObjectWriter) { w.Raw("receipt", m.receipt) }
func (m *inclusion) read(f *attest.Fields)        { m.receipt = f.Value("receipt").Raw() }

func (m *Hint) write(w *attest.ObjectWriter) {
	w.String("state", m.State)
	w.Int64("from", m.From)
	w.Int64("until", m.Until)
}

func (m *Hint) read(f *attest.Fields) {
	m.State, m.From, m.Until = f.String("state"), f.Int64("from"), f.Int64("until")
}

type none struct{}

func (none) write(*attest.ObjectWriter) {}
func (none) read(*attest.Fields)        {}
