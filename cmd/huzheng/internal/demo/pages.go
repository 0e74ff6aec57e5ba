package demo

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/sample"
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

// issueToPeople issues a second certificate to the first citizen of every province who can sign in, so that there is something to
// choose from.
func (d *Demo) issueToPeople(ctx context.Context) error {
	for _, r := range d.regions {
		for _, p := range d.Identities() {
			if p.Account != "citizen1."+r.access.Region {
				continue
			}
			var err error
			_, issuing := d.issueOne(ctx, r, sample.TypeOperation, numberAlsoHeld, func(c *client.NewCertificate) {
				c.Fields, err = heldBy(c.Fields, &p)
			})
			if err = errors.Join(err, issuing); err != nil {
				return err
			}
		}
	}
	return nil
}

// heldBy puts somebody in the place of a sample's holder.
func heldBy(fields json.RawMessage, p *Identity) (json.RawMessage, error) {
	values := map[string]string{}
	if err := json.Unmarshal(fields, &values); err != nil {
		return nil, err
	}
	values[gbt.FieldHolderName], values[gbt.FieldHolderCode] = p.Name, p.code
	return json.Marshal(values)
}

// Identity is somebody who can sign in at the pages. None of them exists.
type Identity struct {
	Account  string `json:"account"`
	Password string `json:"password"`
	Name     string `json:"name"`
	About    string `json:"about"`
	Citizen  bool   `json:"citizen"`
	code     string
}

// Identities lists who can sign in.
func (d *Demo) Identities() []Identity {
	if d.identities == nil {
		return nil
	}
	people := d.identities.People()
	out := make([]Identity, len(people))
	for i, p := range people {
		out[i] = Identity{Account: p.Account, Password: p.Password, Name: p.Name, About: p.About, Citizen: p.Code != "", code: p.Code}
	}
	return out
}
