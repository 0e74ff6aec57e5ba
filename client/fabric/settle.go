package fabric

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// fetchTime bounds the fetching of one block's transaction ids.
const fetchTime = 10 * time.Second

var errUnsettled = errors.New("no commit status and no block told of it in time")

// settle offers an endorsed transaction to the orderers and finds out what became of it: from a block that Blocks hands out
// meanwhile, or from the own peer's commit status. An error means that it is not known.
func (c *Client) settle(ctx context.Context, tx *client.Transaction) (seen, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.o.Settle, errUnsettled)
	inBlock := c.pending.await(tx.TransactionID())
	status := make(chan seen, 1)
	offer := offering{tx: tx}
	var running sync.WaitGroup
	running.Go(func() { offer.run(ctx) })
	running.Go(func() { c.watch(ctx, tx.TransactionID(), status) })
	defer func() {
		cancel()
		c.pending.forget(tx.TransactionID())
		running.Wait()
	}()
	select {
	case s := <-inBlock:
		return s, nil
	case s := <-status:
		return s, nil
	case <-ctx.Done():
		return seen{}, errors.Join(c.over(ctx), offer.problem())
	}
}

// offering offers one transaction until it is taken. It is the same transaction each time, under one id, and Fabric records an
// id once: an orderer that reports a failure for what it has taken in does no harm.
type offering struct {
	tx *client.Transaction

	mu   sync.Mutex
	last error
}

func (o *offering) run(ctx context.Context) {
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		_, err := o.tx.SubmitWithContext(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		o.mu.Lock()
		o.last = flatten(err)
		o.mu.Unlock()
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// problem is why the orderers did not take it when they were last asked.
func (o *offering) problem() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

// watch asks the own peer for the commit status until it is known or ctx ends.
func (c *Client) watch(ctx context.Context, id string, status chan<- seen) {
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		s, err := c.committed(ctx, id)
		if err == nil {
			status <- s
			return
		}
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// committed waits for the commit status, and finds the transaction's place in its block.
func (c *Client) committed(ctx context.Context, id string) (seen, error) {
	request, err := proto.Marshal(&gateway.CommitStatusRequest{ChannelId: c.o.Channel, TransactionId: id, Identity: c.signer.creator})
	if err != nil {
		return seen{}, err
	}
	unsigned, err := proto.Marshal(&gateway.SignedCommitStatusRequest{Request: request})
	if err != nil {
		return seen{}, err
	}
	commit, err := c.gateway.NewCommit(unsigned)
	if err != nil {
		return seen{}, err
	}
	status, err := commit.StatusWithContext(ctx)
	if err != nil {
		return seen{}, err
	}
	s := seen{place: registry.Position{Block: status.BlockNumber}, code: status.Code}
	if status.Code == peer.TxValidationCode_VALID {
		s.place.Tx, err = c.indexIn(status.BlockNumber, id)
	}
	return s, err
}

// indexIn is a transaction's place in a block of the own peer. Transactions of one block ask for it together.
func (c *Client) indexIn(number uint64, id string) (uint32, error) {
	got, err, _ := c.fetches.Do(strconv.FormatUint(number, 10), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), fetchTime) // of none of those who wait: one may leave
		defer cancel()
		return c.sources[0].filtered(ctx, number)
	})
	if err != nil {
		return 0, err
	}
	for i, t := range got.(*peer.FilteredBlock).GetFilteredTransactions() { //nolint:forcetypeassert // what the function above returns
		if t.GetTxid() == id {
			return uint32(i), nil
		}
	}
	return 0, fmt.Errorf("block %d does not have transaction %s", number, id)
}
