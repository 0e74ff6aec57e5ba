package vault

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

func encodeCertificate(dst []byte, c *custody.Certificate) []byte {
	w := &writer{b: append(dst, recordFormat)}
	w.string(c.Authority)
	w.string(c.Type)
	w.uint(uint64(c.Version)) //nolint:gosec // a version is positive
	w.fixed(c.Subject[:])
	w.fixed(c.Commitment[:])
	w.uint(uint64(c.Status.List))
	w.uint(uint64(c.Status.Index))
	w.bytes(c.SDJWT)
	w.bytes(c.HolderKey)
	w.int(c.Created)
	w.fixed(c.Request[:])
	return w.b
}

func (v *Vault) decodeCertificate(p custody.Place, plain []byte) (*custody.Certificate, error) {
	q, err := v.queueByNumber(p.Queue)
	if err != nil {
		return nil, err
	}
	r := newReader(plain)
	c := &custody.Certificate{
		Place: p, Queue: q.Queue, Authority: r.string(), Type: r.string(), Version: int(r.uint32()), Subject: r.array32(),
		Commitment: r.array32(), Status: custody.StatusSlot{List: r.uint32(), Index: r.uint32()}, SDJWT: r.bytes(), HolderKey: r.bytes(),
		Created: r.int(), Request: r.array32(),
	}
	if len(c.HolderKey) == 0 {
		c.HolderKey = nil
	}
	return c, r.done()
}

func encodeDocument(d *custody.Document) []byte {
	w := newWriter(160)
	w.string(d.Authority)
	w.fixed(d.Digest[:])
	w.fixed(d.Salt[:])
	w.fixed(d.Commitment[:])
	w.int(d.Created)
	return w.b
}

func (v *Vault) decodeDocument(p custody.Place, plain []byte) (*custody.Document, error) {
	q, err := v.queueByNumber(p.Queue)
	if err != nil {
		return nil, err
	}
	r := newReader(plain)
	d := &custody.Document{Place: p, Queue: q.Queue, Authority: r.string(), Digest: r.array32()}
	copy(d.Salt[:], r.take(attest.SaltSize))
	d.Commitment, d.Created = r.array32(), r.int()
	return d, r.done()
}

// AddCertificates writes certificates with their leaves, status slots and the operation in one durable batch, or none
// of them. Where the operation id is known, nothing is written and the operation is returned with Repeat set: whether
// it is the same one only the records' Request digests tell. The status slots must be reserved.
func (v *Vault) AddCertificates(ctx context.Context, op string, certs []*custody.Certificate) (*custody.Operation, error) {
	for _, c := range certs {
		if err := c.Queue.Validate(); err != nil {
			return nil, err
		}
	}
	var out *custody.Operation
	err := v.do(ctx, func(t *tx) error {
		known, err := t.operation(op)
		if err != nil || known != nil {
			out = known
			return err
		}
		with := make([]dataKey, len(certs))
		for i, c := range certs { // keys first: nothing is written yet if one cannot be had
			if with[i], err = t.keyOf(c.Subject); err != nil {
				return err
			}
		}
		out = &custody.Operation{ID: op, Places: make([]custody.Place, len(certs))}
		for i, c := range certs {
			t.addCertificate(c, with[i])
			out.Places[i] = c.Place
		}
		t.setOperation(out)
		return nil
	})
	return out, err
}

func (t *tx) addCertificate(c *custody.Certificate, with dataKey) {
	q := t.queue(c.Queue)
	c.Place = t.addLeaves(q, t.number(nameType+c.Type), c.Commitment)
	t.plain = encodeCertificate(t.plain[:0], c)
	t.set(keyAt(prefixCertificate, c.Place), t.plain, with)
	at := encodePlace(c.Place)
	t.setStore(keyCommitment(c.Commitment), at)
	t.setStore(keyHeld(c.Subject, c.Place), nil)
	t.setStore(keyStatus(t.number(nameAuthority+c.Authority), c.Status.List, c.Status.Index), at)
}

