package table

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"example.org/shelf/internal/codec"
)

// Reader reads a table. It is safe for several goroutines.
type Reader struct {
	path   string
	file   *os.File
	index  []indexEntry
	end    int64
	count  int
	filter *filter
}

// OpenReader opens a table and reads its index and filter.
func OpenReader(path string) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	reader := &Reader{path: path, file: file}
	if err := reader.load(); err != nil {
		file.Close()
		return nil, err
	}
	return reader, nil
}

func (r *Reader) load() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < int64(footerSize) {
		return errors.New("the file is too short for a table")
	}
	footer := make([]byte, footerSize)
	if _, err := r.file.ReadAt(footer, info.Size()-int64(footerSize)); err != nil {
		return err
	}
	if string(footer[32:]) != magic {
		return errors.New("the file is not a table")
	}
	indexOffset := int64(binary.LittleEndian.Uint64(footer))
	filterOffset := int64(binary.LittleEndian.Uint64(footer[8:]))
	filterSize := int64(binary.LittleEndian.Uint64(footer[16:]))
	r.count = int(binary.LittleEndian.Uint64(footer[24:]))
	r.end = indexOffset
	if indexOffset < 0 || filterOffset < indexOffset || filterSize < 0 || filterOffset+filterSize+int64(footerSize) != info.Size() {
		return errors.New("the footer is damaged")
	}
	rest := make([]byte, filterOffset-indexOffset+filterSize)
	if _, err := r.file.ReadAt(rest, indexOffset); err != nil {
		return err
	}
	r.filter = &filter{bits: rest[filterOffset-indexOffset:]}
	return r.loadIndex(rest[:filterOffset-indexOffset])
}

func (r *Reader) loadIndex(data []byte) error {
	for len(data) > 0 {
		if len(data) < 12 {
			return errors.New("the index is damaged")
		}
		size := int(binary.LittleEndian.Uint32(data))
		offset := int64(binary.LittleEndian.Uint64(data[4:]))
		if size > len(data)-12 || offset > r.end {
			return errors.New("the index is damaged")
		}
		r.index = append(r.index, indexEntry{data[12 : 12+size], offset})
		data = data[12+size:]
	}
	return nil
}

// Path is where the file is.
func (r *Reader) Path() string {
	return r.path
}

// Count is how many records the table has.
func (r *Reader) Count() int {
	return r.count
}

// Get returns the record of a key, also one that deletes it; false where the table does not have the key.
func (r *Reader) Get(key []byte) (codec.Record, bool, error) {
	if !r.filter.mayContain(key) {
		return codec.Record{}, false, nil
	}
	iterator := r.From(key)
	if !iterator.Next() {
		return codec.Record{}, false, iterator.Err()
	}
	record := iterator.Record()
	return record, bytes.Equal(record.Key, key), nil
}

// From iterates over the records from a key on.
func (r *Reader) From(key []byte) *Iterator {
	at := sort.Search(len(r.index), func(i int) bool { return bytes.Compare(r.index[i].key, key) > 0 })
	offset := int64(0)
	if at > 0 {
		offset = r.index[at-1].offset
	}
	section := io.NewSectionReader(r.file, offset, r.end-offset)
	return &Iterator{input: bufio.NewReader(section), from: key, path: r.path}
}

// Check reads the whole table and tells what is wrong with it.
func (r *Reader) Check() error {
	iterator := r.From(nil)
	count := 0
	var last []byte
	for iterator.Next() {
		key := iterator.Record().Key
		if count > 0 && bytes.Compare(key, last) <= 0 {
			return fmt.Errorf("key %q does not come after %q", key, last)
		}
		if !r.filter.mayContain(key) {
			return fmt.Errorf("the filter does not know the key %q", key)
		}
		last = key
		count++
	}
	if err := iterator.Err(); err != nil {
		return err
	}
	if count != r.count {
		return fmt.Errorf("%d records instead of %d", count, r.count)
	}
	return nil
}

// Close closes the file.
func (r *Reader) Close() error {
	return r.file.Close()
}

// Iterator goes through records in order.
type Iterator struct {
	input  io.Reader
	from   []byte
	path   string
	record codec.Record
	err    error
}

// Next goes to the next record; false at the end and after an error.
func (i *Iterator) Next() bool {
	for i.err == nil {
		record, err := codec.Read(i.input)
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			i.err = fmt.Errorf("%s: %w", i.path, err)
			return false
		}
		if bytes.Compare(record.Key, i.from) >= 0 {
			i.record = record
			return true
		}
	}
	return false
}

// Record is the current record.
func (i *Iterator) Record() codec.Record {
	return i.record
}

// Err is the error that ended the iteration, if one did.
func (i *Iterator) Err() error {
	return i.err
}
