package pebblekv

import (
	"errors"
	"io/fs"
	"path"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Creating a store takes Pebble several files, and a power cut among them leaves what is neither a store nor an empty
// folder, and cannot be opened. So an empty file stands in the folder, on the disk, for as long as the creation lasts:
// while it is there the folder holds no store, and creating begins again from nothing.
const creatingName = "CREATING"

const lockName = "LOCK" // Pebble's

// leftovers match what Pebble leaves of an interrupted creation. Nothing else in the folder is touched.
var leftovers = []string{"*.log", "*.sst", "*.blob", "*.dbtmp", "MANIFEST-*", "OPTIONS-*", "marker.*"}

// Exists reports whether dir of fsys (nil: the operating system's) holds a store. A creation that was interrupted does not
// count: the next one starts over.
func Exists(dir string, fsys vfs.FS) (bool, error) {
	if fsys == nil {
		fsys = vfs.Default
	}
	if half, err := present(fsys, fsys.PathJoin(dir, creatingName)); half || err != nil {
		return false, err
	}
	desc, err := pebble.Peek(dir, fsys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, Classify(err)
	default:
		return desc.Exists, nil
	}
}

func present(fsys vfs.FS, name string) (bool, error) {
	_, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, Classify(err)
}

// prepare makes the folder ready for Pebble and takes its lock. It looks before and after: without a lock there may be
// another who creates, and a folder without a store is not to be touched by one who only opens.
func (s *Store) prepare(dir string, create bool) error {
	if err := s.expect(dir, create); err != nil {
		return err
	}
	if create {
		if err := makeFolder(s.fs, dir); err != nil {
			return err
		}
	}
	if _, err := s.fs.Lock(s.fs.PathJoin(dir, lockName)); err != nil {
		return err
	}
	if err := s.expect(dir, create); err != nil || !create {
		return err
	}
	return s.beginCreation(dir)
}

// expect refuses a missing store where one is to be opened, and an existing one where one is to be made.
func (s *Store) expect(dir string, create bool) error {
	exists, err := Exists(dir, s.fs)
	switch {
	case err != nil:
		return err
	case exists && create:
		return pebble.ErrDBAlreadyExists
	case !exists && !create:
		return pebble.ErrDBDoesNotExist
	default:
		return nil
	}
}

// beginCreation puts the mark up, durably, and clears what an earlier attempt left. Without a mark there is nothing to
// clear: Pebble refuses files that it does not expect.
func (s *Store) beginCreation(dir string) error {
	mark := s.fs.PathJoin(dir, creatingName)
	half, err := present(s.fs, mark)
	if err != nil {
		return err
	}
	if half {
		return clearFolder(s.fs, dir)
	}
	file, err := s.fs.Create(mark, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return syncFolder(s.fs, dir)
}

// endCreation takes the mark down once Pebble's files are complete and on the disk.
func (s *Store) endCreation(dir string) error {
	if err := syncFolder(s.fs, dir); err != nil {
		return err
	}
	if err := s.fs.Remove(s.fs.PathJoin(dir, creatingName)); err != nil {
		return err
	}
	return syncFolder(s.fs, dir)
}

func clearFolder(fsys vfs.FS, dir string) error {
	names, err := fsys.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isLeftover(name) {
			continue
		}
		if err := fsys.Remove(fsys.PathJoin(dir, name)); err != nil {
			return err
		}
	}
	return syncFolder(fsys, dir)
}

func isLeftover(name string) bool {
	for _, pattern := range leftovers {
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

// makeFolder makes dir and the missing folders above it, and syncs every folder that got a new entry.
func makeFolder(fsys vfs.FS, dir string) error {
	var changed []string
	for at := dir; ; at = fsys.PathDir(at) {
		here, err := present(fsys, at)
		if err != nil {
			return err
		}
		if here || fsys.PathDir(at) == at {
			break
		}
		changed = append(changed, fsys.PathDir(at))
	}
	if err := fsys.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	for _, folder := range changed {
		if err := syncFolder(fsys, folder); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(fsys vfs.FS, dir string) error {
	folder, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
