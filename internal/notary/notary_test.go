package notary

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/dataset"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

var quick = Options{BatchSize: 16, BatchWait: 5 * time.Millisecond, RetryMin: time.Millisecond, RetryMax: 4 * time.Millisecond}

func TestIssuedCertificateIsJudgedValid(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			f := newOffice(t, suite, quick)
			ctx := context.Background()
			issued, err := f.notary.Issue(ctx, "op", f.requests(0, 40))
			require.NoError(t, err)
			require.NoError(t, f.notary.Flush(ctx))
			agreement := f.chain.Agreement("agreement-of-tests-0001")
			agreement.Types = []string{f.sample.CertificateType().Code}
			f.chain.Agree(agreement)
			for i, c := range issued {
				require.Equal(t, custody.ID(c.Commitment), c.ID)
				state, err := f.notary.State(c.Commitment)
				require.NoError(t, err)
				require.Equal(t, Anchored, state.Progress)
				receipt, err := f.notary.Receipt(c.Commitment)
				require.NoError(t, err)
				presentation, err := f.notary.Present(ctx, c.ID, []string{gbt.FieldHolderName}, "office", "nonce")
				require.NoError(t, err)
				request := attest.Request{Relying: "510000", Verifier: "v", UseCause: "test", Scenario: agreement.Scenarios[0],
					Now: f.notary.d.Now().Unix(), Audience: "office", Nonce: "nonce"}
				verdict := attest.Judge(registry.Gather(f.chain, presentation, receipt.JSON(), request, attest.DefaultPolicy()))
				for _, check := range verdict.Checks {
					if strings.HasPrefix(string(check.Name), "witness") {
						continue // nobody witnesses here
					}
					require.NotEqual(t, attest.Failed, check.Outcome, "certificate %d: %s %s", i, check.Name, check.Code)
				}
			}
		})
	}
}

func TestSameOperationSameCertificates(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	ctx := context.Background()
	first, err := f.notary.Issue(ctx, "op", f.requests(0, 3))
	require.NoError(t, err)
	require.NoError(t, f.notary.Flush(ctx))
	f.close()
	f.open()
	again, err := f.notary.Issue(ctx, "op", f.requests(0, 3))
	require.NoError(t, err)
	for i := range first {
		require.Equal(t, first[i].SDJWT, again[i].SDJWT)
		require.Equal(t, Anchored, again[i].State.Progress)
	}
	_, err = f.notary.Issue(ctx, "op", f.requests(1, 3))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	_, err = f.notary.Issue(ctx, "op", f.requests(0, 2))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	_, err = f.notary.Issue(ctx, "", f.requests(0, 1))
	require.Equal(t, attest.CodeOperationMissing, attest.CodeOf(err))
}

func TestConcurrentRetriesIssueOnce(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	requests := f.requests(0, 1)
	got := make([][]byte, 32)
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() {
			issued, err := f.notary.Issue(context.Background(), "op", requests)
			if assert.NoError(t, err) {
				got[i] = issued[0].SDJWT
			}
		})
	}
	wait.Wait()
	for i := range got {
		require.Equal(t, got[0], got[i])
	}
	require.Equal(t, uint64(1), f.store.Queues()[0].Durable)
}

// set gives a field another value, or adds it.
func set(name, value string) func(*IssueRequest) {
	return func(r *IssueRequest) {
		drop(name)(r)
		r.Fields = append(r.Fields, attest.Field{Name: name, Value: []byte(value)})
	}
}

func drop(name string) func(*IssueRequest) {
	return func(r *IssueRequest) {
		r.Fields = slices.DeleteFunc(r.Fields, func(f attest.Field) bool { return f.Name == name })
	}
}

// requireNoValues: an error names fields and never a value.
func requireNoValues(t *testing.T, err error, fields []attest.Field) {
	t.Helper()
	for _, field := range fields {
		if value := strings.Trim(string(field.Value), `"`); len(value) > 3 {
			require.NotContains(t, err.Error(), value)
		}
	}
}

