package gateway

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/attest/statuslist"
)

// statusListLife is how long others may keep a signed status list. Verifiers of the consortium read the ledger instead
// and are never that late.
const statusListLife = time.Minute

// trust is api.TrustMetadata: what verifiers outside the consortium need.
type trust struct {
	g     *Gateway
	mu    sync.Mutex
	lists map[string]signedList // by uri
}

type signedList struct {
	token  []byte
	height uint64
	until  time.Time
}

// local finds an authority that this region answers for.
func (s *trust) local(uscc string) (*attest.Authority, error) {
	a, err := s.g.index.Authority(uscc)
	if err != nil {
		return nil, err
	}
	if a == nil || a.Region != s.g.o.Region {
		return nil, notFound("authority")
	}
	return a, nil
}

// IssuerMetadata implements api.TrustMetadata: JWT VC issuer metadata (draft-ietf-oauth-sd-jwt-vc, 5). Retired keys stay
// in it, for what they signed stands; keys marked compromised do not.
func (s *trust) IssuerMetadata(_ context.Context, uscc string) (*api.IssuerMetadata, error) {
	a, err := s.local(uscc)
	if err != nil {
		return nil, err
	}
	out := &api.IssuerMetadata{Issuer: a.Issuer, JWKS: api.JWKSet{Keys: []json.RawMessage{}}}
	err = s.g.index.Scan(registry.KeyKey(uscc+"#"), func(_ string, value []byte) error {
		k, err := registry.DecodeKey(value)
		if err == nil && k.CompromisedFrom == 0 {
			out.JWKS.Keys = append(out.JWKS.Keys, namedJWK(k))
		}
		return err
	})
	return out, err
}

func namedJWK(k *attest.Key) json.RawMessage {
	w := attest.NewObjectWriter(nil)
	w.String("kid", k.ID)
	w.String("alg", k.Public.Alg())
	w.String("use", "sig")
	head := w.Close()
	return append(append(head[:len(head)-1], ','), k.Public.JWK()[1:]...)
}

// StatusList implements api.TrustMetadata: a Token Status List of two bits an entry, signed by the authority. A list that
// no certificate can be in yet does not exist.
func (s *trust) StatusList(_ context.Context, uscc string, list uint32) ([]byte, time.Duration, error) {
	a, err := s.local(uscc)
	if err != nil {
		return nil, 0, err
	}
	inUse, err := s.g.vault.StatusLists(uscc)
	if err != nil {
		return nil, 0, err
	}
	if list >= inUse {
		return nil, 0, notFound("status list")
	}
	now, uri := s.g.now(), attest.StatusListURL(a.Issuer, list)
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.lists[uri]; ok && now.Before(l.until) && l.height == s.g.index.Height() {
		return l.token, statusListLife, nil
	}
	token, err := s.sign(a, list, uri, now)
	if err != nil {
		return nil, 0, err
	}
	s.lists[uri] = signedList{token: token, height: s.g.index.Height(), until: now.Add(statusListLife)}
	return token, statusListLife, nil
}

func (s *trust) sign(a *attest.Authority, list uint32, uri string, now time.Time) ([]byte, error) {
	signer, err := s.g.issuingKey(a.Code)
	if err != nil {
		return nil, err
	}
	statuses, err := s.statuses(a.Code, list, now.Unix())
	if err != nil {
		return nil, err
	}
	token := statuslist.Token{Subject: uri, IssuedAt: now.Unix(), Expires: now.Add(statusListLife).Unix(),
		TTL: int64(statusListLife / time.Second), List: statuses}
	payload, err := token.Payload()
	if err != nil {
		return nil, err
	}
	return attest.SignJWS(signer, statuslist.Type, payload)
}

func (s *trust) statuses(uscc string, list uint32, now int64) (*statuslist.List, error) {
	out, err := statuslist.New(2, attest.StatusListSize)
	if err != nil {
		return nil, err
	}
	prefix := registry.PrefixStatus(uscc, list)
	err = s.g.index.Scan(prefix, func(key string, value []byte) error {
		index, err := strconv.Atoi(strings.TrimPrefix(key, prefix))
		if err != nil {
			return err
		}
		intervals, err := registry.DecodeStatus(value)
		if err != nil {
			return err
		}
		at := attest.StatusAt(intervals, now)
		if at == nil {
			return nil
		}
		status, err := statuslist.StatusOf(at.State)
		if err != nil {
			return err
		}
		return out.Set(index, status)
	})
	return out, err
}

// Snapshot implements api.TrustMetadata.
func (s *trust) Snapshot(_ context.Context, w io.Writer) error { return s.g.Snapshot(w) }
