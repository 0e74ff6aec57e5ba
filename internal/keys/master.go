package keys

import (
	"crypto/hkdf"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// MasterEnv names the environment variable that may hold the master key, as 64 hexadecimal digits.
const MasterEnv = "HUZHENG_MASTER_KEY"

// MasterSize is the length of a master key in bytes.
const MasterSize = 32

// Purpose names what a derived key is for. No key serves two.
type Purpose string

// The purposes. Their strings are part of the frozen format: changing one makes every store unreadable.
const (
	PurposeCheck     Purpose = "check"     // tells a wrong master from damaged data; protects nothing
	PurposeWrap      Purpose = "wrap"      // wraps the data keys of a vault's keyring
	PurposeSigning   Purpose = "signing"   // wraps signing keys
	PurposeSubject   Purpose = "subject"   // HMAC that turns a holder's code into a subject id
	PurposeOperation Purpose = "operation" // HMAC that turns an operation id into a store key
	PurposeAudit     Purpose = "audit"     // authenticates the head of the audit log
	PurposeUses      Purpose = "uses"      // authenticates the head of the record of uses
)

// Master is a region's master key. It is safe for concurrent use and is never written anywhere by this package but by
// [NewMasterFile].
type Master struct{ secret [MasterSize]byte }

// NewMaster takes a master key of 32 bytes: MASTER_FORMAT for any other length.
func NewMaster(secret []byte) (*Master, error) {
	if len(secret) != MasterSize {
		return nil, attest.Errorf(attest.CodeMasterFormat, "a master key has %d bytes, not %d", MasterSize, len(secret))
	}
	return &Master{secret: [MasterSize]byte(secret)}, nil
}

// LoadMaster reads the master key from the file at path or, where path is empty, from the environment variable
// [MasterEnv]. The file holds 64 hexadecimal digits and a line end, belongs to its owner alone and lies in none of
// the folders that hold data. Errors: MASTER_MISSING, MASTER_PERMISSIONS, MASTER_FORMAT, MASTER_BESIDE_DATA.
func LoadMaster(path string, dataDirs ...string) (*Master, error) {
	if path == "" {
		return masterFromEnv()
	}
	if err := outside(path, dataDirs); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, attest.Errorf(attest.CodeMasterMissing, "no master key file at %s; make one before the vault", path)
	}
	if err != nil {
		return nil, attest.Errorf(attest.CodeMasterMissing, "the master key file cannot be read: %v", err)
	}
	if !info.Mode().IsRegular() {
		return nil, attest.Errorf(attest.CodeMasterFormat, "%s is not a regular file", path)
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return nil, attest.Errorf(attest.CodeMasterPermissions, "%s has mode %04o; others may read it: run chmod 600", path, perm)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, attest.Errorf(attest.CodeMasterMissing, "the master key file cannot be read: %v", err)
	}
	return parseMaster(string(text), path)
}

func masterFromEnv() (*Master, error) {
	text, ok := os.LookupEnv(MasterEnv)
	if !ok || text == "" {
		return nil, attest.Errorf(attest.CodeMasterMissing, "neither a master key file is named nor is %s set", MasterEnv)
	}
	return parseMaster(text, MasterEnv)
}

func parseMaster(text, where string) (*Master, error) {
	secret, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(secret) != MasterSize {
		return nil, attest.Errorf(attest.CodeMasterFormat, "%s does not hold %d hexadecimal digits", where, 2*MasterSize)
	}
	return NewMaster(secret)
}

// NewMasterFile writes a fresh master key to path, durably and with mode 0600, and returns it. A file that exists is
// never replaced (MASTER_EXISTS), and one inside a data folder is refused (MASTER_BESIDE_DATA).
func NewMasterFile(path string, dataDirs ...string) (*Master, error) {
	if err := outside(path, dataDirs); err != nil {
		return nil, err
	}
	var secret [MasterSize]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand ends the process instead
	err := writeNew(path, []byte(hex.EncodeToString(secret[:])+"\n"))
	if errors.Is(err, fs.ErrExist) {
		return nil, attest.Errorf(attest.CodeMasterExists, "%s exists; a master key is never overwritten", path)
	}
	if err != nil {
		return nil, attest.Errorf(attest.CodeMasterMissing, "the master key file cannot be written: %v", err)
	}
	return NewMaster(secret[:])
}

// Derive gives the 32-byte key of one purpose (HKDF of RFC 5869 over the suite's hash).
func (m *Master) Derive(suite attest.Suite, purpose Purpose) ([32]byte, error) {
	if !suite.Valid() {
		return [32]byte{}, attest.Errorf(attest.CodeAlgUnknown, "unknown suite")
	}
	info := "huzheng/v1/master\x00" + string(suite) + "\x00" + string(purpose)
	key, err := hkdf.Key(suite.New, m.secret[:], nil, info, 32)
	if err != nil {
		return [32]byte{}, attest.Errorf(attest.CodeInternal, "key derivation: %v", err)
	}
	return [32]byte(key), nil
}

// CheckSize is the length of a check value in bytes.
const CheckSize = 16

// Check is a value that a store keeps in the clear to recognise its master key again.
func (m *Master) Check(suite attest.Suite) ([CheckSize]byte, error) {
	key, err := m.Derive(suite, PurposeCheck)
	return [CheckSize]byte(key[:CheckSize]), err
}

// String keeps the key out of logs.
func (m *Master) String() string { return "master key" }

// GoString keeps the key out of logs.
func (m *Master) GoString() string { return m.String() }

// outside refuses a path that lies within one of dirs, symbolic links followed.
func outside(path string, dirs []string) error {
	target, err := resolve(path)
	if err != nil {
		return attest.Errorf(attest.CodeMasterMissing, "the path of the master key file cannot be resolved: %v", err)
	}
	for _, dir := range dirs {
		base, err := resolve(dir)
		if err != nil {
			return attest.Errorf(attest.CodeMasterMissing, "the path of a data folder cannot be resolved: %v", err)
		}
		if rel, err := filepath.Rel(base, target); err == nil && filepath.IsLocal(rel) {
			return attest.Errorf(attest.CodeMasterBeside, "%s lies inside the data folder %s: a copy of the data would carry its key", path, dir)
		}
	}
	return nil
}

// resolve follows symbolic links as far as the path exists.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(abs)
	if err == nil {
		return target, nil
	}
	if parent := filepath.Dir(abs); errors.Is(err, fs.ErrNotExist) && parent != abs {
		target, err = resolve(parent)
		return filepath.Join(target, filepath.Base(abs)), err
	}
	return "", err
}
