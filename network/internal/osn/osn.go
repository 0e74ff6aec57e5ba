// Package osn administers one region's orderer through Fabric's channel participation API: which channel it orders, and joining it
// to one. The orderer asks for the administrator's TLS certificate.
package osn

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"

	"github.com/huzheng-ledger/huzheng/network/internal/ask"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Channel is an orderer's part in a channel.
type Channel struct {
	Relation string `json:"consensusRelation"` // consenter, follower, other
	Status   string `json:"status"`            // active, onboarding, inactive, failed
	Height   uint64 `json:"height"`            // number of blocks
}

// Orderer is one region's orderer.
type Orderer struct {
	client  *ask.Client
	url     string
	metrics string
	region  string
}

// Open addresses the region's orderer as its administrator. Close it.
func Open(r topology.Region, files layout.Region) (*Orderer, error) {
	admin := files.Identity("admin")
	client, err := ask.New(files.Root(), &admin)
	if err != nil {
		return nil, err
	}
	return &Orderer{
		client: client, url: "https://" + r.Address(r.Ports.OrdererAdmin) + "/participation/v1/channels",
		metrics: "https://" + r.Address(r.Ports.OrdererMetrics) + "/metrics", region: r.Code,
	}, nil
}

// Close ends the connections.
func (o *Orderer) Close() { o.client.Close() }

// Ready is nil once the orderer answers its administrator.
func (o *Orderer) Ready(ctx context.Context) error { return o.client.Get(ctx, o.url, nil) }

// Channel returns the orderer's part in a channel, and whether it has one.
func (o *Orderer) Channel(ctx context.Context, channel string) (c Channel, joined bool, err error) {
	err = o.client.Get(ctx, o.url+"/"+channel, &c)
	if ask.IsNotFound(err) {
		return Channel{}, false, nil
	}
	if err != nil {
		return Channel{}, false, fmt.Errorf("orderer of %s: %w", o.region, err)
	}
	return c, true, nil
}

// Join gives the orderer a configuration block: the first one of a new channel, or the last one of a channel that it shall enter.
func (o *Orderer) Join(ctx context.Context, block []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("config-block", "config.block")
	if err != nil {
		return err
	}
	if _, err := part.Write(block); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if err := o.client.Do(req, nil); err != nil {
		return fmt.Errorf("join the orderer of %s: %w", o.region, err)
	}
	return nil
}
