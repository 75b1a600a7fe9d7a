package shelf

import (
	"bytes"
	"sort"

	"example.org/shelf/internal/codec"
)

// memtable holds the changes that are only in the log, in order of their keys.
//
// A sorted slice is enough: it is written out before it has more than some ten thousand entries, and keys often come in order.
type memtable struct {
	records []codec.Record
	size    int
}

func (m *memtable) set(record codec.Record) {
	at, found := m.find(record.Key)
	if found {
		m.size += record.Size() - m.records[at].Size()
		m.records[at] = record
		return
	}
	m.records = append(m.records, codec.Record{})
	copy(m.records[at+1:], m.records[at:])
	m.records[at] = record
	m.size += record.Size()
}

func (m *memtable) get(key []byte) (codec.Record, bool) {
	at, found := m.find(key)
	if !found {
		return codec.Record{}, false
	}
	return m.records[at], true
}

// from returns the records from a key on. They must not be changed.
func (m *memtable) from(key []byte) []codec.Record {
	at, _ := m.find(key)
	return m.records[at:]
}

func (m *memtable) find(key []byte) (int, bool) {
	at := sort.Search(len(m.records), func(i int) bool { return bytes.Compare(m.records[i].Key, key) >= 0 })
	return at, at < len(m.records) && bytes.Equal(m.records[at].Key, key)
}

func (m *memtable) reset() {
	m.records, m.size = nil, 0
}
