package peertest

import (
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// The streams in which a peer shows the chain.
const (
	deliver         = "/protos.Deliver/Deliver"
	deliverFiltered = "/protos.Deliver/DeliverFiltered"
)

// telling keeps a lie's memory of what it has seen whole: streams run side by side.
var telling sync.Mutex

// teller tells the proxy's lie in one stream.
type teller struct {
	proxy  *Proxy
	method string
	ended  bool // the stream ends behind what was told
}

// tell is what is said in the place of a message.
func (t *teller) tell(m []byte) ([][]byte, error) {
	lie := t.proxy.lie.Load()
	if lie == nil || t.method != deliver && t.method != deliverFiltered {
		return [][]byte{m}, nil
	}
	var said peer.DeliverResponse
	if err := proto.Unmarshal(m, &said); err != nil {
		return nil, err
	}
	telling.Lock()
	instead := t.instead(lie, &said)
	telling.Unlock()
	if instead == nil {
		return [][]byte{m}, nil
	}
	t.proxy.told.Add(1)
	out := make([][]byte, 0, len(instead))
	for _, r := range instead {
		m, err := proto.Marshal(r)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// instead are the answers in the place of one; nil: itself.
func (t *teller) instead(lie *Lie, said *peer.DeliverResponse) []*peer.DeliverResponse {
	if f := said.GetFilteredBlock(); f != nil {
		return heights(lie, f)
	}
	b := said.GetBlock()
	if b == nil {
		return nil
	}
	if lie.below > 0 && b.GetHeader().GetNumber() >= lie.below {
		t.ended = true
		return []*peer.DeliverResponse{{Type: &peer.DeliverResponse_Status{Status: common.Status_NOT_FOUND}}}
	}
	if lie.block == nil {
		return nil
	}
	blocks := lie.block(b)
	if len(blocks) == 1 && proto.Equal(blocks[0], b) {
		return nil
	}
	if blocks == nil {
		return nil
	}
	out := make([]*peer.DeliverResponse, 0, len(blocks))
	for _, b := range blocks {
		out = append(out, &peer.DeliverResponse{Type: &peer.DeliverResponse_Block{Block: b}})
	}
	return out
}

// heights lies about a height, which is asked for as the newest block without its transactions.
func heights(lie *Lie, f *peer.FilteredBlock) []*peer.DeliverResponse {
	if lie.height == nil {
		return nil
	}
	next := lie.height(f.GetNumber() + 1)
	if next == f.GetNumber()+1 {
		return nil
	}
	changed, _ := proto.Clone(f).(*peer.FilteredBlock)
	changed.Number = next - 1
	return []*peer.DeliverResponse{{Type: &peer.DeliverResponse_FilteredBlock{FilteredBlock: changed}}}
}
