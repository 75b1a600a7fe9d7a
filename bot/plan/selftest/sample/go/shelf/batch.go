package shelf

import (
	"bytes"
	"time"

	"example.org/shelf/internal/codec"
)

// Batch collects changes that are applied whole or not at all. It is not safe for several goroutines.
type Batch struct {
	records []codec.Record
	err     error
}

// Put sets a key.
func (b *Batch) Put(key, value []byte) {
	b.add(codec.Record{Kind: codec.Put, Key: key, Value: value})
}

// PutUntil sets a key that is gone from a time on.
func (b *Batch) PutUntil(key, value []byte, until time.Time) {
	b.add(codec.Record{Kind: codec.Put, Expiry: until.Unix(), Key: key, Value: value})
}

// Delete takes a key away. It is not an error when there is none.
func (b *Batch) Delete(key []byte) {
	b.add(codec.Record{Kind: codec.Delete, Key: key})
}

// Len is how many changes there are.
func (b *Batch) Len() int {
	return len(b.records)
}

// add copies the bytes, because the caller may use the slices again. The first mistake is reported by Apply.
func (b *Batch) add(record codec.Record) {
	if err := checkSizes(record); err != nil {
		if b.err == nil {
			b.err = err
		}
		return
	}
	record.Key = bytes.Clone(record.Key)
	record.Value = bytes.Clone(record.Value)
	b.records = append(b.records, record)
}

func checkSizes(record codec.Record) error {
	switch {
	case len(record.Key) == 0:
		return ErrEmptyKey
	case len(record.Key) > codec.MaxKey:
		return &TooLargeError{What: "key", Size: len(record.Key), Limit: codec.MaxKey}
	case len(record.Value) > codec.MaxValue:
		return &TooLargeError{What: "value", Size: len(record.Value), Limit: codec.MaxValue}
	}
	return nil
}
