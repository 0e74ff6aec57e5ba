package chaincode_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/hyperledger/fabric-contract-api-go/v2/metadata"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/chaincode"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
	"github.com/huzheng-ledger/huzheng/test/conformance"
)

var members = []conformance.Member{
	{Region: "430000", MSP: "HunanMSP"}, {Region: "440000", MSP: "GuangdongMSP"},
	{Region: "500000", MSP: "ChongqingMSP"}, {Region: "510000", MSP: "SichuanMSP"},
}

func newChaincode(t testing.TB) *contractapi.ContractChaincode {
	t.Helper()
	cc, err := chaincode.New(chaincode.DefaultName)
	require.NoError(t, err)
	return cc
}

// TestWriteSetsAreTheRules runs the same commands through the chaincode and through the rules over a map, and demands the same
// events, refusals and writes, in the same order.
func TestWriteSetsAreTheRules(t *testing.T) {
	cc := newChaincode(t)
	accepted, refused, repeated, writes := 0, 0, 0, 0
	for seed := range uint64(20) {
		committed := map[string][]byte{}
		for i, step := range conformance.Script(t, members, seed, 150) {
			tx := registry.Tx{ID: fmt.Sprintf("tx-%d", i), Time: testledger.Start + int64(i), Submitter: step.MSP}
			rules := &testledger.Overlay{Below: func(key string) []byte { return committed[key] }}
			event, err := registry.Apply(rules, tx, step.Command)
			require.Empty(t, rules.Violations)

			s := call(committed, tx, "Submit", string(step.Command))
			response := cc.Invoke(s)
			if err != nil {
				require.EqualValues(t, shim.ERROR, response.GetStatus(), step.About)
				require.Equal(t, err.Error(), response.GetMessage(), step.About)
				require.Nil(t, s.event, step.About)
				refused++
				continue
			}
			require.EqualValues(t, shim.OK, response.GetStatus(), "%s: %s", step.About, response.GetMessage())
			require.Equal(t, chaincode.EncodeEvent(event), string(response.GetPayload()), step.About)
			require.Equal(t, rules.Writes, s.writes, step.About)
			if event.Repeat {
				require.Nil(t, s.event, step.About)
				require.Empty(t, s.writes, step.About)
				repeated++
				continue
			}
			require.Equal(t, &peer.ChaincodeEvent{EventName: event.Name, Payload: []byte(event.Key)}, s.event, step.About)
			for _, w := range s.writes {
				committed[w.Key] = w.Value
			}
			accepted, writes = accepted+1, writes+len(s.writes)
		}
	}
	t.Logf("%d accepted with %d writes, %d repeated, %d refused, 0 differences", accepted, writes, repeated, refused)
	require.Greater(t, accepted, 500)
	require.Greater(t, refused, 300)
	require.Greater(t, repeated, 50)
}

// TestEventAsItIsAnswered pins the bytes.
func TestEventAsItIsAnswered(t *testing.T) {
	for want, event := range map[string]registry.Event{
		`{"name":"anchor","key":"batch/x"}`:               {Name: "anchor", Key: "batch/x"},
		`{"name":"anchor","key":"batch/x","repeat":true}`: {Name: "anchor", Key: "batch/x", Repeat: true},
	} {
		require.Equal(t, want, chaincode.EncodeEvent(event))
	}
}

// TestOnlyAPlainSubmitIsTakenUp: a follower of the blocks looks for Submit with one argument in a transaction of this
// chaincode. Nothing else may change the state.
func TestOnlyAPlainSubmitIsTakenUp(t *testing.T) {
	cc := newChaincode(t)
	found := conformance.Script(t, members, 1, 1)[0]
	tx := registry.Tx{ID: "tx", Time: testledger.Start, Submitter: found.MSP}
	command := string(found.Command)
	good := call(nil, tx, "Submit", command)
	require.EqualValues(t, shim.OK, cc.Invoke(good).GetStatus())
	require.NotEmpty(t, good.writes)

	relayed := call(nil, tx, "Submit", command)
	relayed.proposed = &peer.ChaincodeSpec{ChaincodeId: &peer.ChaincodeID{Name: "relay"}, Input: &peer.ChaincodeInput{Args: relayed.args}}
	translated := call(nil, tx, "Submit", command)
	translated.proposed = &peer.ChaincodeSpec{ChaincodeId: &peer.ChaincodeID{Name: "huzheng"},
		Input: &peer.ChaincodeInput{Args: [][]byte{[]byte("Get"), []byte("x")}}}
	for name, c := range map[string]struct {
		stub *stub
		code attest.Code
	}{
		"lower case":             {call(nil, tx, "submit", command), attest.CodeCommandUnknown},
		"with the contract":      {call(nil, tx, "registry:Submit", command), attest.CodeCommandUnknown},
		"two commands":           {call(nil, tx, "Submit", command, command), attest.CodeCommandUnknown},
		"another transaction":    {call(nil, tx, "Apply", command), attest.CodeCommandUnknown},
		"by another chaincode":   {relayed, attest.CodeNotPermitted},
		"with another's command": {translated, attest.CodeNotPermitted},
	} {
		require.Equal(t, string(c.code), refusal(t, cc.Invoke(c.stub)), name)
		require.Empty(t, c.stub.writes, name)
		require.Nil(t, c.stub.event, name)
	}
	for name, s := range map[string]*stub{
		"no command": call(nil, tx, "Submit"),
		"no name":    call(nil, tx, ""),
	} {
		if response := cc.Invoke(s); response.GetStatus() == shim.OK {
			require.Fail(t, "taken up", name)
		}
		cc.Init(s)
		require.Empty(t, s.writes, name)
	}
}

