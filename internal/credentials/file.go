package credentials

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/huzheng-ledger/huzheng/attest"
)

// The file's form. Version 1 is the only one.
type fileV1 struct {
	V           int        `json:"v"`
	Credentials []recordV1 `json:"credentials"`
}

type recordV1 struct {
	ID          string   `json:"id"`
	Hash        string   `json:"hash"` // of the secret, hexadecimal
	Tenant      string   `json:"tenant"`
	Verifier    string   `json:"verifier"`
	Authorities []string `json:"authorities,omitempty"`
	Scopes      []Scope  `json:"scopes"`
	Created     int64    `json:"created"`
	Revoked     int64    `json:"revoked,omitempty"`
}

const maxFile = 16 << 20

// stamp tells one state of the file from another: renaming a new file into place always changes the inode.
type stamp struct {
	inode    uint64
	size     int64
	modified int64
}

func readStamp(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, failed(err)
	}
	st := stamp{size: info.Size(), modified: info.ModTime().UnixNano()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		st.inode = sys.Ino
	}
	return st, nil
}

func (s *Store) load() error {
	seen, err := readStamp(s.path) // before reading: a change in between is then seen again
	if err != nil {
		return err
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return failed(err)
	}
	records, err := decode(data)
	if err != nil {
		return err
	}
	s.current.Store(&table{stamp: seen, records: records})
	return nil
}

// change reads the file anew, applies f and writes it back, with every other writer kept out.
func (s *Store) change(f func(map[string]*record) error) error {
	return s.locked(func() error {
		if err := s.load(); err != nil {
			return err
		}
		records := maps.Clone(s.current.Load().records)
		if err := f(records); err != nil {
			return err
		}
		return s.save(records)
	})
}

// locked runs f while no other writer, here or in another process, is at the file. The lock is on a file of its own:
// the credentials file itself is replaced by every change. The kernel drops it when the process ends.
func (s *Store) locked(f func() error) error {
	s.write.Lock()
	defer s.write.Unlock()
	lock, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return failed(err)
	}
	return f()
}

// save puts a whole new file in place: whoever reads sees the old or the new one, also after a crash.
func (s *Store) save(records map[string]*record) error {
	data, err := encode(records)
	if err != nil {
		return err
	}
	if err := replace(s.path, data); err != nil {
		return failed(err)
	}
	seen, err := readStamp(s.path)
	if err != nil {
		return err
	}
	s.current.Store(&table{stamp: seen, records: records})
	return nil
}

func replace(path string, data []byte) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // gone already where all went well
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the folder of a path that the operator configured
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func encode(records map[string]*record) ([]byte, error) {
	file := fileV1{V: 1, Credentials: make([]recordV1, 0, len(records))}
	for _, r := range records {
		c := &r.credential
		file.Credentials = append(file.Credentials, recordV1{
			ID: c.ID, Hash: hex.EncodeToString(r.hash[:]), Tenant: c.Tenant, Verifier: c.Verifier,
			Authorities: c.Authorities, Scopes: c.Scopes, Created: c.Created, Revoked: c.Revoked,
		})
	}
	slices.SortFunc(file.Credentials, func(a, b recordV1) int { return strings.Compare(a.ID, b.ID) })
	return json.MarshalIndent(file, "", "  ")
}

// decode refuses a file that it does not understand whole: STORE_CORRUPT.
func decode(data []byte) (map[string]*record, error) {
	if _, err := attest.ParseJSON(data, attest.Limits{Bytes: maxFile, Depth: 5, Members: 1 << 20}); err != nil {
		return nil, corrupt("is not strict JSON")
	}
	var file fileV1
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, corrupt("does not have the form of version 1")
	}
	if file.V != 1 {
		return nil, corrupt("is of another version")
	}
	records := make(map[string]*record, len(file.Credentials))
	for i := range file.Credentials {
		r, err := file.Credentials[i].record()
		if err != nil {
			return nil, err
		}
		if _, twice := records[r.credential.ID]; twice {
			return nil, corrupt("has an id twice")
		}
		records[r.credential.ID] = r
	}
	return records, nil
}

func (v *recordV1) record() (*record, error) {
	r := &record{credential: Credential{
		ID: v.ID, Created: v.Created, Revoked: v.Revoked,
		Grant: Grant{Tenant: v.Tenant, Verifier: v.Verifier, Authorities: v.Authorities, Scopes: v.Scopes},
	}}
	hash, err := hex.DecodeString(v.Hash)
	if err != nil || len(hash) != len(r.hash) || len(v.ID) != hex.EncodedLen(idBytes) {
		return nil, corrupt("has an id or a hash of the wrong length")
	}
	copy(r.hash[:], hash)
	if err := r.credential.validate(); err != nil {
		return nil, corrupt("has an entry that is not valid")
	}
	return r, nil
}

func corrupt(what string) error {
	return attest.Errorf(attest.CodeStoreCorrupt, "the credentials file %s", what)
}

// failed names what the operating system said without the path, which is the operator's own.
func failed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return attest.Errorf(attest.CodeStoreMissing, "there is no credentials file at the configured place")
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return attest.Errorf(attest.CodeStoreFailed, "the credentials file cannot be used: %v", err)
}
