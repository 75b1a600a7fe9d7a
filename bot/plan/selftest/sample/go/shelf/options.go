package shelf

import "time"

const (
	defaultMemorySize = 4 << 20
	defaultMaxTables  = 6
)

// SyncMode says when changes are written through to the disk.
type SyncMode int

const (
	// SyncOnClose leaves the time to the operating system: a crash of the machine may lose the last seconds.
	SyncOnClose SyncMode = iota
	// SyncAlways waits for the disk at every change.
	SyncAlways
)

// Options change how a store works. The zero value is good for most programs.
type Options struct {
	// MemorySize is how many bytes of changes are kept in memory, 4 MiB by default.
	MemorySize int
	// MaxTables is how many files there may be before they are merged, 6 by default.
	MaxTables int
	// Sync says when changes are written through to the disk.
	Sync SyncMode
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.MemorySize <= 0 {
		o.MemorySize = defaultMemorySize
	}
	if o.MaxTables <= 0 {
		o.MaxTables = defaultMaxTables
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