// AddDocument writes a document with its leaf and the operation in one durable batch. An authority records a digest
// once: a document that is known is returned as it is. Error: OPERATION_CONFLICT.
func (v *Vault) AddDocument(ctx context.Context, op string, d *custody.Document) (*custody.Document, error) {
	if err := d.Queue.Validate(); err != nil {
		return nil, err
	}
	subject := v.documentSubject(d.Authority, d.Digest)
	index := keyHashed(prefixIndex, v.hashed("document", d.Authority, string(d.Digest[:])))
	var at custody.Place
	err := v.do(ctx, func(t *tx) error {
		known, err := t.operation(op)
		if err != nil {
			return err
		}
		if known != nil {
			at, err = single(known)
			return err
		}
		if found, ok, err := t.find(index); err != nil || ok {
			at = found
			return err
		}
		with, err := t.keyOf(subject)
		if err != nil {
			return err
		}
		at = t.addLeaves(t.queue(d.Queue), 0, d.Commitment)
		d.Place = at
		t.set(keyAt(prefixDocument, at), encodeDocument(d), with)
		t.setStore(keyCommitment(d.Commitment), encodePlace(at))
		t.place(index, at)
		t.setOperation(&custody.Operation{ID: op, Places: []custody.Place{at}})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return v.sameDocument(at, d)
}

// sameDocument reads what an operation recorded and refuses an id that was used for something else.
func (v *Vault) sameDocument(at custody.Place, want *custody.Document) (*custody.Document, error) {
	got, err := v.documentAt(at)
	if err != nil {
		return nil, err
	}
	if got.Digest != want.Digest || got.Authority != want.Authority {
		return nil, conflict()
	}
	return got, nil
}

func conflict() error {
	return attest.Errorf(attest.CodeOperationConflict, "this operation id was used for another request")
}

func (v *Vault) documentSubject(authority string, digest [32]byte) custody.Subject {
	return v.subjectOf(attest.KindDocument, authority, string(digest[:]))
}

// FindDocument looks a document up by its digest: RECORD_MISSING.
func (v *Vault) FindDocument(authority string, digest [32]byte) (*custody.Document, error) {
	at, ok, err := v.placeAt(keyHashed(prefixIndex, v.hashed("document", authority, string(digest[:]))))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, attest.Errorf(attest.CodeRecordMissing, "this authority recorded no such document")
	}
	return v.documentAt(at)
}

func (v *Vault) documentAt(p custody.Place) (*custody.Document, error) {
	plain, err := v.getRecord(prefixDocument, p)
	if err != nil {
		return nil, err
	}
	return v.decodeDocument(p, plain)
}

// getRecord reads what must be there.
func (v *Vault) getRecord(prefix byte, p custody.Place) ([]byte, error) {
	plain, err := v.get(keyAt(prefix, p))
	if err == nil && plain == nil {
		err = attest.Errorf(attest.CodeRecordMissing, "no such record is kept here")
	}
	return plain, err
}

// Certificate gives a certificate by its commitment. Errors: RECORD_MISSING, SUBJECT_SHREDDED, RECORD_UNREADABLE.
func (v *Vault) Certificate(commitment [32]byte) (*custody.Certificate, error) {
	p, err := v.Locate(commitment)
	if err != nil {
		return nil, err
	}
	return v.CertificateAt(p)
}

// CertificateAt gives a certificate by its place. Errors: as Certificate.
func (v *Vault) CertificateAt(p custody.Place) (*custody.Certificate, error) {
	plain, err := v.getRecord(prefixCertificate, p)
	if err != nil {
		return nil, err
	}
	return v.decodeCertificate(p, plain)
}

// Certificates gives every certificate to each, in the order of their places; what was shredded is passed over. An error
// of each ends it.
func (v *Vault) Certificates(each func(*custody.Certificate) error) error {
	return v.scan([]byte{prefixCertificate}, func(key, value []byte) error {
		p, ok := placeOf(key)
		if !ok {
			return unreadable(key)
		}
		plain, err := v.open(key, value)
		if attest.CodeOf(err) == attest.CodeSubjectShredded {
			return nil
		}
		if err != nil {
			return err
		}
		c, err := v.decodeCertificate(p, plain)
		if err != nil {
			return err
		}
		return each(c)
	})
}
