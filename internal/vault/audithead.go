package vault

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// The head of a log says how long the log is and how its chain ends, so that a log that was cut off at its end is told from
// one that ends there. The audit log and the record of uses have one each. It lies in the keyring folder, apart from the log. The file has two places, written in
// turn, each in a block of its own: a torn write leaves the other. Frozen, numbers little-endian:
//
//	magic(8) generation(8) count(8) chain(32) mac(32)
//
// The mac is an HMAC under a key derived from the master key, over what stands before it.
const (
	headStride = 4096
	headBody   = 8 + 8 + 8 + 32
	headSize   = headBody + 32
)

// headKind is whose head it is.
type headKind struct {
	file, magic string
	purpose     keys.Purpose
	code        attest.Code // where it is missing or damaged
	log         string
}

var (
	auditLogHead = headKind{"audit.head", "HZAUDIT1", keys.PurposeAudit, attest.CodeAuditHead, "the audit log"}
	usesHead     = headKind{"uses.head", "HZUSES01", keys.PurposeUses, attest.CodeUseLogHead, "the record of uses"}
)

type headState struct {
	generation uint64
	count      uint64
	chain      [32]byte
}

type logHead struct {
	kind  headKind
	file  vfs.File
	suite attest.Suite
	key   [32]byte

	mu    sync.Mutex
	state headState
}

func createHead(fsys vfs.FS, dir string, kind headKind, suite attest.Suite, master *keys.Master) error {
	key, err := master.Derive(suite, kind.purpose)
	if err != nil {
		return err
	}
	path := fsys.PathJoin(dir, kind.file)
	if _, err := fsys.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return pebblekv.Classify(err) // it is there, from a creation that was interrupted
	}
	h := &logHead{kind: kind, suite: suite, key: key}
	first := h.encode(headState{generation: 1})
	return writeKeyring(fsys, dir, path, append(append(first, make([]byte, headStride-headSize)...), make([]byte, headSize)...))
}

func openHead(fsys vfs.FS, dir string, kind headKind, suite attest.Suite, master *keys.Master) (*logHead, error) {
	path := fsys.PathJoin(dir, kind.file)
	if _, err := fsys.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, attest.Errorf(kind.code, "the head of %s is missing", kind.log)
	}
	key, err := master.Derive(suite, kind.purpose)
	if err != nil {
		return nil, err
	}
	file, err := fsys.OpenReadWrite(path, writeCategory)
	if err != nil {
		return nil, pebblekv.Classify(err)
	}
	h := &logHead{kind: kind, file: file, suite: suite, key: key}
	if err := h.read(); err != nil {
		return nil, errors.Join(err, pebblekv.Classify(file.Close()))
	}
	return h, nil
}

// read takes the newer of the places that are whole.
func (h *logHead) read() error {
	for place := range int64(2) {
		buf := make([]byte, headSize)
		if _, err := h.file.ReadAt(buf, place*headStride); err != nil && !errors.Is(err, io.EOF) {
			return pebblekv.Classify(err)
		}
		if s, ok := h.decode(buf); ok && s.generation > h.state.generation {
			h.state = s
		}
	}
	if h.state.generation == 0 {
		return attest.Errorf(h.kind.code, "the head of %s is damaged, or was written under another master key", h.kind.log)
	}
	return nil
}

func (h *logHead) encode(s headState) []byte {
	b := append(make([]byte, 0, headSize), h.kind.magic...)
	b = binary.LittleEndian.AppendUint64(b, s.generation)
	b = binary.LittleEndian.AppendUint64(b, s.count)
	b = append(b, s.chain[:]...)
	return append(b, h.mac(b)...)
}

func (h *logHead) decode(b []byte) (headState, bool) {
	if !bytes.HasPrefix(b, []byte(h.kind.magic)) || !hmac.Equal(h.mac(b[:headBody]), b[headBody:]) {
		return headState{}, false
	}
	return headState{
		generation: binary.LittleEndian.Uint64(b[8:]), count: binary.LittleEndian.Uint64(b[16:]), chain: [32]byte(b[24:56]),
	}, true
}

func (h *logHead) mac(b []byte) []byte {
	m := hmac.New(h.suite.New, h.key[:])
	m.Write(b)
	return m.Sum(nil)
}

// write makes a new head durable. The log must be durable up to count already.
func (h *logHead) write(count uint64, chain [32]byte) error {
	s := headState{generation: h.last().generation + 1, count: count, chain: chain}
	place := int64(s.generation % 2)
	if _, err := h.file.WriteAt(h.encode(s), (1-place)*headStride); err != nil { // generation 1 stands at 0
		return pebblekv.Classify(err)
	}
	if err := h.file.SyncData(); err != nil {
		return pebblekv.Classify(err)
	}
	h.mu.Lock()
	h.state = s
	h.mu.Unlock()
	return nil
}

func (h *logHead) last() headState {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state
}

func (h *logHead) close() error { return pebblekv.Classify(h.file.Close()) }
