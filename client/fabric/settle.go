package fabric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// fetchTime bounds the fetching of one block's transaction ids.
const fetchTime = 10 * time.Second

var errUnsettled = errors.New("no commit status and no block told of it in time")

// settle offers an endorsed transaction to the orderers and finds out what became of it: from a block that Blocks hands out
// meanwhile, or from commit statuses. An error means that it is not known.
func (c *Client) settle(ctx context.Context, e endorsed) (seen, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.o.Settle, errUnsettled)
	id := e.tx.TransactionID()
	inBlock := c.pending.await(id)
	status := make(chan seen, 1)
	offer := offering{c: c, endorsed: e}
	var running sync.WaitGroup
	running.Go(func() { offer.run(ctx) })
	running.Go(func() { c.watch(ctx, id, status) })
	defer func() {
		cancel()
		c.pending.forget(id)
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

// offering offers one transaction until it is taken, through the peer that collected its endorsements and through the others
// in turn. It is the same transaction each time, under one id, and Fabric records an id once: an orderer that reports a failure
// for what it has taken in does no harm.
type offering struct {
	c *Client
	endorsed

	mu   sync.Mutex
	last error
}

func (o *offering) run(ctx context.Context) {
	at := append([]int{o.by}, slices.DeleteFunc(o.c.route.order(), func(i int) bool { return i == o.by })...)
	for n, pause := 0, minPause; ; n, pause = n+1, min(2*pause, maxPause) {
		err := o.through(ctx, at[n%len(at)])
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

// through offers it once, through one peer.
func (o *offering) through(ctx context.Context, i int) error {
	raw, err := o.tx.Bytes()
	if err != nil {
		return err
	}
	tx, err := o.c.gateways[i].NewTransaction(raw)
	if err != nil {
		return err
	}
	if len(o.c.gateways) > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.c.o.Settle/impatience)
		defer cancel()
	}
	_, err = tx.SubmitWithContext(ctx)
	return err
}

// problem is why the orderers did not take it when they were last asked.
func (o *offering) problem() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

// watch asks for the commit status until it is known or ctx ends. The own peer's word is enough; where it does not come, so
// many others have to say the same that one of them is honest.
func (c *Client) watch(ctx context.Context, id string, status chan<- seen) {
	own, others := make(chan seen), make(chan seen)
	silent := make(chan struct{}) // closed once the own peer has failed
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running.Go(func() { c.ask(ctx, 0, id, own, sync.OnceFunc(func() { close(silent) })) })
	late := time.NewTimer(c.o.Settle / impatience)
	defer late.Stop()
	if c.route.away() {
		late.Reset(0)
	}
	askOthers := sync.OnceFunc(func() {
		for i := 1; i < len(c.sources); i++ {
			running.Go(func() { c.ask(ctx, i, id, others, func() {}) })
		}
	})
	said := newTally[seen](c.tolerated() + 1)
	for n := 0; ; {
		select {
		case s := <-own:
			status <- s
			return
		case s := <-others:
			if n++; said.add(s, strconv.Itoa(n)) { // each tells once
				status <- s
				return
			}
		case <-silent:
			silent = nil
			askOthers()
		case <-late.C:
			askOthers()
		case <-ctx.Done():
			return
		}
	}
}

// ask asks one peer for the commit status until it tells or ctx ends.
func (c *Client) ask(ctx context.Context, i int, id string, status chan<- seen, failed func()) {
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		s, err := c.committed(ctx, i, id)
		if err == nil {
			select {
			case status <- s:
			case <-ctx.Done():
			}
			return
		}
		failed()
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// committed waits for the commit status at a peer, and finds the transaction's place in its block.
func (c *Client) committed(ctx context.Context, i int, id string) (seen, error) {
	request, err := proto.Marshal(&gateway.CommitStatusRequest{ChannelId: c.o.Channel, TransactionId: id, Identity: c.signer.creator})
	if err != nil {
		return seen{}, err
	}
	unsigned, err := proto.Marshal(&gateway.SignedCommitStatusRequest{Request: request})
	if err != nil {
		return seen{}, err
	}
	commit, err := c.gateways[i].NewCommit(unsigned)
	if err != nil {
		return seen{}, err
	}
	status, err := commit.StatusWithContext(ctx)
	if err != nil {
		return seen{}, err
	}
	s := seen{place: registry.Position{Block: status.BlockNumber}, code: status.Code}
	if status.Code == peer.TxValidationCode_VALID {
		s.place.Tx, err = c.indexIn(i, status.BlockNumber, id)
	}
	return s, err
}

// indexIn is a transaction's place in a block of a peer. Transactions of one block ask for it together.
func (c *Client) indexIn(i int, number uint64, id string) (uint32, error) {
	got, err, _ := c.fetches.Do(fmt.Sprint(i, number), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), fetchTime) // of none of those who wait: one may leave
		defer cancel()
		return c.sources[i].filtered(ctx, number)
	})
	if err != nil {
		return 0, err
	}
	for at, t := range got.(*peer.FilteredBlock).GetFilteredTransactions() { //nolint:forcetypeassert // what the function above returns
		if t.GetTxid() == id {
			return uint32(at), nil
		}
	}
	return 0, fmt.Errorf("block %d does not have transaction %s", number, id)
}
