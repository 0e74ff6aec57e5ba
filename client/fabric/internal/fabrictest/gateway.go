package fabrictest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// state is what the peers hold, with the versions of its keys, and what was endorsed and not yet ordered.
type state struct {
	values   map[string][]byte
	versions map[string]int
	endorsed map[string]*simulation
	codes    map[string]recorded
}

type recorded struct {
	block uint64
	code  peer.TxValidationCode
}

func newState() state {
	return state{map[string][]byte{}, map[string]int{}, map[string]*simulation{}, map[string]recorded{}}
}

// simulation is a command's run over the state: what it read in which version, and what it writes.
type simulation struct {
	state  *state
	reads  map[string]int
	writes []registry.Write
}

// Get implements registry.State.
func (s *simulation) Get(key string) ([]byte, error) {
	s.reads[key] = s.state.versions[key]
	return s.state.values[key], nil
}

// Put implements registry.State.
func (s *simulation) Put(key string, value []byte) error {
	s.writes = append(s.writes, registry.Write{Key: key, Value: value})
	return nil
}

// Refused is the answer of a peer's gateway where an endorser refuses, as Fabric words it.
func Refused(mspID, message string) error {
	s, err := status.New(codes.Aborted, "failed to endorse transaction, see attached details for more info").
		WithDetails(protoadapt.MessageV1Of(&gateway.ErrorDetail{Address: "127.0.0.1:7051", MspId: mspID, Message: message}))
	if err != nil {
		panic(err)
	}
	return s.Err()
}

// Endorse implements gateway.GatewayServer: the rules run over the state as it is.
func (p *Peer) Endorse(_ context.Context, r *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	return p.OnEndorse(func() (*gateway.EndorseResponse, error) { return p.endorse(r) })
}

func (p *Peer) endorse(r *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	var (
		proposal   peer.Proposal
		header     common.Header
		channel    common.ChannelHeader
		signature  common.SignatureHeader
		creator    msp.SerializedIdentity
		payload    peer.ChaincodeProposalPayload
		invocation peer.ChaincodeInvocationSpec
	)
	for _, part := range []struct {
		from func() []byte
		to   proto.Message
	}{
		{r.GetProposedTransaction().GetProposalBytes, &proposal}, {proposal.GetHeader, &header},
		{header.GetChannelHeader, &channel}, {header.GetSignatureHeader, &signature}, {signature.GetCreator, &creator},
		{proposal.GetPayload, &payload}, {payload.GetInput, &invocation},
	} {
		if err := proto.Unmarshal(part.from(), part.to); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
	}
	args := invocation.GetChaincodeSpec().GetInput().GetArgs()
	if len(args) != 2 || string(args[0]) != "Submit" {
		return nil, status.Error(codes.InvalidArgument, "not a Submit of one command")
	}
	tx := registry.Tx{ID: channel.GetTxId(), Time: channel.GetTimestamp().GetSeconds(), Submitter: creator.GetMspid()}
	event, err := p.simulate(tx, args[1])
	if err != nil {
		return nil, Refused(p.Org.MSPID, fmt.Sprintf("chaincode response 500, %v", err))
	}
	answer := fmt.Sprintf(`{"name":%q,"key":%q}`, event.Name, event.Key)
	if event.Repeat {
		answer = fmt.Sprintf(`{"name":%q,"key":%q,"repeat":true}`, event.Name, event.Key)
	}
	envelope := assemble(&header, &payload, p.OnAnswer(answer))
	return &gateway.EndorseResponse{PreparedTransaction: &common.Envelope{Payload: envelope}}, nil
}

func (p *Peer) simulate(tx registry.Tx, command []byte) (registry.Event, error) {
	n := p.Network
	n.mu.Lock()
	defer n.mu.Unlock()
	s := &simulation{state: &n.state, reads: map[string]int{}}
	event, err := registry.Apply(s, tx, command)
	if err == nil {
		n.state.endorsed[tx.ID] = s
	}
	return event, err
}

func assemble(header *common.Header, proposal *peer.ChaincodeProposalPayload, answer string) []byte {
	chaincode := &peer.ChaincodeID{Name: Chaincode, Version: "1"}
	action := Marshal(&peer.ChaincodeAction{ChaincodeId: chaincode, Response: &peer.Response{Status: 200, Payload: []byte(answer)}})
	input := Marshal(&peer.ChaincodeProposalPayload{Input: proposal.GetInput()})
	hash := sha256.Sum256(slices.Concat(header.GetChannelHeader(), header.GetSignatureHeader(), input))
	body := Marshal(&peer.ChaincodeActionPayload{ChaincodeProposalPayload: input, Action: &peer.ChaincodeEndorsedAction{
		ProposalResponsePayload: Marshal(&peer.ProposalResponsePayload{ProposalHash: hash[:], Extension: action})}})
	tx := &peer.Transaction{Actions: []*peer.TransactionAction{{Header: header.GetSignatureHeader(), Payload: body}}}
	return Marshal(&common.Payload{Header: header, Data: Marshal(tx)})
}

// Submit implements gateway.GatewayServer: the transaction is a block of its own, valid if nothing that it read has changed.
func (p *Peer) Submit(_ context.Context, r *gateway.SubmitRequest) (*gateway.SubmitResponse, error) {
	return &gateway.SubmitResponse{}, p.OnSubmit(func() error { return p.Network.commit(r.GetPreparedTransaction()) })
}

func (n *Network) commit(e *common.Envelope) error {
	raw := Marshal(e)
	header, err := opened(raw)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	id := header.GetTxId()
	s, code := n.state.endorsed[id], peer.TxValidationCode_VALID
	switch {
	case s == nil:
		return status.Error(codes.FailedPrecondition, "not endorsed here")
	case n.state.codes[id] != (recorded{}):
		code = peer.TxValidationCode_DUPLICATE_TXID
	default:
		for key, version := range s.reads {
			if n.state.versions[key] != version {
				code = peer.TxValidationCode_MVCC_READ_CONFLICT
			}
		}
		n.state.codes[id] = recorded{uint64(len(n.blocks)), code}
	}
	if code == peer.TxValidationCode_VALID {
		for _, w := range s.writes {
			n.state.values[w.Key] = w.Value
			n.state.versions[w.Key]++
		}
	}
	n.append(n.sealed(n.Orderers()[:n.Quorum()], &Tx{raw: raw, Flag: code}))
	return nil
}

// CommitStatus implements gateway.GatewayServer.
func (p *Peer) CommitStatus(ctx context.Context, r *gateway.SignedCommitStatusRequest) (*gateway.CommitStatusResponse, error) {
	return p.OnStatus(func() (*gateway.CommitStatusResponse, error) {
		var request gateway.CommitStatusRequest
		if err := proto.Unmarshal(r.GetRequest(), &request); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		for {
			changed := p.Network.wait()
			if got, ok := p.Network.recorded(request.GetTransactionId()); ok {
				return &gateway.CommitStatusResponse{Result: got.code, BlockNumber: got.block}, nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return nil, status.FromContextError(ctx.Err()).Err()
			}
		}
	})
}

func (n *Network) recorded(id string) (recorded, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	got, ok := n.state.codes[id]
	return got, ok
}

// State is a copy of what the peers hold.
func (n *Network) State() map[string][]byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[string][]byte{}
	for k, v := range n.state.values {
		out[k] = v
	}
	return out
}

// Touch makes everything that was read so far look changed, as other commands about the same keys would.
func (n *Network) Touch() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.state.endorsed {
		for key := range s.reads {
			n.state.versions[key]++
		}
	}
}
