package pebblekv

import (
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Defaults of Options. A store then stays below about 40 MB under load, so that the nine stores of a demonstration with
// four regions fit into 512 MB beside everything else.
const (
	DefaultCacheBytes    = 8 << 20
	DefaultMemTableBytes = 8 << 20
)

const (
	bloomBitsPerKey      = 10 // 1 % false positives
	stopWritesMemTables  = 3  // writers wait while this many memtables are unflushed
	maxOpenTables        = 500
	blockBytes           = 8 << 10
	minimumMemTableBytes = 256 << 10
)

// formatVersion is the on-disk format of new stores; an older store is upgraded when it is opened for writing. It is
// named here, and not taken from pebble.FormatNewest, because an upgrade cannot be undone: it is to be decided, not to
// come along with a new release.
const formatVersion = pebble.FormatValueSeparation

// Options say how a store is opened. The zero value opens an existing store on the disk with the defaults.
type Options struct {
	FS            vfs.FS       // nil: the operating system's
	Create        bool         // make a new store; one that exists is refused. Without it a missing store is refused
	ReadOnly      bool         // every change is refused; the store is still locked against other processes
	Encrypted     bool         // values are ciphertext: blocks are not compressed
	Cache         *Cache       // shared between stores of the process; nil: a private one of CacheBytes
	CacheBytes    int64        // bytes of a private block cache; 0: DefaultCacheBytes
	MemTableBytes int64        // bytes that are collected in memory before a flush; 0: DefaultMemTableBytes
	Logger        *slog.Logger // receives failures only; nil: slog.Default
}

// Cache is a block cache that several stores of one process share, so that memory follows the load.
type Cache struct{ c *pebble.Cache }

// NewCache makes a cache of the given bytes. Close it after the stores that use it.
func NewCache(bytes int64) *Cache { return &Cache{c: pebble.NewCache(bytes)} }

// Close gives the cache back once the last store that uses it is closed.
func (c *Cache) Close() { c.c.Unref() }

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	if o.MemTableBytes <= 0 {
		o.MemTableBytes = DefaultMemTableBytes
	}
	o.MemTableBytes = max(o.MemTableBytes, minimumMemTableBytes)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// pebble translates the options for a store on fs, whose fuse receives the faults.
func (o Options) pebble(fs *fencedFS, cache *pebble.Cache) *pebble.Options {
	f := fs.fuse
	p := &pebble.Options{
		FS:                          fs,
		Cache:                       cache,
		ReadOnly:                    o.ReadOnly,
		ErrorIfExists:               o.Create,
		ErrorIfNotExists:            !o.Create,
		FormatMajorVersion:          formatVersion,
		MemTableSize:                uint64(o.MemTableBytes), //nolint:gosec // withDefaults made it positive
		MemTableStopWritesThreshold: stopWritesMemTables,
		MaxOpenFiles:                maxOpenTables,
		Logger:                      f,
		EventListener: &pebble.EventListener{
			BackgroundError: f.backgroundError,
			DataCorruption:  func(info pebble.DataCorruptionInfo) { f.blow(info.Details) },
		},
	}
	for i := range p.Levels {
		p.Levels[i].BlockSize = blockBytes
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBitsPerKey)
		if o.Encrypted {
			p.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
		}
	}
	return p
}
