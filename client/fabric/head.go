package fabric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// headTime bounds one question about heights: a peer that hangs must not hold up what others answer.
const headTime = 3 * time.Second

// Head is how many blocks the ledger has, the number of the block to come, as several regions' peers tell it: of n peers
// f = (n−1)/3 may lie. Of 2f+1 answers it is the (f+1)th from above, which no liar can lower and none can raise. Where fewer
// answer, it is the highest of at least f+1, which none can lower; one who raises it brings doubt, not a verdict. Fewer still
// are an error: a gateway that is cut off with its own peer knows no more how far the others are.
func (c *Client) Head(ctx context.Context) (next uint64, err error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	limited, end := context.WithTimeout(ctx, headTime)
	defer end() // ends the questions that nobody waits for
	f := c.tolerated()
	heights, reasons := c.heights(limited, 2*f+1)
	if over := c.over(ctx); over != nil {
		return 0, over
	}
	slices.Sort(heights)
	slices.Reverse(heights)
	switch {
	case len(heights) > 2*f:
		return heights[f], nil
	case len(heights) > f:
		return heights[0], nil
	default:
		return 0, fmt.Errorf("%d peers tell their height, %d are needed: %w", len(heights), f+1, errors.Join(reasons...))
	}
}

// heights asks every peer at once, until enough have answered.
func (c *Client) heights(ctx context.Context, enough int) (heights []uint64, reasons []error) {
	type answer struct {
		height uint64
		err    error
	}
	answers := make(chan answer, len(c.sources))
	for _, s := range c.sources {
		go func() {
			height, err := s.height(ctx)
			answers <- answer{height, err}
		}()
	}
	for range c.sources {
		a := <-answers
		if a.err != nil {
			reasons = append(reasons, a.err)
			continue
		}
		if heights = append(heights, a.height); len(heights) == enough {
			break
		}
	}
	return heights, reasons
}

// PeerHead is how many blocks the own peer says it has. No freshness rests on it.
func (c *Client) PeerHead(ctx context.Context) (next uint64, err error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	next, err = c.sources[0].height(ctx)
	if over := c.over(ctx); over != nil {
		return 0, over
	}
	return next, err
}
