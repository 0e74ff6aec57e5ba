package citizen

import (
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/web/shell"
)

// freshSignIn is how long ago somebody may have signed in who deletes: a telephone that was left lying deletes nothing.
const freshSignIn = 5 * time.Minute

type deletionView struct {
	Certificates, Codes int
	Fresh               bool
	Errors              []formError
}

func (s *section) deletion(p *shell.Page) error { return s.showDeletion(p, http.StatusOK, nil) }

func (s *section) showDeletion(p *shell.Page, status int, wrong []formError) error {
	ctx := p.Request.Context()
	certificates, err := s.Wallet.Certificates(ctx, holder(p))
	if err != nil {
		return err
	}
	codes, err := s.Codes.List(ctx, holder(p))
	if err != nil {
		return err
	}
	return p.Render(status, "citizen/delete", deletionView{len(certificates), len(codes), s.fresh(p), wrong})
}

func (s *section) fresh(p *shell.Page) bool { return s.Now().Sub(p.Session.Started) < freshSignIn }

// erase deletes once all is confirmed, and shows what stays: there is nobody left to show it to later.
func (s *section) erase(p *shell.Page) error {
	switch {
	case !s.fresh(p):
		return s.showDeletion(p, http.StatusForbidden, nil)
	case p.Form("understood") != "yes":
		return s.showDeletion(p, http.StatusUnprocessableEntity, []formError{{Field: "understood", Key: "citizen.error.understood"}})
	case p.Form("sure") != "yes":
		return p.Render(http.StatusOK, "citizen/delete_sure", nil)
	}
	remains, err := s.Eraser.Erase(p.Request.Context(), holder(p))
	if err != nil {
		return err
	}
	s.drafts.forget(holder(p))
	p.SignOutEverywhere()
	return p.Render(http.StatusOK, "citizen/deleted", remains)
}
