package vault

import (
	"context"
	"fmt"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // something that was acknowledged is lost or false
	SeverityWarning Severity = "warning" // something needs an operator, nothing is lost
)

// Finding is one thing that fsck found. It carries no raw data: records are named by kind and number.
type Finding struct {
	Code     attest.Code
	Severity Severity
	Where    string
	Detail   string
	Action   string // what to do
}

// BatchView is what the check compares batches with: an index or a snapshot. nil, nil: not on the ledger.
type BatchView interface {
	Batch(id string) (*attest.Batch, error)
}

// maxFindings bounds a report: after as many a store is lost anyway.
const maxFindings = 1000

type checker struct {
	ctx      context.Context
	v        *Vault
	view     BatchView
	findings []Finding
}

// Check reads everything and says what does not fit: records that do not open, leaves that differ from their records,
// gaps, batches that differ from the ledger, status slots, the keyring, the audit log. It finds nothing wrong in what
// was shredded. view may be nil. Writes may go on meanwhile; what they add is not checked.
func (v *Vault) Check(ctx context.Context, view BatchView) ([]Finding, error) {
	c := &checker{ctx: ctx, v: v, view: view}
	for _, q := range v.Queues() {
		if err := c.queue(q); err != nil {
			return c.findings, err
		}
	}
	for _, step := range []func() error{c.records, c.commitments, c.status, c.subjects, c.plain, c.audit, c.uses} {
		if err := step(); err != nil {
			return c.findings, err
		}
		if err := ctx.Err(); err != nil {
			return c.findings, err
		}
	}
	return c.findings, nil
}

const (
	actRestore = "restore the data folder from a backup; its keyring is kept"
	actKeyring = "restore the keyring folder; erasures are done again when the vault is opened"
	actAudit   = "keep the store as it is and compare with the anchored receipts: somebody may have changed the log"
	actUses    = "keep the store as it is and tell the citizens concerned: somebody may have changed the record of uses"
	actLedger  = "compare the index with the ledger (fsck of the index), then restore the data folder"
)

func (c *checker) add(s Severity, where string, err error, action string) {
	if len(c.findings) < maxFindings {
		c.findings = append(c.findings, Finding{Code: attest.CodeOf(err), Severity: s, Where: where, Detail: err.Error(), Action: action})
	}
}

// judge adds a finding where a record is at fault and passes on what stops the check.
func (c *checker) judge(where string, err error) error {
	switch attest.CodeOf(err) {
	case "", attest.CodeSubjectShredded:
		return nil
	case attest.CodeKeyringDamaged:
		c.add(SeverityError, where, err, actKeyring)
	case attest.CodeRecordUnreadable, attest.CodeRecordMissing, attest.CodeSequenceGap, attest.CodeStatusSlot, attest.CodeStoreCorrupt:
		c.add(SeverityError, where, err, actRestore)
	case attest.CodeBatchDiffers:
		c.add(SeverityError, where, err, actLedger)
	case attest.CodeBatchUnknown:
		c.add(SeverityWarning, where, err, actLedger)
	default:
		return err
	}
	return c.ctx.Err()
}

// queue checks that leaves and batches of a queue are without gaps and that roots recompute.
func (c *checker) queue(q custody.QueueState) error {
	where := fmt.Sprintf("queue %d (%s)", q.Number, q.Kind)
	for at := uint64(0); at < q.Durable; at += chunkLeaves {
		_, _, err := c.v.Leaves(q.Number, at, min(chunkLeaves, q.Durable-at))
		if err := c.judge(where, err); err != nil {
			return err
		}
	}
	end := uint64(0)
	err := c.v.scan(keyAt(prefixBatch, custody.Place{Queue: q.Number, Seq: 0})[:5], func(key, value []byte) error {
		p, _ := placeOf(key)
		plain, err := c.v.open(key, value)
		if err != nil {
			return c.judge(where, err)
		}
		b, err := decodeBatch(p, plain)
		if err != nil {
			return c.judge(where, err)
		}
		if b.First != end {
			err = attest.Errorf(attest.CodeSequenceGap, "batch %s begins at %d and not at %d", b.ID, b.First, end)
		} else {
			err = c.batch(q, b)
		}
		end = b.First + b.Size
		return c.judge(where, err)
	})
	if err != nil {
		return err
	}
	if end < q.Sealed {
		return c.judge(where, attest.Errorf(attest.CodeSequenceGap, "batches from leaf %d on are missing", end))
	}
	return nil
}

