// Package shelf is a key-value store in one folder.
package shelf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/shelf/internal/codec"
	"example.org/shelf/internal/table"
	"example.org/shelf/internal/wal"
)

const (
	logName     = "log"
	lockName    = "lock"
	tableSuffix = ".table"
)

// Store is an open store. It is safe for several goroutines.
type Store struct {
	dir     string
	options Options

	mu     sync.RWMutex
	closed bool
	lock   *os.File
	log    *wal.Log
	memory memtable
	// tables are from the newest to the oldest.
	tables []*table.Reader
	next   int
}

// Open opens a store, or creates one, in a folder.
func Open(dir string, options Options) (*Store, error) {
	options = options.withDefaults()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := takeLock(filepath.Join(dir, lockName))
	if err != nil {
		return nil, err
	}
	store := &Store{dir: dir, options: options, lock: lock}
	if err := store.load(); err != nil {
		store.closeFiles()
		return nil, err
	}
	return store, nil
}

// takeLock creates the lock file. The file of a process that has ended is taken over.
func takeLock(path string) (*os.File, error) {
	for attempt := 0; attempt < 2; attempt++ {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = fmt.Fprintf(file, "%d\n", os.Getpid())
			return file, err
		}
		if !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		if processRuns(path) {
			return nil, ErrLocked
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return nil, ErrLocked
}

func processRuns(lockPath string) bool {
	data, err := os.ReadFile(lockPath)
	if err != nil {
		return true
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return false
	}
	if pid == os.Getpid() {
		return true
	}
	_, err = os.Stat(fmt.Sprintf("/proc/%d", pid))
	return err == nil
}

func (s *Store) load() error {
	names, err := filepath.Glob(filepath.Join(s.dir, "*"+tableSuffix))
	if err != nil {
		return err
	}
	sort.Sort(sort.Reverse(sort.StringSlice(names)))
	for _, name := range names {
		number, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(name), tableSuffix))
		if err != nil {
			continue
		}
		reader, err := table.OpenReader(name)
		if err != nil {
			return &DamagedError{Path: name, Err: err}
		}
		s.tables = append(s.tables, reader)
		s.next = max(s.next, number+1)
	}
	path := filepath.Join(s.dir, logName)
	s.log, err = wal.Open(path, s.options.Sync == SyncAlways, s.memory.set)
	if err != nil {
		return &DamagedError{Path: path, Err: err}
	}
	return nil
}

// Put sets a key.
func (s *Store) Put(key, value []byte) error {
	var batch Batch
	batch.Put(key, value)
	return s.Apply(&batch)
}

// PutFor sets a key that is gone after a time.
func (s *Store) PutFor(key, value []byte, ttl time.Duration) error {
	var batch Batch
	batch.PutUntil(key, value, s.options.Now().Add(ttl))
	return s.Apply(&batch)
}

// Delete takes a key away. It is not an error when there is none.
func (s *Store) Delete(key []byte) error {
	var batch Batch
	batch.Delete(key)
	return s.Apply(&batch)
}

// Apply makes all changes of a batch, or none of them.
func (s *Store) Apply(batch *Batch) error {
	if batch.err != nil {
		return batch.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.log.Append(batch.records...); err != nil {
		return err
	}
	for _, record := range batch.records {
		s.memory.set(record)
	}
	if s.memory.size < s.options.MemorySize {
		return nil
	}
	return s.flush()
}

// Get returns the value of a key, or ErrNotFound.
func (s *Store) Get(key []byte) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	record, found := s.memory.get(key)
	for at := 0; !found && at < len(s.tables); at++ {
		var err error
		record, found, err = s.tables[at].Get(key)
		if err != nil {
			return nil, &DamagedError{Path: s.tables[at].Path(), Err: err}
		}
	}
	if !found || record.Kind == codec.Delete || record.Expired(s.now()) {
		return nil, ErrNotFound
	}
	return bytes.Clone(record.Value), nil
}