func TestBadRequestsAreNamedAndNothingIsRecorded(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	for _, c := range []struct {
		name  string
		spoil func(*IssueRequest)
		field string
		code  attest.Code
	}{
		{"authority", func(r *IssueRequest) { r.Authority = "110000000000000000" }, "", attest.CodeAuthorityUnknown},
		{"type", func(r *IssueRequest) { r.Version = 9 }, "", attest.CodeTypeUnknown},
		{"reversed period", func(r *IssueRequest) { r.Expires = 5 }, "", attest.CodeDatesReversed},
		{"no fields", func(r *IssueRequest) { r.Fields = nil }, "", attest.CodeFieldMissing},
		{"twice", func(r *IssueRequest) { r.Fields = append(r.Fields, r.Fields[0]) }, f.requests(0, 1)[0].Fields[0].Name, attest.CodeFieldTwice},
		{"predicate given", set(f.sample.Predicates[0], "true"), f.sample.Predicates[0], attest.CodeFieldUnknown},
		{"not JSON", set(gbt.FieldHolderName, "x"), gbt.FieldHolderName, attest.CodeJSONSyntax},
		{"unknown field", set("secretOfNobody", `"x"`), "secretOfNobody", attest.CodeFieldUnknown},
		{"missing field", drop(gbt.FieldHolderCode), gbt.FieldHolderCode, attest.CodeFieldMissing},
		{"wrong type", set(gbt.FieldHolderName, "7"), gbt.FieldHolderName, attest.CodeFieldInvalid},
		{"citizen number", set(gbt.FieldHolderCode, `"999999199001010010"`), gbt.FieldHolderCode, attest.CodeCitizenNumber},
		{"reversed dates", set(gbt.FieldExpiringDate, `"1999-01-01"`), gbt.FieldExpiringDate, attest.CodeDatesReversed},
		{"other authority", set(gbt.FieldAuthorityCode, `"11220000013544541J"`), gbt.FieldAuthorityCode, attest.CodeFieldInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			requests := f.requests(0, 3)
			requests[1].Fields = append([]attest.Field(nil), requests[1].Fields...)
			c.spoil(&requests[1])
			_, err := f.notary.Issue(context.Background(), c.name, requests)
			var refused RequestErrors
			require.ErrorAs(t, err, &refused)
			require.Len(t, refused, 1)
			require.Equal(t, 1, refused[0].Index)
			require.Equal(t, c.code, attest.CodeOf(err), err)
			require.Equal(t, c.field, refused[0].Field)
			requireNoValues(t, err, requests[1].Fields)
		})
	}
	require.Empty(t, f.store.Queues())
}

func TestLegacyCheckIsRefusedUnlessAllowed(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	requests := f.requests(0, 1)
	text := ""
	for i, field := range requests[0].Fields {
		if field.Name != gbt.FieldIdentifier {
			continue
		}
		text = strings.Trim(string(field.Value), `"`)
		for _, check := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" {
			legacy := text[:len(text)-1] + string(check)
			if id, err := gbt.ParseIdentifier(legacy); err == nil && id.Outcome == gbt.OutcomeLegacyCheck {
				requests[0].Fields[i].Value = attest.AppendString(nil, legacy)
			}
		}
	}
	require.NotEmpty(t, text)
	_, err := f.notary.Issue(context.Background(), "op", requests)
	require.Equal(t, attest.CodeIdentifierLegacy, attest.CodeOf(err))
	f.notary.o.AllowLegacyCheck = true
	_, err = f.notary.Issue(context.Background(), "op", requests)
	require.NoError(t, err)
}

// TestEveryRetryIsTheSameOperation is promise 3 at the notary: commands and answers are lost at random, and every batch is
// on the ledger once, by the bytes that were written down first.
func TestEveryRetryIsTheSameOperation(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	f.chain.lose = func(n int) int { return []int{1, 2, 2, 0, 1, 2, 0}[n%7] }
	ctx := context.Background()
	for i := range 10 {
		_, err := f.notary.Issue(ctx, fmt.Sprint("op", i), f.requests(i*10, 10))
		require.NoError(t, err)
	}
	require.NoError(t, f.notary.Flush(ctx))
	bytesOf := map[string]string{}
	for _, command := range f.chain.submitted {
		signed, err := registry.Parse(command)
		require.NoError(t, err)
		anchor, ok := signed.Command.(*registry.Anchor)
		require.True(t, ok)
		if first, ok := bytesOf[anchor.ID]; ok {
			require.Equal(t, first, string(command))
		}
		bytesOf[anchor.ID] = string(command)
	}
	require.Greater(t, len(f.chain.submitted), len(bytesOf), "nothing was retried: the test is void")
	total := uint64(0)
	for id := range bytesOf {
		b, err := f.chain.Batch(id)
		require.NoError(t, err)
		total += b.Size
	}
	require.Equal(t, uint64(100), total)
	findings, err := f.store.Check(ctx, f.chain)
	require.NoError(t, err)
	require.Empty(t, findings)
}

