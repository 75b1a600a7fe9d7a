// Package codec writes and reads the records that the log and the tables consist of.
//
// A record is: checksum (4 bytes), kind (1), expiry (8), key length (4), value length (4), key, value. Numbers are
// little endian. The checksum covers everything after itself.
package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Kind says what a record does.
type Kind uint8

const (
	// Put sets a key.
	Put Kind = 1
	// Delete takes a key away.
	Delete Kind = 2
	// Begin starts a batch; its value is the number of records in it.
	Begin Kind = 3
)

const (
	headerSize = 21
	// MaxKey is the length of the longest key.
	MaxKey = 64 << 10
	// MaxValue is the length of the longest value.
	MaxValue = 16 << 20
)

// ErrChecksum says that a record was changed after it was written.
var ErrChecksum = errors.New("wrong checksum")

// ErrCut says that the input ends within a record.
var ErrCut = errors.New("the record is cut off")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Record is one change of one key. Expiry is in seconds since 1970, 0 for never.
type Record struct {
	Kind   Kind
	Expiry int64
	Key    []byte
	Value  []byte
}

// Size is how many bytes the record takes in a file.
func (r Record) Size() int {
	return headerSize + len(r.Key) + len(r.Value)
}

// Expired tells whether the record's time has come.
func (r Record) Expired(now int64) bool {
	return r.Expiry != 0 && r.Expiry <= now
}

// Append adds the record's bytes to a buffer and returns the buffer.
func Append(buffer []byte, r Record) []byte {
	start := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, byte(r.Kind))
	buffer = binary.LittleEndian.AppendUint64(buffer, uint64(r.Expiry))
	buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(r.Key)))
	buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(r.Value)))
	buffer = append(buffer, r.Key...)
	buffer = append(buffer, r.Value...)
	sum := crc32.Checksum(buffer[start+4:], castagnoli)
	binary.LittleEndian.PutUint32(buffer[start:], sum)
	return buffer
}

// Read reads the next record. It returns io.EOF at the end of the input, ErrCut where the input ends within a record, and
// ErrChecksum, or another error, for a record that cannot be right.
func Read(input io.Reader) (Record, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(input, header[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return Record{}, ErrCut
		}
		return Record{}, err
	}
	kind := Kind(header[4])
	if kind != Put && kind != Delete && kind != Begin {
		return Record{}, fmt.Errorf("unknown kind of record: %d", kind)
	}
	keySize := binary.LittleEndian.Uint32(header[13:])
	valueSize := binary.LittleEndian.Uint32(header[17:])
	// Checked before anything is allocated, because a damaged length may be huge.
	if keySize > MaxKey || valueSize > MaxValue {
		return Record{}, fmt.Errorf("impossible lengths: %d and %d", keySize, valueSize)
	}
	body := make([]byte, keySize+valueSize)
	if _, err := io.ReadFull(input, body); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return Record{}, ErrCut
		}
		return Record{}, err
	}
	sum := crc32.Update(crc32.Checksum(header[4:], castagnoli), castagnoli, body)
	if sum != binary.LittleEndian.Uint32(header[:]) {
		return Record{}, ErrChecksum
	}
	return Record{
		Kind:   kind,
		Expiry: int64(binary.LittleEndian.Uint64(header[5:])),
		Key:    body[:keySize:keySize],
		Value:  body[keySize:],
	}, nil
}
