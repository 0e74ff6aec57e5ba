package chaincode_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// stub is what a peer gives the chaincode for one proposal. It does what Fabric's does: reads show the committed state and
// never the proposal's own writes. Whatever the contract has no business with is the embedded nil interface, and panics.
type stub struct {
	shim.ChaincodeStubInterface
	committed map[string][]byte
	args      [][]byte
	proposed  *peer.ChaincodeSpec // what the creator signed
	tx        registry.Tx
	fail      error // of every look-up

	writes []registry.Write
	event  *peer.ChaincodeEvent
}

// call is a proposal to the chaincode "huzheng" with these arguments.
func call(committed map[string][]byte, tx registry.Tx, args ...string) *stub {
	s := &stub{committed: committed, tx: tx}
	for _, a := range args {
		s.args = append(s.args, []byte(a))
	}
	s.proposed = &peer.ChaincodeSpec{ChaincodeId: &peer.ChaincodeID{Name: "huzheng"}, Input: &peer.ChaincodeInput{Args: s.args}}
	return s
}

func (s *stub) GetArgs() [][]byte { return s.args }

func (s *stub) GetFunctionAndParameters() (string, []string) {
	var text []string
	for _, a := range s.args {
		text = append(text, string(a))
	}
	return text[0], text[1:]
}

func (s *stub) GetTxID() string { return s.tx.ID }

func (s *stub) GetTxTimestamp() (*timestamppb.Timestamp, error) {
	return &timestamppb.Timestamp{Seconds: s.tx.Time, Nanos: 999_999_999}, nil
}

func (s *stub) GetCreator() ([]byte, error) {
	return proto.Marshal(&msp.SerializedIdentity{Mspid: s.tx.Submitter, IdBytes: []byte("a certificate")})
}

func (s *stub) GetSignedProposal() (*peer.SignedProposal, error) {
	invocation, err := proto.Marshal(&peer.ChaincodeInvocationSpec{ChaincodeSpec: s.proposed})
	if err != nil {
		return nil, err
	}
	payload, err := proto.Marshal(&peer.ChaincodeProposalPayload{Input: invocation})
	if err != nil {
		return nil, err
	}
	proposal, err := proto.Marshal(&peer.Proposal{Payload: payload})
	return &peer.SignedProposal{ProposalBytes: proposal}, err
}

func (s *stub) GetState(key string) ([]byte, error) { return s.committed[key], s.fail }

func (s *stub) PutState(key string, value []byte) error {
	s.writes = append(s.writes, registry.Write{Key: key, Value: value})
	return nil
}

func (s *stub) SetEvent(name string, payload []byte) error {
	if s.event != nil || name == "" {
		return errors.New("one event a transaction, and it has a name")
	}
	s.event = &peer.ChaincodeEvent{EventName: name, Payload: payload}
	return nil
}

// GetStateByRangeWithPagination gives a page; the bookmark is the key that the next one begins with.
func (s *stub) GetStateByRangeWithPagination(start, end string, size int32, bookmark string) (
	shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error,
) {
	var keys []string
	for key := range s.committed {
		if key >= start && key >= bookmark && (end == "" || key < end) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	meta := &peer.QueryResponseMetadata{}
	if n := int(size); len(keys) > n {
		meta.Bookmark, keys = keys[n], keys[:n]
	}
	found := &iterator{}
	for _, key := range keys {
		found.left = append(found.left, &queryresult.KV{Key: key, Value: s.committed[key]})
	}
	return found, meta, s.fail
}

type iterator struct{ left []*queryresult.KV }

func (i *iterator) HasNext() bool { return len(i.left) > 0 }
func (i *iterator) Close() error  { return nil }

func (i *iterator) Next() (*queryresult.KV, error) {
	kv := i.left[0]
	i.left = i.left[1:]
	return kv, nil
}

// refusal is the code of a refused call.
func refusal(t *testing.T, response *peer.Response) string {
	t.Helper()
	require.EqualValues(t, shim.ERROR, response.GetStatus(), "it succeeded: %s", response.GetPayload())
	code, detail, ok := strings.Cut(response.GetMessage(), ": ")
	require.True(t, ok && detail != "", "not CODE: detail: %s", response.GetMessage())
	require.Regexp(t, `^[A-Z][A-Z0-9_]+$`, code)
	return code
}
