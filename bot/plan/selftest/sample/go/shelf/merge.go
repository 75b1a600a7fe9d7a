package shelf

import (
	"bytes"

	"example.org/shelf/internal/codec"
	"example.org/shelf/internal/table"
)

// source gives records in order of their keys.
type source interface {
	Next() bool
	Record() codec.Record
	Err() error
}

// sliceSource is a source over records in memory.
type sliceSource struct {
	records []codec.Record
	at      int
}

func (s *sliceSource) Next() bool {
	s.at++
	return s.at <= len(s.records)
}

func (s *sliceSource) Record() codec.Record {
	return s.records[s.at-1]
}

func (s *sliceSource) Err() error {
	return nil
}

// merger reads several sources as one. Of records with one key only that of the first source, the newest, counts.
type merger struct {
	sources []source
	live    []bool
	record  codec.Record
	err     error
}

func newMerger(sources ...source) *merger {
	m := &merger{sources: sources, live: make([]bool, len(sources))}
	for at := range sources {
		m.advance(at)
	}
	return m
}

func (m *merger) advance(at int) {
	m.live[at] = m.sources[at].Next()
	if err := m.sources[at].Err(); err != nil && m.err == nil {
		m.err = err
	}
}

func (m *merger) Next() bool {
	if m.err != nil {
		return false
	}
	smallest := -1
	for at, live := range m.live {
		if !live {
			continue
		}
		// Strictly smaller, so that of equal keys the first source is taken.
		if smallest < 0 || bytes.Compare(m.sources[at].Record().Key, m.sources[smallest].Record().Key) < 0 {
			smallest = at
		}
	}
	if smallest < 0 {
		return false
	}
	m.record = m.sources[smallest].Record()
	for at, live := range m.live {
		if live && bytes.Equal(m.sources[at].Record().Key, m.record.Key) {
			m.advance(at)
		}
	}
	return m.err == nil
}

func (m *merger) Record() codec.Record {
	return m.record
}

func (m *merger) Err() error {
	return m.err
}

// mergeTables writes all records of some tables, the newest first, into a new one. What is deleted or has expired is left out,
// which is right only when no older table exists.
func mergeTables(path string, tables []*table.Reader, now int64) (int, error) {
	expected := 0
	sources := make([]source, len(tables))
	for at, one := range tables {
		expected += one.Count()
		sources[at] = one.From(nil)
	}
	writer, err := table.NewWriter(path, expected)
	if err != nil {
		return 0, err
	}
	merged := newMerger(sources...)
	for merged.Next() {
		record := merged.Record()
		if record.Kind == codec.Delete || record.Expired(now) {
			continue
		}
		if err := writer.Add(record); err != nil {
			writer.Abort()
			return 0, err
		}
	}
	if err := merged.Err(); err != nil {
		writer.Abort()
		return 0, err
	}
	return writer.Count(), writer.Finish()
}
