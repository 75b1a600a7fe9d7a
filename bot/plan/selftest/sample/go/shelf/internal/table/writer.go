// Package table has sorted files of records that never change.
//
// A file is: the records in order of their keys, an index with every 16th key and its place, a filter that tells which keys are
// certainly not there, and a footer with the places of these parts.
package table

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"example.org/shelf/internal/codec"
)

const (
	magic         = "shelf001"
	footerSize    = 8*4 + len(magic)
	indexInterval = 16
)

// Writer writes a table. Records have to come in order of their keys, each key once.
type Writer struct {
	path   string
	file   *os.File
	output *bufio.Writer
	buffer []byte
	offset int64
	count  int
	last   []byte
	index  []indexEntry
	filter *filter
}

type indexEntry struct {
	key    []byte
	offset int64
}

// NewWriter starts a table. The file has a name of its own until Finish, so that a crash leaves no half table.
func NewWriter(path string, expected int) (*Writer, error) {
	file, err := os.Create(path + ".tmp")
	if err != nil {
		return nil, err
	}
	return &Writer{path: path, file: file, output: bufio.NewWriterSize(file, 64<<10), filter: newFilter(expected)}, nil
}

// Add writes a record.
func (w *Writer) Add(record codec.Record) error {
	if w.count > 0 && bytes.Compare(record.Key, w.last) <= 0 {
		return fmt.Errorf("key %q does not come after %q", record.Key, w.last)
	}
	if w.count%indexInterval == 0 {
		w.index = append(w.index, indexEntry{bytes.Clone(record.Key), w.offset})
	}
	w.buffer = codec.Append(w.buffer[:0], record)
	if _, err := w.output.Write(w.buffer); err != nil {
		return err
	}
	w.offset += int64(len(w.buffer))
	w.last = append(w.last[:0], record.Key...)
	w.filter.add(record.Key)
	w.count++
	return nil
}

// Count is how many records were added.
func (w *Writer) Count() int {
	return w.count
}

// Finish writes index, filter and footer, and gives the file its name.
func (w *Writer) Finish() error {
	indexOffset := w.offset
	for _, entry := range w.index {
		w.buffer = binary.LittleEndian.AppendUint32(w.buffer[:0], uint32(len(entry.key)))
		w.buffer = binary.LittleEndian.AppendUint64(w.buffer, uint64(entry.offset))
		w.buffer = append(w.buffer, entry.key...)
		if _, err := w.output.Write(w.buffer); err != nil {
			return w.abort(err)
		}
		w.offset += int64(len(w.buffer))
	}
	filterOffset := w.offset
	if _, err := w.output.Write(w.filter.bits); err != nil {
		return w.abort(err)
	}
	footer := binary.LittleEndian.AppendUint64(nil, uint64(indexOffset))
	footer = binary.LittleEndian.AppendUint64(footer, uint64(filterOffset))
	footer = binary.LittleEndian.AppendUint64(footer, uint64(len(w.filter.bits)))
	footer = binary.LittleEndian.AppendUint64(footer, uint64(w.count))
	footer = append(footer, magic...)
	if _, err := w.output.Write(footer); err != nil {
		return w.abort(err)
	}
	if err := errors.Join(w.output.Flush(), w.file.Sync()); err != nil {
		return w.abort(err)
	}
	if err := w.file.Close(); err != nil {
		return w.abort(err)
	}
	return os.Rename(w.path+".tmp", w.path)
}

// Abort gives the table up.
func (w *Writer) Abort() error {
	return w.abort(nil)
}

func (w *Writer) abort(cause error) error {
	w.file.Close()
	return errors.Join(cause, os.Remove(w.path+".tmp"))
}
