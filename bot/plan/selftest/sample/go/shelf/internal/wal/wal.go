// Package wal is the log of changes that are not yet in a table.
package wal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"example.org/shelf/internal/codec"
)

// Log is a file to which records are appended.
type Log struct {
	file   *os.File
	size   int64
	buffer []byte
	sync   bool
}

// Open opens a log, or creates it, and calls apply for every change in it, in order. Changes of a batch that is not complete are
// left out. What follows the last complete record is cut off.
func Open(path string, sync bool, apply func(codec.Record)) (*Log, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	good, err := replay(file, apply)
	if err != nil {
		file.Close()
		return nil, err
	}
	if err := file.Truncate(good); err != nil {
		file.Close()
		return nil, err
	}
	if _, err := file.Seek(good, io.SeekStart); err != nil {
		file.Close()
		return nil, err
	}
	return &Log{file: file, size: good, sync: sync}, nil
}

// replay returns where the last complete record, or batch of them, ends.
func replay(file *os.File, apply func(codec.Record)) (int64, error) {
	input := bufio.NewReader(file)
	var good, at int64
	var batch []codec.Record
	waiting := 0
	for {
		record, err := codec.Read(input)
		if errors.Is(err, io.EOF) || errors.Is(err, codec.ErrCut) {
			return good, nil
		}
		if err != nil {
			// The last record may have been written in part only. Anything after it means real damage.
			if _, peekErr := input.Peek(1); errors.Is(err, codec.ErrChecksum) && errors.Is(peekErr, io.EOF) {
				return good, nil
			}
			return 0, fmt.Errorf("at byte %d: %w", at, err)
		}
		at += int64(record.Size())
		switch {
		case record.Kind == codec.Begin:
			count, err := batchCount(record)
			if err != nil {
				return 0, fmt.Errorf("at byte %d: %w", at, err)
			}
			waiting, batch = count, batch[:0]
		case waiting > 0:
			batch = append(batch, record)
			waiting--
		default:
			batch = append(batch[:0], record)
		}
		if waiting == 0 {
			for _, one := range batch {
				apply(one)
			}
			batch = batch[:0]
			good = at
		}
	}
}

func batchCount(record codec.Record) (int, error) {
	count, size := binary.Uvarint(record.Value)
	if size <= 0 {
		return 0, errors.New("a batch without a count")
	}
	return int(count), nil
}

// Append writes records. Several are a batch: after a crash either all of them are there or none.
func (l *Log) Append(records ...codec.Record) error {
	if len(records) == 0 {
		return nil
	}
	l.buffer = l.buffer[:0]
	if len(records) > 1 {
		begin := codec.Record{Kind: codec.Begin, Value: binary.AppendUvarint(nil, uint64(len(records)))}
		l.buffer = codec.Append(l.buffer, begin)
	}
	for _, record := range records {
		l.buffer = codec.Append(l.buffer, record)
	}
	written, err := l.file.Write(l.buffer)
	if err != nil {
		// A part of a record must not stay in front of the next one.
		return errors.Join(err, l.cut(l.size))
	}
	l.size += int64(written)
	if l.sync {
		return l.file.Sync()
	}
	return nil
}

func (l *Log) cut(size int64) error {
	if err := l.file.Truncate(size); err != nil {
		return err
	}
	_, err := l.file.Seek(size, io.SeekStart)
	return err
}

// Size is the length of the log in bytes.
func (l *Log) Size() int64 {
	return l.size
}

// Sync writes the log through to the disk.
func (l *Log) Sync() error {
	return l.file.Sync()
}

// Reset empties the log. Only for a log whose changes are in a table.
func (l *Log) Reset() error {
	if err := l.cut(0); err != nil {
		return err
	}
	l.size = 0
	return l.file.Sync()
}

// Close closes the file.
func (l *Log) Close() error {
	return errors.Join(l.file.Sync(), l.file.Close())
}
