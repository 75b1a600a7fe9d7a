package codec

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

var samples = []Record{
	{Kind: Put, Key: []byte("a"), Value: []byte("one")},
	{Kind: Put, Expiry: 1_700_000_000, Key: []byte("key"), Value: nil},
	{Kind: Delete, Key: []byte("gone")},
	{Kind: Begin, Value: []byte{2}},
}

func TestRecordsAreReadBack(t *testing.T) {
	var buffer []byte
	for _, record := range samples {
		before := len(buffer)
		buffer = Append(buffer, record)
		if got := len(buffer) - before; got != record.Size() {
			t.Errorf("record takes %d bytes, Size says %d", got, record.Size())
		}
	}
	input := bytes.NewReader(buffer)
	for _, want := range samples {
		got, err := Read(input)
		if err != nil {
			t.Fatal(err)
		}
		if got.Kind != want.Kind || got.Expiry != want.Expiry || !bytes.Equal(got.Key, want.Key) || !bytes.Equal(got.Value, want.Value) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if _, err := Read(input); err != io.EOF {
		t.Errorf("got %v at the end, want EOF", err)
	}
}

func TestCutRecords(t *testing.T) {
	whole := Append(nil, samples[0])
	for size := 1; size < len(whole); size++ {
		if _, err := Read(bytes.NewReader(whole[:size])); !errors.Is(err, ErrCut) {
			t.Errorf("%d bytes: got %v, want ErrCut", size, err)
		}
	}
}

func TestChangedRecords(t *testing.T) {
	whole := Append(nil, samples[0])
	for at := range whole {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x40
		if _, err := Read(bytes.NewReader(damaged)); err == nil {
			t.Errorf("a change of byte %d is not noticed", at)
		}
	}
}

func TestExpired(t *testing.T) {
	record := Record{Expiry: 100}
	if record.Expired(99) || !record.Expired(100) {
		t.Error("a record expires at its second")
	}
	if (Record{}).Expired(1 << 40) {
		t.Error("a record without an expiry never expires")
	}
}
