package fabric

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/hyperledger/fabric-gateway/pkg/client"
)

// statePage is how many records are asked for at once.
const statePage = 500

// State visits the registry's state at the own peer in the order of its keys, for audits: to compare it with an index or with
// another region's peer. It is one peer's word, and no verdict rests on it. Pages are read one after the other, so that only a
// ledger at rest gives a state as of one block. The value must not be kept.
func (c *Client) State(ctx context.Context, visit func(key string, value []byte) error) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	for bookmark := ""; ; {
		page, err := c.statePage(ctx, bookmark)
		if over := c.over(ctx); over != nil {
			return over
		}
		if err != nil {
			return fmt.Errorf("state at %s: %w", c.o.Peer.Address, err)
		}
		for _, r := range page.Records {
			if err := visit(r.Key, []byte(r.Value)); err != nil {
				return err
			}
		}
		if bookmark = page.Bookmark; bookmark == "" {
			return nil
		}
	}
}

type page struct {
	Records []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"records"`
	Bookmark string `json:"bookmark"`
}

func (c *Client) statePage(ctx context.Context, bookmark string) (p page, err error) {
	proposal, err := c.gateways[0].GetNetwork(c.o.Channel).GetContract(c.o.Chaincode).NewProposal("State",
		client.WithArguments("", strconv.Itoa(statePage), bookmark), client.WithEndorsingOrganizations(c.o.Identity.MSPID))
	if err != nil {
		return p, err
	}
	answer, err := proposal.EvaluateWithContext(ctx)
	if err != nil {
		return p, flatten(err)
	}
	return p, json.Unmarshal(answer, &p)
}