func TestOpenBatchesAreTakenUpAfterARestart(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	f.chain.lose = func(int) int { return 1 }
	issued, err := f.notary.Issue(context.Background(), "op", f.requests(0, 20))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return f.chain.submissions() > 3 }, 10*time.Second, time.Millisecond)
	state, err := f.notary.State(issued[0].Commitment)
	require.NoError(t, err)
	require.Equal(t, Submitted, state.Progress)
	f.close()
	f.chain.lose = nil
	f.open()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, c := range issued {
		require.NoError(t, f.notary.Await(ctx, c.Commitment))
		_, err := f.notary.Receipt(c.Commitment)
		require.NoError(t, err)
	}
}

func TestRefusedBatchIsKeptAndCanBeSubmittedAgain(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, Options{BatchSize: 100, BatchWait: time.Hour})
	ctx := context.Background()
	issued, err := f.notary.Issue(ctx, "op", f.requests(0, 2))
	require.NoError(t, err)
	govern := registry.KeyID(testRegion, "g1")
	f.chain.Do(govern, &registry.SetAuthorityState{Op: "suspend-operation-0001", Code: f.authority, State: attest.AuthoritySuspended})
	require.Equal(t, attest.CodeAuthorityInactive, attest.CodeOf(f.notary.Flush(ctx)))
	state, err := f.notary.State(issued[0].Commitment)
	require.NoError(t, err)
	require.Equal(t, Refused, state.Progress)
	require.Equal(t, attest.CodeAuthorityInactive, state.Code)
	findings, err := f.store.Check(ctx, f.chain)
	require.NoError(t, err)
	require.Len(t, findings, 1)
	f.chain.Do(govern, &registry.SetAuthorityState{Op: "reinstate-operation-01", Code: f.authority, State: attest.AuthorityActive})
	require.NoError(t, f.notary.Resubmit(ctx))
	state, err = f.notary.State(issued[0].Commitment)
	require.NoError(t, err)
	require.Equal(t, Anchored, state.Progress)
}

func TestStatusIsSetOnceWhateverIsLost(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	ctx := context.Background()
	issued, err := f.notary.Issue(ctx, "op", f.requests(0, 5))
	require.NoError(t, err)
	var entries []registry.StatusEntry
	for _, c := range issued {
		entries = append(entries, registry.StatusEntry{List: c.Status.List, Index: c.Status.Index,
			State: string(attest.StatusSuspended), From: f.notary.d.Now().Unix(), Reason: "02"})
	}
	f.chain.lose = func(n int) int { return []int{2, 1, 0}[n%3] }
	_, err = f.notary.SetStatus(ctx, "status", f.authority, entries)
	require.NoError(t, err)
	_, err = f.notary.SetStatus(ctx, "status", f.authority, entries)
	require.NoError(t, err)
	_, err = f.notary.SetStatus(ctx, "status", f.authority, entries[:2])
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	for _, c := range issued {
		intervals, err := f.chain.Status(f.authority, c.Status.List, c.Status.Index)
		require.NoError(t, err)
		require.Len(t, intervals, 1)
	}
	open, err := f.store.OpenCommands()
	require.NoError(t, err)
	require.Empty(t, open)
	_, err = f.notary.SetStatus(ctx, "other", f.authority, []registry.StatusEntry{{List: 77}})
	require.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err))
	_, err = f.notary.SetStatus(ctx, "many", f.authority, make([]registry.StatusEntry, registry.MaxStatus+1))
	require.Equal(t, attest.CodeRequestsTooMany, attest.CodeOf(err))
}

func TestDocumentIsRecordedOnceAndProved(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	ctx := context.Background()
	digest := attest.SuiteStd.Sum([]byte("a file"))
	first, err := f.notary.RecordDocument(ctx, "op", f.authority, digest)
	require.NoError(t, err)
	again, err := f.notary.RecordDocument(ctx, "another op", f.authority, digest)
	require.NoError(t, err)
	require.Equal(t, first.Salt, again.Salt)
	_, err = f.notary.RecordDocument(ctx, "op", f.authority, [32]byte{1})
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	require.NoError(t, f.notary.Await(ctx, first.Commitment))
	found, err := f.notary.CheckDocument(ctx, f.authority, digest)
	require.NoError(t, err)
	b, err := f.chain.Batch(found.State.Batch)
	require.NoError(t, err)
	require.NoError(t, found.Receipt.Verify(attest.CommitDocument(attest.SuiteStd, found.Salt[:], digest[:]), b.Root, b.Size))
	_, err = f.notary.CheckDocument(ctx, f.authority, [32]byte{1})
	require.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err))
}

