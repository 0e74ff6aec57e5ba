package keys

import (
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Store is a folder of sealed signing keys, one file a key. It is safe for concurrent use, and processes may share it:
// a key file is written once and never changed.
type Store struct {
	dir    string
	master *Master
	nonces Nonces

	mu      sync.Mutex
	signers map[string]attest.Signer
}

// Info is what a key file says in the clear.
type Info struct {
	ID     string // "<owner>#<name>"
	Suite  attest.Suite
	Public *attest.PublicKey
}

const (
	extension  = ".key"
	fileFormat = "huzheng-key/1"
)

// identifiers of keys are names of files too: one '#' between owner and name, nothing that a file system could read
// as a path.
var identifier = regexp.MustCompile(`^[0-9A-Za-z]{1,32}#[0-9A-Za-z-]{1,64}$`)

// CreateStore makes an empty folder of keys; one that exists is taken as it is.
func CreateStore(dir string, master *Master) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, attest.Errorf(attest.CodeKeyStore, "the folder of keys cannot be made: %v", err)
	}
	return OpenStore(dir, master)
}

// OpenStore opens a folder of keys. Errors: KEY_STORE where there is none.
func OpenStore(dir string, master *Master) (*Store, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, attest.Errorf(attest.CodeKeyStore, "the folder of keys cannot be read: %v", err)
	}
	if !info.IsDir() {
		return nil, attest.Errorf(attest.CodeKeyStore, "%s is not a folder", dir)
	}
	return &Store{dir: dir, master: master, signers: map[string]attest.Signer{}}, nil
}

// Generate makes, seals and keeps a new key, durable when it returns. Errors: KEY_EXISTS, KEY_FORMAT for an id that is
// not "<owner>#<name>".
func (s *Store) Generate(suite attest.Suite, id string) (attest.Signer, error) {
	if !identifier.MatchString(id) {
		return nil, attest.Errorf(attest.CodeKeyFormat, "a key's id is <owner>#<name>, of letters, digits and '-'")
	}
	sig, private, err := Generate(suite, id)
	if err != nil {
		return nil, err
	}
	check, err := s.master.Check(suite)
	if err != nil {
		return nil, err
	}
	aead, err := s.wrapping(suite)
	if err != nil {
		return nil, err
	}
	w := attest.NewObjectWriter(nil)
	w.String("format", fileFormat)
	w.String("id", id)
	w.String("suite", string(suite))
	w.Raw("public", sig.Public().JWK())
	w.String("check", base64.RawURLEncoding.EncodeToString(check[:]))
	sealed := Seal(nil, aead, &s.nonces, private, additional(id, suite, sig.Public().JWK()))
	w.String("sealed", base64.RawURLEncoding.EncodeToString(sealed))
	err = writeNew(s.path(id), append(w.Close(), '\n'))
	if errors.Is(err, fs.ErrExist) {
		return nil, attest.Errorf(attest.CodeKeyExists, "key %s exists; a key is never replaced, add one with a new name", id)
	}
	if err != nil {
		return nil, attest.Errorf(attest.CodeKeyStore, "key %s cannot be written: %v", id, err)
	}
	return s.Signer(id)
}

// Signer unseals a key. Errors: KEY_MISSING, MASTER_WRONG where another master sealed it, KEY_DAMAGED where the file
// has changed since it was written.
func (s *Store) Signer(id string) (attest.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sig, ok := s.signers[id]; ok {
		return sig, nil
	}
	file, err := s.read(id)
	if err != nil {
		return nil, err
	}
	sig, err := s.unseal(file)
	if err != nil {
		return nil, err
	}
	s.signers[id] = sig
	return sig, nil
}

