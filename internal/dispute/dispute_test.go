package dispute_test

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/dispute"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
)

// desk is one over a gateway's vault, with a citizen's certificate.
func desk(t *testing.T) (*dispute.Desk, *custody.Certificate, []string) {
	t.Helper()
	w := gatewaytest.Found(t, gatewaytest.Options{})
	vault := w.Regions[0].Gateway.Vault()
	commitment, err := custody.ParseID(w.Regions[0].Constructor(0).ID)
	require.NoError(t, err)
	c, err := vault.Certificate(commitment)
	require.NoError(t, err)
	return dispute.New(vault, rand.Reader, time.Now), c, []string{gbt.FieldHolderName, gbt.FieldNumber}
}

func wrongName() dispute.Statement {
	return dispute.Statement{Kind: custody.DisputeField, Field: gbt.FieldHolderName, Wrong: "名字写错了", Should: "丁一"}
}

func TestWhatIsNotADisputeIsRefused(t *testing.T) {
	fields := []string{gbt.FieldHolderName}
	for name, c := range map[string]struct {
		change func(s *dispute.Statement)
		use    bool
		code   attest.Code
	}{
		"a wrong field":           {change: func(*dispute.Statement) {}},
		"a wrong issue":           {change: func(s *dispute.Statement) { s.Kind, s.Field = custody.DisputeIssued, "" }},
		"a use":                   {change: func(s *dispute.Statement) { s.Kind, s.Field = custody.DisputeUse, "" }, use: true},
		"as long as it may be":    {change: func(s *dispute.Statement) { s.Wrong = strings.Repeat("长", dispute.MaxWrong) }},
		"lines":                   {change: func(s *dispute.Statement) { s.Wrong = "一\n二" }},
		"no kind":                 {func(s *dispute.Statement) { s.Kind = 0 }, false, attest.CodeDisputeKind},
		"an unknown kind":         {func(s *dispute.Statement) { s.Kind = 9 }, false, attest.CodeDisputeKind},
		"a use of a certificate":  {func(s *dispute.Statement) { s.Kind, s.Field = custody.DisputeUse, "" }, false, attest.CodeDisputeKind},
		"a field of a use":        {func(*dispute.Statement) {}, true, attest.CodeDisputeKind},
		"no field":                {func(s *dispute.Statement) { s.Field = "" }, false, attest.CodeDisputeField},
		"another's field":         {func(s *dispute.Statement) { s.Field = "noSuchField" }, false, attest.CodeDisputeField},
		"a field beside a status": {func(s *dispute.Statement) { s.Kind = custody.DisputeStatus }, false, attest.CodeDisputeField},
		"nothing said":            {func(s *dispute.Statement) { s.Wrong = "" }, false, attest.CodeDisputeText},
		"too much":                {func(s *dispute.Statement) { s.Wrong = strings.Repeat("长", dispute.MaxWrong+1) }, false, attest.CodeDisputeText},
		"too much to say":         {func(s *dispute.Statement) { s.Should = strings.Repeat("长", dispute.MaxShould+1) }, false, attest.CodeDisputeText},
		"no text":                 {func(s *dispute.Statement) { s.Wrong = "a\x00b" }, false, attest.CodeDisputeText},
		"no UTF-8":                {func(s *dispute.Statement) { s.Should = "\xff" }, false, attest.CodeDisputeText},
		"turned about":            {func(s *dispute.Statement) { s.Wrong = "a\u202eb" }, false, attest.CodeDisputeText},
	} {
		s := wrongName()
		c.change(&s)
		err := s.Validate(dispute.About{Fields: fields, Use: c.use})
		assert.Equal(t, c.code, attest.CodeOf(err), name)
		if err != nil {
			assert.NotContains(t, err.Error(), "noSuchField", "what was said is not repeated")
		}
	}
}

