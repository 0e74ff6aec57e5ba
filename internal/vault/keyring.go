package vault

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// The keyring file: slots of 128 bytes, the first of them the header. 128 divides every sector size, so a slot never
// lies across two sectors and is overwritten at once or not at all. Numbers are little-endian; the last four bytes of
// each slot are the CRC-32C of the others, which tells a torn slot from a whole one before any key is tried. Frozen.
//
//	header: "HZKEYRNG" version(2) suite(1) 0(5) store id(16) check value(16) wrapped store key(60) 0(16) crc(4)
//	slot n: state(1) 0(3) subject(32) wrapped data key(60) 0(28) crc(4)
//
// A wrapped key is nonce, ciphertext and tag under the master's wrapping key, with the place as associated data.
const (
	keyringFile    = "subjects.keyring"
	keyringMagic   = "HZKEYRNG"
	keyringVersion = 1

	slotSize    = 128
	slotCRC     = slotSize - 4
	wrappedSize = keys.NonceSize + 32 + keys.TagSize

	headerStoreID = 16
	headerCheck   = 32
	headerWrapped = 48

	slotState   = 0
	slotSubject = 4
	slotWrapped = 36

	stateLive   = 1
	stateErased = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // a table, never written

const writeCategory = "huzheng-keyring"

// keyring is the open file of subjects' keys. append is for one goroutine; the rest is safe for concurrent use.
type keyring struct {
	file    vfs.File
	suite   attest.Suite
	storeID [16]byte
	wrap    cipher.AEAD
	store   cipher.AEAD // the store's own key, for what belongs to no subject
	nonces  *keys.Nonces
	next    uint64 // the first slot that was never written
}

func suiteByte(s attest.Suite) byte {
	if s == attest.SuiteGM {
		return 2
	}
	return 1
}

func suiteOfByte(b byte) attest.Suite {
	switch b {
	case 1:
		return attest.SuiteStd
	case 2:
		return attest.SuiteGM
	}
	return ""
}

// createKeyring writes a new keyring with the header alone. A keyring is never replaced: an empty one of the same suite
// and master, left by a creation that was interrupted, is taken as it is; any other is STORE_EXISTS.
func createKeyring(fsys vfs.FS, dir string, suite attest.Suite, master *keys.Master) error {
	path := fsys.PathJoin(dir, keyringFile)
	if info, err := fsys.Stat(path); err == nil && info.Size() >= slotSize {
		var nonces keys.Nonces
		ring, err := openKeyring(fsys, dir, master, &nonces)
		if err != nil {
			return err
		}
		if err := ring.close(); err != nil || (ring.suite == suite && ring.next == 1) {
			return err
		}
		return attest.Errorf(attest.CodeStoreExists, "the keyring folder holds the keys of another vault")
	}
	var random [16 + 32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the process instead
	wrap, err := wrapping(master, suite)
	if err != nil {
		return err
	}
	check, err := master.Check(suite)
	if err != nil {
		return err
	}
	header := make([]byte, slotSize)
	copy(header, keyringMagic)
	binary.LittleEndian.PutUint16(header[8:], keyringVersion)
	header[10] = suiteByte(suite)
	copy(header[headerStoreID:], random[:16])
	copy(header[headerCheck:], check[:])
	var nonces keys.Nonces
	sealed := keys.Seal(nil, wrap, &nonces, random[16:], slotAAD([16]byte(random[:16]), 0, custody.Subject{}))
	copy(header[headerWrapped:], sealed)
	finishSlot(header)
	return writeKeyring(fsys, dir, path, header)
}

func writeKeyring(fsys vfs.FS, dir, path string, header []byte) error {
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return pebblekv.Classify(err)
	}
	file, err := fsys.Create(path, writeCategory)
	if err != nil {
		return pebblekv.Classify(err)
	}
	_, err = file.Write(bytes.Clone(header)) // Write may change its argument
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return pebblekv.Classify(err)
	}
	return syncDir(fsys, dir)
}

func syncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return pebblekv.Classify(err)
	}
	return pebblekv.Classify(errors.Join(d.Sync(), d.Close()))
}

// openKeyring opens the file and unwraps the store's key. Errors: STORE_MISSING, KEYRING_DAMAGED, MASTER_WRONG.
func openKeyring(fsys vfs.FS, dir string, master *keys.Master, nonces *keys.Nonces) (*keyring, error) {
	path := fsys.PathJoin(dir, keyringFile)
	info, err := fsys.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, attest.Errorf(attest.CodeStoreMissing, "no keyring in %s", dir)
	}
	if err != nil {
		return nil, pebblekv.Classify(err)
	}
	file, err := fsys.OpenReadWrite(path, writeCategory)
	if err != nil {
		return nil, pebblekv.Classify(err)
	}
	k := &keyring{file: file, nonces: nonces, next: (uint64(info.Size()) + slotSize - 1) / slotSize} //nolint:gosec // a file's size
	if err := k.readHeader(master); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return k, nil
}

