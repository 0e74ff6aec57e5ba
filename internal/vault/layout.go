package vault

import (
	"encoding/binary"

	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// The store keys. Each begins with one letter; numbers are big-endian, so that a queue reads in order. No key carries
// anything readable: names are numbered, operations and receipt ids pass through an HMAC. The layout is frozen and pinned
// by a golden test.
const (
	prefixMeta           = 'm' // m                              → format, suite, store id, check value; the only plain value
	prefixName           = 'n' // n name(4)                      → a string: queue, authority or type
	prefixLeaves         = 'q' // q queue(4) first(8)            → chunk of leaves
	prefixCertificate    = 'c' // c queue(4) seq(8)              → certificate, under its subject's key
	prefixDocument       = 'd' // d queue(4) seq(8)              → document, under its subject's key
	prefixVersion        = 'v' // v queue(4) seq(8)              → dataset version, under its subject's key
	prefixRows           = 'r' // r hmac(16) chunk(4)            → rows of a dataset version, under the version's key
	prefixEntry          = 'e' // e hmac(16)                     → catalogue entry of a dataset
	prefixIndex          = 'w' // w hmac(16)                     → place of a document or a dataset version
	prefixCommitment     = 'k' // k commitment(32)               → place of a leaf
	prefixStatus         = 't' // t authority(4) list(4) index(4) → place of the certificate that holds the slot
	prefixSubject        = 's' // s subject(32)                  → slot of the keyring
	prefixShredded       = 'x' // x slot(8)                      → when it was erased; redone at every opening
	prefixBatch          = 'b' // b queue(4) first(8)            → batch
	prefixPending        = 'p' // p queue(4) first(8)            → empty: a batch that is not anchored yet
	prefixBatchID        = 'i' // i id                           → place of a batch
	prefixOperation      = 'o' // o hmac(16)                     → operation
	prefixCommand        = 'y' // y hmac(16)                     → a command whose outcome is not known yet
	prefixAudit          = 'a' // a seq(8)                       → audit record: a verification or a refusal
	prefixReceiptID      = 'j' // j hmac(16)                     → number of an audit record
	prefixReport         = 'z' // z region(4) seq(8)            → commitment that an audit record is about whose receipt the region is to be told of
	prefixHeld           = 'h' // h subject(32) queue(4) seq(8)  → empty: a certificate of the subject
	prefixCode           = 'g' // g hmac(16)                     → proof code, under its subject's key
	prefixShort          = 'f' // f hmac(16)                     → id of the proof code of a short form
	prefixSubjectCode    = 'l' // l subject(32) hmac(16)         → empty: a proof code of the subject
	prefixUse            = 'u' // u seq(8)                       → entry of the record of uses, under its subject's key
	prefixUsePointer     = 'U' // U subject(32)                  → one more than the number of the subject's last entry
	prefixUseSeen        = 'S' // S hmac(16)                     → empty: a receipt that is in the record of uses
	prefixRedemption     = 'R' // R hmac(16)                     → redemption that this gateway makes
	prefixDispute        = 'D' // D hmac(16)                     → draft of a dispute, under its subject's key
	prefixSubjectDispute = 'M' // M subject(32) hmac(16)         → empty: a draft of the subject
	prefixOfficeDispute  = 'O' // O hmac(16) hmac(16)            → empty: an open draft about an authority's certificates
	prefixFiled          = 'F' // F hmac(16) seq(8)              → empty: an audit record of a credential's day or case, a refusal of an account's day
)

func keyMeta() []byte { return []byte{prefixMeta} }

func keyName(n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{prefixName}, n) }

// keyAt is a key of a prefix that is ordered by queue and number.
func keyAt(prefix byte, p custody.Place) []byte {
	k := make([]byte, 0, 13)
	k = binary.BigEndian.AppendUint32(append(k, prefix), p.Queue)
	return binary.BigEndian.AppendUint64(k, p.Seq)
}

// placeOf reads back what keyAt made.
func placeOf(key []byte) (custody.Place, bool) {
	if len(key) != 13 {
		return custody.Place{}, false
	}
	return custody.Place{Queue: binary.BigEndian.Uint32(key[1:]), Seq: binary.BigEndian.Uint64(key[5:])}, true
}

func keyRows(version [16]byte, chunk uint32) []byte {
	return binary.BigEndian.AppendUint32(keyHashed(prefixRows, version), chunk)
}

func keyCommitment(c [32]byte) []byte { return append([]byte{prefixCommitment}, c[:]...) }

func keySubject(s custody.Subject) []byte { return append([]byte{prefixSubject}, s[:]...) }

func keyStatus(authority, list, index uint32) []byte {
	k := make([]byte, 0, 13)
	k = binary.BigEndian.AppendUint32(append(k, prefixStatus), authority)
	k = binary.BigEndian.AppendUint32(k, list)
	return binary.BigEndian.AppendUint32(k, index)
}

func keyNumber(prefix byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{prefix}, n)
}

func keyBatchID(id string) []byte { return append([]byte{prefixBatchID}, id...) }

func keyHashed(prefix byte, h [16]byte) []byte { return append([]byte{prefix}, h[:]...) }

func keyHeld(s custody.Subject, p custody.Place) []byte {
	k := append(make([]byte, 0, 45), prefixHeld)
	k = binary.BigEndian.AppendUint32(append(k, s[:]...), p.Queue)
	return binary.BigEndian.AppendUint64(k, p.Seq)
}

func keyFiled(h [16]byte, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(keyHashed(prefixFiled, h), seq)
}

// prefixEnd is the first key behind those that begin with prefix.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