func (c *checker) batch(q custody.QueueState, b *custody.Batch) error {
	leaves, _, err := c.v.Leaves(b.Queue, b.First, b.Size)
	if err != nil {
		return err
	}
	if merkle.Root(q.Suite, leaves) != b.Root {
		return attest.Errorf(attest.CodeBatchDiffers, "the leaves of batch %s do not give its root", b.ID)
	}
	if c.view == nil || b.State != custody.BatchAnchored {
		return nil
	}
	onLedger, err := c.view.Batch(b.ID)
	if err != nil {
		return err
	}
	return sameOnLedger(q, b, onLedger)
}

func sameOnLedger(q custody.QueueState, b *custody.Batch, onLedger *attest.Batch) error {
	if onLedger == nil {
		return attest.Errorf(attest.CodeBatchUnknown, "batch %s is anchored here and unknown to the index", b.ID)
	}
	if onLedger.Root != b.Root || onLedger.Size != b.Size || onLedger.Kind != q.Kind || onLedger.Key != q.Key {
		return attest.Errorf(attest.CodeBatchDiffers, "batch %s differs from the ledger's record of it", b.ID)
	}
	return nil
}

// records checks that what stands under a place opens and commits to the leaf there.
func (c *checker) records() error {
	for _, prefix := range []byte{prefixCertificate, prefixDocument, prefixVersion} {
		err := c.v.scan([]byte{prefix}, func(key, value []byte) error {
			p, ok := placeOf(key)
			if !ok {
				return c.judge("record", unreadable(key))
			}
			return c.judge(fmt.Sprintf("record %c %d/%d", prefix, p.Queue, p.Seq), c.record(prefix, p, key, value))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) record(prefix byte, p custody.Place, key, value []byte) error {
	plain, err := c.v.open(key, value)
	if err != nil {
		return err
	}
	var commitment [32]byte
	switch prefix {
	case prefixCertificate:
		var cert *custody.Certificate
		if cert, err = c.v.decodeCertificate(p, plain); err == nil {
			commitment, err = cert.Commitment, c.slot(cert)
		}
	case prefixDocument:
		var d *custody.Document
		if d, err = c.v.decodeDocument(p, plain); err == nil {
			commitment = d.Commitment
		}
	default:
		var d *custody.DatasetVersion
		if d, err = c.v.decodeVersion(p, plain); err == nil {
			commitment = d.Commitment
			err = c.v.Rows(d, func(uint64, []byte) error { return nil })
		}
	}
	if err != nil {
		return err
	}
	return c.leaf(p, commitment)
}

func (c *checker) leaf(p custody.Place, commitment [32]byte) error {
	leaves, _, err := c.v.Leaves(p.Queue, p.Seq, 1)
	if err != nil {
		return err
	}
	found, err := c.v.Locate(commitment)
	if err != nil {
		return err
	}
	if leaves[0] != commitment || found != p {
		return attest.Errorf(attest.CodeBatchDiffers, "leaf, record and index of a commitment do not agree")
	}
	return nil
}

func (c *checker) slot(cert *custody.Certificate) error {
	p, err := c.v.StatusHolder(cert.Authority, cert.Status)
	if err == nil && p != cert.Place {
		err = attest.Errorf(attest.CodeStatusSlot, "a status slot is held by two certificates")
	}
	return err
}

// commitments checks that every entry of the commitment index leads to a leaf of that value.
func (c *checker) commitments() error {
	return c.v.scan([]byte{prefixCommitment}, func(key, value []byte) error {
		plain, err := c.v.open(key, value)
		if err == nil {
			var p custody.Place
			if p, err = decodePlace(plain); err == nil && len(key) == 33 {
				err = c.leaf(p, [32]byte(key[1:]))
			}
		}
		return c.judge("commitment index", err)
	})
}

// status checks that every status slot leads to a certificate.
func (c *checker) status() error {
	return c.v.scan([]byte{prefixStatus}, func(key, value []byte) error {
		plain, err := c.v.open(key, value)
		if err == nil {
			var p custody.Place
			if p, err = decodePlace(plain); err == nil {
				err = c.exists(prefixCertificate, p)
			}
		}
		list, index := statusOf(key)
		return c.judge(fmt.Sprintf("status slot %d/%d", list, index), err)
	})
}

func (c *checker) exists(prefix byte, p custody.Place) error {
	value, err := c.v.db.Get(keyAt(prefix, p))
	if err == nil && value == nil {
		err = attest.Errorf(attest.CodeStatusSlot, "no certificate stands where a status slot points to")
	}
	return err
}

// subjects checks that every subject's key can be unwrapped.
func (c *checker) subjects() error {
	return c.v.scan([]byte{prefixSubject}, func(key, value []byte) error {
		if len(key) != 33 {
			return c.judge("subject", unreadable(key))
		}
		slot, _, err := c.v.slotOf(custody.Subject(key[1:]))
		if err == nil {
			_, err = c.v.ring.key(slot)
		}
		return c.judge(fmt.Sprintf("keyring slot %d", slot), err)
	})
}

// plain checks that what has no check of its own opens at least.
func (c *checker) plain() error {
	for _, prefix := range []byte{prefixName, prefixEntry, prefixIndex, prefixBatchID, prefixOperation, prefixCommand, prefixReceiptID, prefixPending, prefixShredded,
		prefixFiled, prefixReport, prefixHeld, prefixCode, prefixShort, prefixSubjectCode, prefixUsePointer, prefixUseSeen, prefixRedemption,
		prefixDispute, prefixSubjectDispute, prefixOfficeDispute} {
		err := c.v.scan([]byte{prefix}, func(key, value []byte) error {
			_, err := c.v.open(key, value)
			return c.judge(fmt.Sprintf("record %c", prefix), err)
		})
		if err != nil {
			return err
		}
	}
	return c.openBatches()
}

func (c *checker) openBatches() error {
	open, err := c.v.Unsettled()
	if err != nil {
		return c.judge("open batches", err)
	}
	for _, b := range open {
		if b.State == custody.BatchRefused {
			c.add(SeverityWarning, "batch "+b.ID, attest.Errorf(b.Refusal, "the ledger refused this batch of %d", b.Size),
				"remove the cause, then submit it again; until then its certificates are not anchored")
		}
	}
	return nil
}

// audit walks the chain, of verifications and refusals, and compares each receipt with its leaf.
func (c *checker) audit() error {
	if _, err := c.v.CheckAudit(); err != nil {
		if !isAuditCode(attest.CodeOf(err)) {
			return err
		}
		c.add(SeverityError, "audit log", err, actAudit)
		return nil
	}
	for seq := range c.v.AuditCount() {
		if err := c.judge(fmt.Sprintf("audit record %d", seq), c.auditRecord(seq)); err != nil {
			return err
		}
	}
	return nil
}

// auditRecord compares a verification with its leaf. A refusal has none: the chain is all there is to check.
func (c *checker) auditRecord(seq uint64) error {
	plain, err := c.v.get(keyNumber(prefixAudit, seq))
	if err != nil || isRefusal(plain) {
		return err
	}
	e, err := c.v.Audit(seq)
	if err != nil {
		return err
	}
	return c.leaf(e.Place, attest.CommitReceipt(e.Queue.Suite, e.JWS))
}

// uses walks the record of uses.
func (c *checker) uses() error {
	_, err := c.v.CheckUses()
	if err != nil && isUseCode(attest.CodeOf(err)) {
		c.add(SeverityError, "record of uses", err, actUses)
		return nil
	}
	return err
}