func (k *keyring) readHeader(master *keys.Master) error {
	header, err := k.read(0)
	if err != nil {
		return err
	}
	k.suite = suiteOfByte(header[10])
	if string(header[:8]) != keyringMagic || binary.LittleEndian.Uint16(header[8:]) != keyringVersion || k.suite == "" {
		return attest.Errorf(attest.CodeStoreFormat, "the keyring file is of another purpose or version")
	}
	copy(k.storeID[:], header[headerStoreID:])
	check, err := master.Check(k.suite)
	if err != nil {
		return err
	}
	if !bytes.Equal(check[:], header[headerCheck:headerCheck+keys.CheckSize]) {
		return attest.Errorf(attest.CodeMasterWrong, "the keyring was made under another master key")
	}
	if k.wrap, err = wrapping(master, k.suite); err != nil {
		return err
	}
	k.store, err = k.unwrap(0, custody.Subject{}, header[headerWrapped:headerWrapped+wrappedSize])
	return err
}

func wrapping(master *keys.Master, suite attest.Suite) (cipher.AEAD, error) {
	key, err := master.Derive(suite, keys.PurposeWrap)
	if err != nil {
		return nil, err
	}
	return keys.NewAEAD(suite, key)
}

// slotAAD binds a wrapped key to its place, so that slots cannot be exchanged.
func slotAAD(storeID [16]byte, slot uint64, subject custody.Subject) []byte {
	b := append([]byte("huzheng/v1/slot\x00"), storeID[:]...)
	b = binary.LittleEndian.AppendUint64(b, slot)
	return append(b, subject[:]...)
}

func finishSlot(slot []byte) {
	binary.LittleEndian.PutUint32(slot[slotCRC:], crc32.Checksum(slot[:slotCRC], castagnoli))
}

// read gives a whole slot; KEYRING_DAMAGED where it is cut short or torn.
func (k *keyring) read(n uint64) ([]byte, error) {
	slot := make([]byte, slotSize)
	_, err := k.file.ReadAt(slot, int64(n)*slotSize) //nolint:gosec // below the file's size
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, pebblekv.Classify(err)
	}
	if err != nil || binary.LittleEndian.Uint32(slot[slotCRC:]) != crc32.Checksum(slot[:slotCRC], castagnoli) {
		return nil, attest.Errorf(attest.CodeKeyringDamaged, "slot %d of the keyring is torn or changed", n)
	}
	return slot, nil
}

func (k *keyring) unwrap(n uint64, subject custody.Subject, wrapped []byte) (cipher.AEAD, error) {
	key, ok := keys.Open(nil, k.wrap, wrapped, slotAAD(k.storeID, n, subject))
	if !ok || len(key) != 32 {
		return nil, attest.Errorf(attest.CodeKeyringDamaged, "the key in slot %d of the keyring was changed", n)
	}
	return keys.NewAEAD(k.suite, [32]byte(key))
}

// key unwraps the data key in a slot. Errors: SUBJECT_SHREDDED where it was erased, KEYRING_DAMAGED.
func (k *keyring) key(n uint64) (cipher.AEAD, error) {
	slot, err := k.read(n)
	if err != nil {
		return nil, err
	}
	switch slot[slotState] {
	case stateErased:
		return nil, attest.Errorf(attest.CodeSubjectShredded, "the key to this record was erased")
	case stateLive:
		return k.unwrap(n, custody.Subject(slot[slotSubject:slotSubject+32]), slot[slotWrapped:slotWrapped+wrappedSize])
	}
	return nil, attest.Errorf(attest.CodeKeyringDamaged, "slot %d of the keyring has an unknown state", n)
}

// newSlots are slots that are made but not yet written.
type newSlots struct {
	ring *keyring
	buf  []byte
}

// add makes a fresh data key for subject and gives its slot.
func (s *newSlots) add(subject custody.Subject) (uint64, cipher.AEAD, error) {
	n := s.ring.next + uint64(len(s.buf)/slotSize)
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand ends the process instead
	at := len(s.buf)
	s.buf = append(s.buf, make([]byte, slotSize)...)
	slot := s.buf[at:]
	slot[slotState] = stateLive
	copy(slot[slotSubject:], subject[:])
	copy(slot[slotWrapped:], keys.Seal(nil, s.ring.wrap, s.ring.nonces, key[:], slotAAD(s.ring.storeID, n, subject)))
	finishSlot(slot)
	aead, err := keys.NewAEAD(s.ring.suite, key)
	return n, aead, err
}

// flush writes the new slots in one piece and syncs them. A crash before it returns leaves slots that no record names.
func (s *newSlots) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	count := uint64(len(s.buf) / slotSize)
	if _, err := s.ring.file.WriteAt(s.buf, int64(s.ring.next)*slotSize); err != nil { //nolint:gosec // a file's size
		return pebblekv.Classify(err)
	}
	if err := s.ring.file.SyncData(); err != nil {
		return pebblekv.Classify(err)
	}
	s.ring.next += count
	return nil
}

// erase overwrites slots in place and syncs.
func (k *keyring) erase(slots ...uint64) error {
	for _, n := range slots {
		slot := make([]byte, slotSize)
		slot[slotState] = stateErased
		finishSlot(slot)
		if _, err := k.file.WriteAt(slot, int64(n)*slotSize); err != nil { //nolint:gosec // below the file's size
			return pebblekv.Classify(err)
		}
	}
	return pebblekv.Classify(k.file.SyncData())
}

func (k *keyring) close() error { return pebblekv.Classify(k.file.Close()) }