// List gives what the folder holds, by id.
func (s *Store) List() ([]Info, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, attest.Errorf(attest.CodeKeyStore, "the folder of keys cannot be read: %v", err)
	}
	var list []Info
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), extension)
		if !ok || !identifier.MatchString(id) {
			continue
		}
		file, err := s.read(id)
		if err != nil {
			return nil, err
		}
		list = append(list, file.Info)
	}
	slices.SortFunc(list, func(a, b Info) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

func (s *Store) path(id string) string { return filepath.Join(s.dir, id+extension) }

func (s *Store) wrapping(suite attest.Suite) (cipher.AEAD, error) {
	key, err := s.master.Derive(suite, PurposeSigning)
	if err != nil {
		return nil, err
	}
	return NewAEAD(suite, key)
}

type keyFile struct {
	Info
	jwk    []byte
	check  []byte
	sealed []byte
}

func (s *Store) read(id string) (*keyFile, error) {
	if !identifier.MatchString(id) {
		return nil, attest.Errorf(attest.CodeKeyMissing, "no such key")
	}
	data, err := os.ReadFile(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, attest.Errorf(attest.CodeKeyMissing, "no key %s in the folder of keys", id)
	}
	if err != nil {
		return nil, attest.Errorf(attest.CodeKeyStore, "key %s cannot be read: %v", id, err)
	}
	file, err := parseKeyFile(data)
	if err != nil {
		return nil, attest.Errorf(attest.CodeKeyDamaged, "the file of key %s cannot be read (%s)", id, attest.CodeOf(err))
	}
	if file.ID != id {
		return nil, attest.Errorf(attest.CodeKeyDamaged, "the file of key %s holds another key", id)
	}
	return file, nil
}

func parseKeyFile(data []byte) (*keyFile, error) {
	v, err := attest.ParseJSON(data, attest.DefaultLimits())
	if err != nil {
		return nil, err
	}
	f := v.Fields()
	format, id, suite := f.String("format"), f.String("id"), f.String("suite")
	public, check, sealed := f.Value("public"), f.String("check"), f.String("sealed")
	if err := f.Done(); err != nil {
		return nil, err
	}
	if format != fileFormat {
		return nil, attest.Errorf(attest.CodeKeyDamaged, "unknown format")
	}
	file := &keyFile{Info: Info{ID: id, Suite: attest.Suite(suite)}, jwk: public.Raw()}
	if file.Public, err = attest.ParseJWK(public); err != nil {
		return nil, err
	}
	if file.check, err = base64.RawURLEncoding.DecodeString(check); err != nil {
		return nil, attest.Errorf(attest.CodeKeyDamaged, "check is not base64url")
	}
	if file.sealed, err = base64.RawURLEncoding.DecodeString(sealed); err != nil {
		return nil, attest.Errorf(attest.CodeKeyDamaged, "sealed is not base64url")
	}
	return file, nil
}

func (s *Store) unseal(file *keyFile) (attest.Signer, error) {
	check, err := s.master.Check(file.Suite)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(check[:], file.check) {
		return nil, attest.Errorf(attest.CodeMasterWrong, "key %s was sealed under another master key", file.ID)
	}
	aead, err := s.wrapping(file.Suite)
	if err != nil {
		return nil, err
	}
	private, ok := Open(nil, aead, file.sealed, additional(file.ID, file.Suite, file.jwk))
	if !ok {
		return nil, attest.Errorf(attest.CodeKeyDamaged, "the file of key %s has changed since it was written", file.ID)
	}
	sig, err := FromPrivate(file.Suite, file.ID, private)
	if err != nil {
		return nil, err
	}
	if !sig.Public().Equal(file.Public) {
		return nil, attest.Errorf(attest.CodeKeyDamaged, "the halves of key %s do not belong together", file.ID)
	}
	return sig, nil
}

func additional(id string, suite attest.Suite, jwk []byte) []byte {
	return []byte(fileFormat + "\x00" + id + "\x00" + string(suite) + "\x00" + string(jwk))
}

// Owned names the keys of an owner: those whose id begins with "<owner>#".
func (s *Store) Owned(owner string) ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, attest.Errorf(attest.CodeKeyStore, "the folder of keys cannot be read: %v", err)
	}
	var ids []string
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), extension)
		if ok && strings.HasPrefix(id, owner+"#") && identifier.MatchString(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