func TestADraftsLife(t *testing.T) {
	ctx := context.Background()
	desk, c, fields := desk(t)
	filing := func(s dispute.Statement) *dispute.Filing {
		return &dispute.Filing{Certificate: c, Fields: fields, Statement: s}
	}
	said := wrongName()
	said.Wrong = "  名字写错了\r\n第二行 "
	id, err := desk.File(ctx, "file-one", filing(said))
	require.NoError(t, err)
	again, err := desk.File(ctx, "file-one", filing(said))
	require.NoError(t, err)
	assert.Equal(t, id, again, "sent twice it is one draft")
	_, err = desk.File(ctx, "file-one", filing(wrongName()))
	assert.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	d, err := desk.Get(c.Subject, id)
	require.NoError(t, err)
	assert.Equal(t, "名字写错了\n第二行", d.Wrong)
	assert.Regexp(t, `^YY44-20\d{6}-[0-9A-HJKMNP-TV-Z]{6}$`, dispute.Reference("440000", d))

	stranger := c.Subject
	stranger[0] ^= 1
	_, err = desk.Get(stranger, id)
	assert.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err))
	assert.Equal(t, attest.CodeRecordMissing, attest.CodeOf(desk.Edit(ctx, stranger, id, fields, wrongName())))
	assert.Equal(t, attest.CodeRecordMissing, attest.CodeOf(desk.Withdraw(ctx, stranger, id)))
	_, err = desk.OfOffice("another authority", id)
	assert.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err))

	require.NoError(t, desk.Edit(ctx, c.Subject, id, fields, dispute.Statement{Kind: custody.DisputeStatus, Wrong: "没有理由暂扣"}))
	seen, err := desk.OfOffice(c.Authority, id)
	require.NoError(t, err)
	assert.Equal(t, custody.DisputeStatus, seen.Kind)
	assert.Empty(t, seen.Field)
	assert.Equal(t, attest.CodeDisputeText, attest.CodeOf(desk.Edit(ctx, c.Subject, id, fields, dispute.Statement{Kind: custody.DisputeStatus})))
	list, err := desk.Of(c.Authority)
	require.NoError(t, err)
	assert.Len(t, list, 1)

	for range 2 {
		require.NoError(t, desk.Withdraw(ctx, c.Subject, id))
	}
	_, err = desk.OfOffice(c.Authority, id)
	assert.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err))
	assert.Equal(t, attest.CodeDisputeWithdrawn, attest.CodeOf(desk.Edit(ctx, c.Subject, id, fields, wrongName())))
	own, err := desk.List(c.Subject)
	require.NoError(t, err)
	require.Len(t, own, 1)
	assert.Equal(t, custody.DisputeWithdrawn, own[0].State)
}

// TestOneCitizenHasSoManyDrafts files more at once than there may be open ones, and then more than are kept.
func TestOneCitizenHasSoManyDrafts(t *testing.T) {
	ctx := context.Background()
	desk, c, fields := desk(t)
	var mu sync.Mutex
	codes := map[attest.Code]int{}
	var ids []custody.DisputeID
	file := func(op string) {
		id, err := desk.File(ctx, op, &dispute.Filing{Certificate: c, Fields: fields, Statement: wrongName()})
		mu.Lock()
		defer mu.Unlock()
		codes[attest.CodeOf(err)]++
		if err == nil {
			ids = append(ids, id)
		}
	}
	var wait sync.WaitGroup
	for n := range 2 * dispute.MaxOpen {
		wait.Go(func() { file("at-once-" + strconv.Itoa(n)) })
	}
	wait.Wait()
	require.Equal(t, map[attest.Code]int{"": dispute.MaxOpen, attest.CodeDisputeLimit: dispute.MaxOpen}, codes)
	for n := 0; len(ids) > 0; n++ {
		require.Less(t, n, 2*dispute.MaxKept, "it ends")
		require.NoError(t, desk.Withdraw(ctx, c.Subject, ids[0]))
		ids = ids[1:]
		file("later-" + strconv.Itoa(n))
	}
	own, err := desk.List(c.Subject)
	require.NoError(t, err)
	require.Len(t, own, dispute.MaxKept)
	t.Logf("%d drafts kept, %d refused", len(own), codes[attest.CodeDisputeLimit])
}
