package pebblekv

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Classify turns an error of Pebble or of its file system into one with a code of the project: STORE_FULL,
// STORE_CORRUPT, STORE_MISSING, STORE_EXISTS, STORE_READ_ONLY, STORE_CLOSED, or STORE_FAILED for every other. An error that
// has a code keeps it; nil stays nil. The detail names a file and the system's reason and never Pebble's own text, which
// may hold keys.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	var coded *attest.Error
	if errors.As(err, &coded) {
		return coded
	}
	for _, k := range kinds {
		if k.match(err) {
			return attest.Errorf(k.code, "%s%s", k.detail, systemCause(err))
		}
	}
	return attest.Errorf(attest.CodeStoreFailed, "the storage engine failed%s", systemCause(err))
}

var kinds = []struct {
	match  func(error) bool
	code   attest.Code
	detail string
}{
	{isFull, attest.CodeStoreFull, "no space is left for the store; free some, then start again"},
	{pebble.IsCorruptionError, attest.CodeStoreCorrupt, "a file of the store is damaged; run fsck or restore a backup"},
	{is(pebble.ErrDBDoesNotExist), attest.CodeStoreMissing, "no store is in this folder"},
	{is(pebble.ErrDBAlreadyExists), attest.CodeStoreExists, "a store is already in this folder"},
	{is(pebble.ErrReadOnly), attest.CodeStoreReadOnly, "the store was opened for reading only"},
	{is(pebble.ErrClosed), attest.CodeStoreClosed, "the store is closed"},
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// isFull also knows a quota that is used up.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// systemCause is ": write 000004.log: input/output error", as much of it as the error tells; empty where it is not of the
// operating system.
func systemCause(err error) string {
	var path *os.PathError
	var link *os.LinkError
	var errno syscall.Errno
	switch {
	case errors.As(err, &path):
		return ": " + path.Op + " " + filepath.Base(path.Path) + reason(path.Err)
	case errors.As(err, &link):
		return ": " + link.Op + " " + filepath.Base(link.Old) + reason(link.Err)
	case errors.As(err, &errno):
		return ": " + errno.Error()
	default:
		return ""
	}
}

func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return ": " + errno.Error()
	}
	return ""
}
