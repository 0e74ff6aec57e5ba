package demo

import (
	"context"

	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
)

// addPages gives every gateway its web pages, and all of them one identity provider of synthetic people.
func (d *Demo) addPages(ctx context.Context, plan *consortium.Plan) error {
	if !d.o.Pages {
		return nil
	}
	people, err := demoidp.People(d.o.Seed, Regions()...)
	if err != nil {
		return err
	}
	// It ends with Close and not with whoever made it.
	if d.identities, err = demoidp.Start(context.WithoutCancel(ctx), people, d.o.Logger); err != nil {
		return err
	}
	config := d.identities.SignIn()
	for i := range plan.Members {
		plan.Members[i].Pages = &gateway.Pages{SignIn: &config}
	}
	return nil
}

// Identity is somebody who can sign in at the pages. None of them exists.
type Identity struct {
	Account  string `json:"account"`
	Password string `json:"password"`
	Name     string `json:"name"`
	About    string `json:"about"`
	Citizen  bool   `json:"citizen"`
}

// Identities lists who can sign in.
func (d *Demo) Identities() []Identity {
	if d.identities == nil {
		return nil
	}
	people := d.identities.People()
	out := make([]Identity, len(people))
	for i, p := range people {
		out[i] = Identity{Account: p.Account, Password: p.Password, Name: p.Name, About: p.About, Citizen: p.Code != ""}
	}
	return out
}