func TestAStateThatCannotBeReadIsNoRefusal(t *testing.T) {
	cc := newChaincode(t)
	step := conformance.Script(t, members, 1, 1)[0]
	s := call(nil, registry.Tx{ID: "tx", Time: testledger.Start, Submitter: step.MSP}, "Submit", string(step.Command))
	s.fail = errors.New("disk on fire")
	require.Equal(t, string(attest.CodeInternal), refusal(t, cc.Invoke(s)))
	for _, args := range [][]string{{"Get", "consortium"}, {"State", "", "10", ""}} {
		s := call(nil, registry.Tx{}, args...)
		s.fail = errors.New("disk on fire")
		require.Equal(t, string(attest.CodeInternal), refusal(t, cc.Invoke(s)), args[0])
	}
}

func TestQueriesReadTheState(t *testing.T) {
	cc := newChaincode(t)
	committed := map[string][]byte{}
	for i := range 25 {
		committed[fmt.Sprintf("batch/%02d", i)] = fmt.Appendf(nil, `{"size":%d,"name":"证照"}`, i)
	}
	committed["authority/a"], committed["consortium"] = []byte("a"), []byte("c")

	response := cc.Invoke(call(committed, registry.Tx{}, "Get", "batch/07"))
	require.Equal(t, committed["batch/07"], response.GetPayload(), response.GetMessage())
	require.Equal(t, string(attest.CodeNotFound), refusal(t, cc.Invoke(call(committed, registry.Tx{}, "Get", "batch/99"))))

	for prefix, want := range map[string]int{"": 27, "batch/": 25, "authority/": 1, "batch/1": 10, "none": 0} {
		got := map[string][]byte{}
		for bookmark, pages := "", 0; ; pages++ {
			response := cc.Invoke(call(committed, registry.Tx{}, "State", prefix, "10", bookmark))
			require.EqualValues(t, shim.OK, response.GetStatus(), response.GetMessage())
			var page chaincode.Page
			require.NoError(t, json.Unmarshal(response.GetPayload(), &page))
			for _, r := range page.Records {
				got[r.Key] = []byte(r.Value)
			}
			if bookmark = page.Bookmark; bookmark == "" {
				require.Equal(t, max(want-1, 0)/10, pages, "pages of %q", prefix)
				break
			}
		}
		require.Len(t, got, want, "prefix %q", prefix)
		for key, value := range got {
			require.Equal(t, committed[key], value)
		}
	}
	for _, args := range [][]string{{"State", "", "0", ""}, {"State", "", "1001", ""}, {"State", "证", "10", ""}} {
		require.Equal(t, string(attest.CodeFieldInvalid), refusal(t, cc.Invoke(call(committed, registry.Tx{}, args...))), args)
	}
}

func TestMetadataTellsWhatThereIs(t *testing.T) {
	cc := newChaincode(t)
	response := cc.Invoke(call(nil, registry.Tx{}, "org.hyperledger.fabric:GetMetadata"))
	require.EqualValues(t, shim.OK, response.GetStatus(), response.GetMessage())
	var about metadata.ContractChaincodeMetadata
	require.NoError(t, json.Unmarshal(response.GetPayload(), &about))
	require.NotEmpty(t, about.Info.Title)
	contract := about.Contracts["registry"]
	require.NotEmpty(t, contract.Info.Title)
	require.True(t, contract.Default)
	tags := map[string]string{}
	for _, tx := range contract.Transactions {
		tags[tx.Name] = tx.Tag[0]
	}
	require.Equal(t, map[string]string{"Submit": "submit", "Get": "evaluate", "State": "evaluate"}, tags)
}
