package keys

import (
	"errors"
	"os"
	"path/filepath"
)

// writeNew writes a file of mode 0600 that is there whole and durable, or not at all, and never replaces another: the
// error is fs.ErrExist then.
func writeNew(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil { // unlike a rename, a link does not replace
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the folder that the file was just written to
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