func TestDatasetRowIsProved(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	ctx := context.Background()
	entry := custody.Dataset{ID: "divisions", Owner: f.authority, Title: "行政区划代码", Fields: []string{"code", "name"}, Grade: custody.GradeGeneral}
	require.NoError(t, f.notary.PublishDataset(ctx, "publish", entry))
	table := "\ufeffcode,name\n110000,北京市\n440000,\"广东省\"\n510000,四川省\n"
	v, err := f.notary.AnchorVersion(ctx, "v1", "divisions", strings.NewReader(table))
	require.NoError(t, err)
	again, err := f.notary.AnchorVersion(ctx, "v1", "divisions", strings.NewReader(table))
	require.NoError(t, err)
	require.Equal(t, v.Commitment, again.Commitment)
	_, err = f.notary.AnchorVersion(ctx, "v1", "divisions", strings.NewReader(table+"1,2\n"))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	require.NoError(t, f.notary.Await(ctx, v.Commitment))
	proof, err := f.notary.ProveRow(ctx, "divisions", 1, 1)
	require.NoError(t, err)
	read, err := dataset.ParseRowProof(proof.JSON())
	require.NoError(t, err)
	require.Equal(t, []string{"440000", "广东省"}, read.Row)
	require.NoError(t, read.Verify())
	b, err := f.chain.Batch(read.Receipt.Batch)
	require.NoError(t, err)
	require.NoError(t, read.Receipt.Verify(read.Commitment(), b.Root, b.Size))
	_, err = f.notary.ProveRow(ctx, "divisions", 1, 3)
	require.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err))
}

func TestTablesAreRefusedWithTheirLine(t *testing.T) {
	f := newOffice(t, attest.SuiteStd, quick)
	ctx := context.Background()
	entry := custody.Dataset{ID: "d", Owner: f.authority, Title: "t", Fields: []string{"a", "b"}, Grade: custody.GradeGeneral}
	require.NoError(t, f.notary.PublishDataset(ctx, "publish", entry))
	for _, c := range []struct {
		table, says string
		code        attest.Code
	}{
		{"", "empty", attest.CodeDatasetCSV},
		{"a,b\n", "no rows", attest.CodeDatasetCSV},
		{"b,a\n1,2\n", "line 1", attest.CodeDatasetCSV},
		{"a,b\n1,2\n1\n", "line 3", attest.CodeDatasetCSV},
		{"a,b\n1,\"2\n", "line 2", attest.CodeDatasetCSV},
		{"a,b\n1,2\n\xb9\xe3,2\n", "line 3", attest.CodeDatasetEncoding},
	} {
		_, err := f.notary.AnchorVersion(ctx, "op", "d", strings.NewReader(c.table))
		require.Equal(t, c.code, attest.CodeOf(err))
		require.ErrorContains(t, err, c.says)
	}
	for grade, want := range map[string]attest.Code{custody.GradeCore: attest.CodeDatasetGrade, custody.GradeImportant: attest.CodeDatasetGrade, "x": attest.CodeDatasetGrade} {
		entry.Grade = grade
		require.Equal(t, want, attest.CodeOf(f.notary.PublishDataset(ctx, "g"+grade, entry)))
	}
	entry.Grade, entry.Approval = custody.GradeImportant, "粤数〔2026〕1号"
	require.NoError(t, f.notary.PublishDataset(ctx, "approved", entry))
}

func TestSchemaCannotReachOutside(t *testing.T) {
	for _, schema := range []string{`{`, `{"$ref":"http://127.0.0.1/x"}`, `{"$ref":"file:///etc/passwd"}`, `{"type":7}`} {
		require.Equal(t, attest.CodeSchema, attest.CodeOf(CheckSchema([]byte(schema))), schema)
	}
	require.NoError(t, CheckSchema([]byte(`{"type":"object"}`)))
}

// TestWhatPilesUpGoesInFewBatches: while the ledger takes nothing in, batches that could not be submitted are not cut.
func TestWhatPilesUpGoesInFewBatches(t *testing.T) {
	o := quick
	o.BatchSize, o.BatchWait, o.InFlight = 100, time.Nanosecond, 2
	f := newOffice(t, attest.SuiteStd, o)
	var silent atomic.Bool
	silent.Store(true)
	f.chain.lose = func(int) int {
		if silent.Load() {
			return 1
		}
		return 0
	}
	ctx := context.Background()
	const issues = 40
	for i := range issues {
		_, err := f.notary.Issue(ctx, fmt.Sprint("op", i), f.requests(i, 1))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return i == 0 || f.chain.submissions() > i }, 10*time.Second, time.Millisecond)
	}
	silent.Store(false)
	require.NoError(t, f.notary.Flush(ctx))
	batches := map[string]bool{}
	for _, command := range f.chain.submitted {
		batches[string(command)] = true
	}
	require.LessOrEqual(t, len(batches), o.InFlight+1, "%d certificates", issues)
}