// Has tells whether a key is there.
func (s *Store) Has(key []byte) (bool, error) {
	_, err := s.Get(key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Scan calls visit for every key with a prefix, in order, until visit returns false. The slices are valid only during the call, and
// the store cannot be changed from it.
func (s *Store) Scan(prefix []byte, visit func(key, value []byte) bool) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	sources := []source{&sliceSource{records: s.memory.from(prefix)}}
	for _, one := range s.tables {
		sources = append(sources, one.From(prefix))
	}
	now := s.now()
	merged := newMerger(sources...)
	for merged.Next() {
		record := merged.Record()
		if !bytes.HasPrefix(record.Key, prefix) {
			return nil
		}
		if record.Kind == codec.Delete || record.Expired(now) {
			continue
		}
		if !visit(record.Key, record.Value) {
			return nil
		}
	}
	return merged.Err()
}

// Count is how many keys with a prefix there are.
func (s *Store) Count(prefix []byte) (int, error) {
	count := 0
	err := s.Scan(prefix, func(_, _ []byte) bool {
		count++
		return true
	})
	return count, err
}

// Flush writes what is in memory to a file.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return s.flush()
}

func (s *Store) flush() error {
	if len(s.memory.records) == 0 {
		return nil
	}
	path := s.tablePath()
	writer, err := table.NewWriter(path, len(s.memory.records))
	if err != nil {
		return err
	}
	for _, record := range s.memory.records {
		if err := writer.Add(record); err != nil {
			return errors.Join(err, writer.Abort())
		}
	}
	if err := writer.Finish(); err != nil {
		return err
	}
	reader, err := table.OpenReader(path)
	if err != nil {
		return err
	}
	s.tables = append([]*table.Reader{reader}, s.tables...)
	s.memory.reset()
	if err := s.log.Reset(); err != nil {
		return err
	}
	if len(s.tables) > s.options.MaxTables {
		return s.compact()
	}
	return nil
}

// Compact merges all files into one, without what was deleted or has expired.
func (s *Store) Compact() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.compact()
}

func (s *Store) compact() error {
	if len(s.tables) == 0 {
		return nil
	}
	path := s.tablePath()
	if _, err := mergeTables(path, s.tables, s.now()); err != nil {
		return err
	}
	reader, err := table.OpenReader(path)
	if err != nil {
		return err
	}
	old := s.tables
	s.tables = []*table.Reader{reader}
	// The oldest first: after a crash in between, what is left must not show keys again that were deleted later.
	for at := len(old) - 1; at >= 0; at-- {
		if err := errors.Join(old[at].Close(), os.Remove(old[at].Path())); err != nil {
			return err
		}
	}
	return nil
}

// Check reads everything and reports the first damage.
func (s *Store) Check() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	for _, one := range s.tables {
		if err := one.Check(); err != nil {
			return &DamagedError{Path: one.Path(), Err: err}
		}
	}
	return nil
}

// Stats are figures about a store.
type Stats struct {
	Tables       int
	TableRecords int
	MemoryBytes  int
	LogBytes     int64
}

// Stats returns figures about the store.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	stats := Stats{Tables: len(s.tables), MemoryBytes: s.memory.size}
	for _, one := range s.tables {
		stats.TableRecords += one.Count()
	}
	if s.log != nil {
		stats.LogBytes = s.log.Size()
	}
	return stats
}

// Close ends the work with the store. What is in memory stays in the log.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.closed = true
	return s.closeFiles()
}

func (s *Store) closeFiles() error {
	var errs []error
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	for _, one := range s.tables {
		errs = append(errs, one.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close(), os.Remove(s.lock.Name()))
	}
	return errors.Join(errs...)
}

func (s *Store) tablePath() string {
	path := filepath.Join(s.dir, fmt.Sprintf("%08d%s", s.next, tableSuffix))
	s.next++
	return path
}

func (s *Store) now() int64 {
	return s.options.Now().Unix()
}
