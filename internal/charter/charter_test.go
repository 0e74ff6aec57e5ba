package charter_test

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/charter"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

const network = "xinan-1"

// party is a region that has made its keys.
type party struct {
	entry *charter.Entry
	keys  *keys.Store
}

func newParty(t *testing.T, code, msp string) *party {
	t.Helper()
	seed := sha256.Sum256([]byte(code))
	master, err := keys.NewMaster(seed[:])
	require.NoError(t, err)
	p := &party{entry: &charter.Entry{Network: network, Suite: attest.SuiteStd}}
	p.keys, err = keys.CreateStore(t.TempDir(), master)
	require.NoError(t, err)
	p.entry.Founder.Region = attest.Region{Code: code, Name: "地区" + code, MSP: msp, URL: "https://gw." + code + ".example"}
	for name, use := range map[string]attest.KeyUse{"gov-1": attest.UseGovern, "gw-1": attest.UseGateway} {
		signer, err := p.keys.Generate(attest.SuiteStd, registry.KeyID(code, name))
		require.NoError(t, err)
		p.entry.Founder.Keys = append(p.entry.Founder.Keys, registry.NewKey{Name: name, Use: use, Public: signer.Public()})
	}
	return p
}

func (p *party) sign(t *testing.T, ch *registry.Charter) string {
	t.Helper()
	own, err := charter.Own(ch, network, p.entry.Founder.Region, p.keys)
	require.NoError(t, err)
	text, err := charter.Sign(ch, own, p.keys)
	require.NoError(t, err)
	return text
}

// state is the ledger's, in memory.
type state map[string][]byte

func (s state) Get(key string) ([]byte, error) { return s[key], nil }

func (s state) Put(key string, value []byte) error {
	s[key] = value
	return nil
}

func TestAChartersWayToTheLedger(t *testing.T) {
	gd, sc, cq := newParty(t, "440000", "GuangdongMSP"), newParty(t, "510000", "SichuanMSP"), newParty(t, "500000", "ChongqingMSP")
	var entries []*charter.Entry
	for _, p := range []*party{sc, cq, gd} {
		back, err := charter.DecodeEntry(p.entry.Encode())
		require.NoError(t, err)
		assert.Equal(t, p.entry.Encode(), back.Encode())
		entries = append(entries, back)
	}
	made, err := charter.Make(network, attest.SuiteStd, entries)
	require.NoError(t, err)
	ch, err := charter.Decode(charter.Encode(made))
	require.NoError(t, err)
	assert.Equal(t, charter.Digest(made), charter.Digest(ch))

	own := &ch.Founders[0]
	signatures := []string{sc.sign(t, ch) + "\n", gd.sign(t, ch)}
	_, err = charter.Found(ch, signatures, own, gd.keys)
	assert.Equal(t, attest.CodeCharter, attest.CodeOf(err))
	require.ErrorContains(t, err, "the signature of 500000 地区500000 is missing")

	other, err := charter.Make(network, attest.SuiteStd, entries[1:])
	require.NoError(t, err)
	_, err = charter.Found(ch, append(signatures, cq.sign(t, other)), own, gd.keys)
	require.ErrorContains(t, err, "signature 3 of those given", "over another charter")

	stranger := newParty(t, "500000", "ChongqingMSP")
	forged, err := registry.SignCharter(*ch, mustSigner(t, stranger.keys, "500000#gov-1"))
	require.NoError(t, err)
	_, err = charter.Found(ch, append(signatures, forged), own, gd.keys)
	require.ErrorContains(t, err, "signature 3 of those given", "by another key of that name")
	_, err = charter.Own(ch, network, stranger.entry.Founder.Region, stranger.keys)
	assert.Equal(t, attest.CodeCharter, attest.CodeOf(err))

	signatures = append(signatures, cq.sign(t, ch), gd.sign(t, ch)) // one twice
	_, err = charter.Found(ch, signatures, &ch.Founders[1], cq.keys)
	require.ErrorContains(t, err, "the first founder, "+charter.Name(&own.Region)+",", "it says who has to")
	_, err = charter.Found(ch, nil, &ch.Founders[1], cq.keys)
	require.ErrorContains(t, err, "the first founder, "+charter.Name(&own.Region)+",", "before signatures are gathered in vain")

	command, err := charter.Found(ch, signatures, own, gd.keys)
	require.NoError(t, err)
	ledger := state{}
	event, err := registry.Apply(ledger, registry.Tx{ID: "t", Submitter: "GuangdongMSP"}, command)
	require.NoError(t, err)
	assert.Equal(t, registry.NameFound, event.Name)
	assert.Contains(t, ledger, registry.KeyRegion("500000"))
}

func mustSigner(t *testing.T, store *keys.Store, id string) attest.Signer {
	t.Helper()
	s, err := store.Signer(id)
	require.NoError(t, err)
	return s
}

func TestAnEntryHasItsForm(t *testing.T) {
	p := newParty(t, "440000", "GuangdongMSP")
	refused := 0
	for name, text := range map[string]string{
		"nothing": "", "another file": `{"network":"xinan-1"}`, "a member more": `{"network":"xinan-1","suite":"std","founder":{},"x":1}`,
		"another suite": string((&charter.Entry{Network: network, Suite: attest.SuiteGM, Founder: p.entry.Founder}).Encode()),
	} {
		_, err := charter.DecodeEntry([]byte(text))
		require.Error(t, err, name)
		refused++
	}
	assert.Equal(t, 4, refused)
	for _, k := range p.entry.Founder.Keys {
		assert.Regexp(t, `^[0-9a-f]{4}( [0-9a-f]{4}){15}$`, charter.Fingerprint(k.Public))
	}
}
