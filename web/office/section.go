package office

import (
	"crypto/rand"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"

	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/web/scan"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

//go:embed pages/*.html
var files embed.FS

type section struct{ Deps }

// The functions of the section and who may use them.
var (
	verifies = shell.Staff(session.RoleVerify)
	issues   = shell.Staff(session.RoleIssue)
	suspends = shell.Staff(session.RoleSuspend)
	keeps    = shell.Staff(session.RoleIssue, session.RoleSuspend)
	governs  = shell.Staff(session.RoleGovern)
	archives = shell.Staff(session.RoleVerify, session.RoleAudit)
	audits   = shell.Staff(session.RoleAudit)
	anybody  = shell.Staff()
)

// New makes the section.
func New(d Deps) shell.Section {
	pages, err := fs.Sub(files, "pages")
	if err != nil {
		panic(err) // the binary is not whole
	}
	s := &section{d}
	return shell.Section{Name: "office", Pages: pages,
		Nav: []shell.NavItem{{Path: "/office", Key: "office.nav", Access: anybody}},
		Routes: []shell.Route{
			{Method: http.MethodGet, Path: "/office", Access: anybody, Handle: s.home},

			{Method: http.MethodGet, Path: "/office/verify", Access: verifies, Handle: s.verifyForm},
			{Method: http.MethodPost, Path: "/office/verify", Access: verifies, Handle: s.verify, MaxBody: upload.MaxBytes},
			scan.Route("/office/scan", verifies, d.Decoder, d.Frames),
			{Method: http.MethodGet, Path: "/office/bundle", Access: verifies, Handle: s.bundleForm},
			{Method: http.MethodPost, Path: "/office/bundle", Access: verifies, Handle: s.bundle, MaxBody: maxBundle},

			{Method: http.MethodGet, Path: "/office/issue", Access: issues, Handle: s.types},
			{Method: http.MethodGet, Path: "/office/issue/{type}", Access: issues, Handle: s.issueForm},
			{Method: http.MethodPost, Path: "/office/issue/{type}", Access: issues, Handle: s.issue},
			{Method: http.MethodPost, Path: "/office/imports/{type}", Access: issues, Handle: s.importTable, MaxBody: maxTable},
			{Method: http.MethodGet, Path: "/office/imports/{id}", Access: issues, Handle: s.importPage},
			{Method: http.MethodGet, Path: "/office/imports/{id}/progress", Access: issues, Handle: s.importProgress},
			{Method: http.MethodGet, Path: "/office/imports/{id}/refused", Access: issues, Handle: s.importRefused},
			{Method: http.MethodGet, Path: "/office/imports/{id}/issued", Access: issues, Handle: s.importIssued},

			{Method: http.MethodGet, Path: "/office/status", Access: suspends, Handle: s.statusForm},
			{Method: http.MethodGet, Path: "/office/certificates/{id}", Access: keeps, Handle: s.certificate},
			{Method: http.MethodGet, Path: "/office/certificates/{id}/pdf", Access: keeps, Handle: s.print},
			{Method: http.MethodPost, Path: "/office/certificates/{id}/status", Access: suspends, Weighty: true, Handle: s.setStatus},

			{Method: http.MethodGet, Path: "/office/disputes", Access: keeps, Handle: s.disputes},
			{Method: http.MethodGet, Path: "/office/disputes/{id}", Access: keeps, Handle: s.dispute},

			{Method: http.MethodGet, Path: "/office/agreements", Access: governs, Handle: s.agreements},
			{Method: http.MethodGet, Path: "/office/agreements/new", Access: governs, Weighty: true, Handle: s.proposeForm},
			{Method: http.MethodPost, Path: "/office/agreements/new", Access: governs, Weighty: true, Handle: s.propose},
			{Method: http.MethodGet, Path: "/office/agreements/{id}/{version}", Access: governs, Handle: s.agreement},
			{Method: http.MethodPost, Path: "/office/agreements/{id}/{version}/approve", Access: governs, Weighty: true, Handle: s.approve},
			{Method: http.MethodPost, Path: "/office/agreements/{id}/{version}/withdraw", Access: governs, Weighty: true, Handle: s.withdraw},

			{Method: http.MethodGet, Path: "/office/receipts", Access: archives, Handle: s.receipts},
			{Method: http.MethodGet, Path: "/office/receipts/export", Access: audits, Handle: s.export},
			{Method: http.MethodGet, Path: "/office/receipts/{id}", Access: archives, Handle: s.receipt},
			{Method: http.MethodGet, Path: "/office/receipts/{id}/pdf", Access: archives, Handle: s.printReceipt},
			{Method: http.MethodGet, Path: "/office/receipts/{id}/jwt", Access: archives, Handle: s.receiptFile},

			{Method: http.MethodGet, Path: "/office/refusals", Access: audits, Handle: s.refusals},
		}}
}

// actor is for whom the page acts. The shell has let nobody else than staff through.
func actor(p *shell.Page) Actor {
	return Actor{Office: p.Session.Office, Person: p.Session.Issuer + "\x00" + p.Session.Subject}
}

// newOperation names what a form will do, so that it does it once.
func newOperation() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// operation is the one that the form came with; a form without one is a page that nobody of us made.
func operation(p *shell.Page) string {
	if op := p.Form("op"); len(op) == 22 {
		return op
	}
	return newOperation()
}

// Problem is one entry of an error summary: the id of the field, its label where the words do not say it, and what is wrong,
// in the page's language.
type Problem struct{ Field, Label, Words string }

// problems are what is wrong with a form.
type problems []Problem

func (l *problems) add(field, words string) { *l = append(*l, Problem{Field: field, Words: words}) }

// Of is what is wrong with a field; empty: nothing.
func (l problems) Of(field string) string {
	for _, e := range l {
		if e.Field == field {
			return e.Words
		}
	}
	return ""
}

func attachment(p *shell.Page, contentType, name string, data []byte) error {
	h := p.Writer.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := p.Writer.Write(data)
	return err
}
