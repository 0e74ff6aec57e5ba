package pebblekv

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/huzheng-ledger/huzheng/attest"
)

// folderMode keeps a store's folder from other users: a region's secrets lie in it.
const folderMode = 0o700

// fencedFS is the file system of one store. It refuses changes once the fuse has blown, and blows it when the write-ahead
// log cannot be written: Pebble itself notices that late for a commit without a sync. Reads pass.
//
// An error on the write-ahead log or its folder does not reach Pebble at all while the store serves (see fuse.halt).
type fencedFS struct {
	vfs.FS
	fuse *fuse
	lock io.Closer // the real lock on the folder; the store releases it, not Pebble
}

// file runs an operation that opens a file for changes.
func (s *fencedFS) file(name string, open func() (vfs.File, error)) (vfs.File, error) {
	var file vfs.File
	err := s.fuse.change(func() (err error) {
		file, err = open()
		return err
	})
	wal := strings.HasSuffix(name, ".log")
	if err != nil {
		if wal {
			s.fuse.halt(err)
		}
		return nil, err
	}
	return &fencedFile{File: file, fuse: s.fuse, wal: wal}, nil
}

// Create implements vfs.FS.
func (s *fencedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return s.file(name, func() (vfs.File, error) { return s.FS.Create(name, category) })
}

// OpenReadWrite implements vfs.FS.
func (s *fencedFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return s.file(name, func() (vfs.File, error) { return s.FS.OpenReadWrite(name, category, opts...) })
}

// ReuseForWrite implements vfs.FS.
func (s *fencedFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return s.file(newname, func() (vfs.File, error) { return s.FS.ReuseForWrite(oldname, newname, category) })
}

// OpenDir implements vfs.FS. A folder is opened to sync it, which is a change, and part of starting a new log.
func (s *fencedFS) OpenDir(name string) (vfs.File, error) {
	file, err := s.FS.OpenDir(name)
	if err = s.fuse.whileOpening(err); err != nil {
		return nil, err
	}
	return &fencedFile{File: file, fuse: s.fuse, wal: true}, nil
}

// List implements vfs.FS.
func (s *fencedFS) List(dir string) ([]string, error) {
	names, err := s.FS.List(dir)
	return names, s.fuse.whileOpening(err)
}

// Link implements vfs.FS.
func (s *fencedFS) Link(oldname, newname string) error {
	return s.fuse.change(func() error { return s.FS.Link(oldname, newname) })
}

// Remove implements vfs.FS.
func (s *fencedFS) Remove(name string) error {
	return s.fuse.change(func() error { return s.FS.Remove(name) })
}

// RemoveAll implements vfs.FS.
func (s *fencedFS) RemoveAll(name string) error {
	return s.fuse.change(func() error { return s.FS.RemoveAll(name) })
}

// Rename implements vfs.FS.
func (s *fencedFS) Rename(oldname, newname string) error {
	return s.fuse.change(func() error { return s.FS.Rename(oldname, newname) })
}

// MkdirAll implements vfs.FS. New folders are the owner's alone, whatever Pebble asks for.
func (s *fencedFS) MkdirAll(dir string, _ os.FileMode) error {
	return s.fuse.change(func() error { return s.FS.MkdirAll(dir, folderMode) })
}

// Lock implements vfs.FS. It keeps the lock, which the store takes before Pebble asks for it: only the store knows when the
// first change to the disk begins and the last one is over.
func (s *fencedFS) Lock(name string) (io.Closer, error) {
	if s.lock != nil {
		return keep{}, nil
	}
	err := s.fuse.change(func() (err error) {
		s.lock, err = s.FS.Lock(name)
		return err
	})
	if err == nil {
		return keep{}, nil
	}
	if heldElsewhere(err) {
		return nil, attest.Errorf(attest.CodeStoreLocked,
			"another process has this store open; stop it or choose another --data folder")
	}
	return nil, err
}

// release gives the lock up, after the last change to the disk.
func (s *fencedFS) release() error {
	s.fuse.drain()
	if s.lock == nil {
		return nil
	}
	lock := s.lock
	s.lock = nil
	return lock.Close()
}

// Unwrap implements vfs.FS.
func (s *fencedFS) Unwrap() vfs.FS { return s.FS }

// keep is the lock as Pebble sees it.
type keep struct{}

// Close leaves the lock to the store.
func (keep) Close() error { return nil }

// heldElsewhere tells a lock that is taken from one that cannot be made. fcntl answers with a bare EAGAIN or EACCES; an
// EACCES of opening the file comes with its path. Within one process Pebble has no error value, only a text.
func heldElsewhere(err error) bool {
	var path *os.PathError
	if errors.As(err, &path) {
		return false
	}
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) ||
		err.Error() == "lock held by current process"
}

// fencedFile is a file open for changes.
type fencedFile struct {
	vfs.File
	fuse *fuse
	wal  bool // a write-ahead log or the folder that lists it
}

// change runs one change; an error on the write-ahead log halts the store.
func (f *fencedFile) change(do func() error) error {
	err := f.fuse.change(do)
	if err != nil && f.wal {
		f.fuse.halt(err)
	}
	return err
}

// Close implements vfs.File. It gives the descriptor back even in a failed store.
func (f *fencedFile) Close() error {
	err := f.File.Close()
	if err != nil && f.wal {
		f.fuse.halt(err)
	}
	return err
}

// Stat implements vfs.File.
func (f *fencedFile) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil && f.wal {
		f.fuse.halt(err)
	}
	return info, err
}

// Write implements vfs.File.
func (f *fencedFile) Write(p []byte) (n int, err error) {
	err = f.change(func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	return n, err
}

// WriteAt implements vfs.File.
func (f *fencedFile) WriteAt(p []byte, offset int64) (n int, err error) {
	err = f.change(func() (err error) {
		n, err = f.File.WriteAt(p, offset)
		return err
	})
	return n, err
}

// Preallocate implements vfs.File. It is a hint whose failure the next write repeats, so it fails nothing by itself.
func (f *fencedFile) Preallocate(offset, length int64) error {
	return f.fuse.change(func() error { return f.File.Preallocate(offset, length) })
}

// Sync implements vfs.File.
func (f *fencedFile) Sync() error { return f.change(f.File.Sync) }

// SyncData implements vfs.File.
func (f *fencedFile) SyncData() error { return f.change(f.File.SyncData) }

// SyncTo implements vfs.File.
func (f *fencedFile) SyncTo(length int64) (full bool, err error) {
	err = f.change(func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}
