package table

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"example.org/shelf/internal/codec"
)

func key(n int) []byte {
	return []byte(fmt.Sprintf("key-%05d", n))
}

// written makes a table with every second key below 2*count.
func written(t *testing.T, count int) *Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "table")
	writer, err := NewWriter(path, count)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < count; n++ {
		record := codec.Record{Kind: codec.Put, Key: key(2 * n), Value: []byte(fmt.Sprint(n))}
		if err := writer.Add(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Finish(); err != nil {
		t.Fatal(err)
	}
	reader, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	return reader
}

func TestGet(t *testing.T) {
	reader := written(t, 1000)
	if reader.Count() != 1000 {
		t.Errorf("Count is %d", reader.Count())
	}
	for n := -1; n < 2001; n++ {
		record, found, err := reader.Get(key(max(n, 0)))
		if err != nil {
			t.Fatal(err)
		}
		if want := max(n, 0)%2 == 0 && n < 2000; found != want {
			t.Fatalf("key %d: found is %v", n, found)
		}
		if found && string(record.Value) != fmt.Sprint(max(n, 0)/2) {
			t.Fatalf("key %d has the value %q", n, record.Value)
		}
	}
}

func TestFrom(t *testing.T) {
	reader := written(t, 100)
	for _, start := range []int{0, 1, 31, 32, 33, 198, 199} {
		iterator := reader.From(key(start))
		want := start + start%2
		for iterator.Next() {
			if got := string(iterator.Record().Key); got != string(key(want)) {
				t.Fatalf("from %d: got %s, want %s", start, got, key(want))
			}
			want += 2
		}
		if iterator.Err() != nil || want != 200 {
			t.Errorf("from %d: ended at %d with %v", start, want, iterator.Err())
		}
	}
}

func TestKeysHaveToComeInOrder(t *testing.T) {
	writer, err := NewWriter(filepath.Join(t.TempDir(), "table"), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Abort()
	if err := writer.Add(codec.Record{Kind: codec.Put, Key: []byte("b")}); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"a", "b"} {
		if err := writer.Add(codec.Record{Kind: codec.Put, Key: []byte(wrong)}); err == nil {
			t.Errorf("%q was taken after b", wrong)
		}
	}
}

func TestAnAbortedTableLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	writer, err := NewWriter(filepath.Join(dir, "table"), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Abort(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left: %v", entries)
	}
}

func TestDamagedTables(t *testing.T) {
	reader := written(t, 50)
	data, err := os.ReadFile(reader.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Check(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged")
	for name, change := range map[string]func() []byte{
		"empty":     func() []byte { return nil },
		"no magic":  func() []byte { return data[:len(data)-1] },
		"a record":  func() []byte { return flipped(data, 30) },
		"a footer":  func() []byte { return flipped(data, len(data)-footerSize) },
		"cut start": func() []byte { return data[10:] },
	} {
		if err := os.WriteFile(path, change(), 0o644); err != nil {
			t.Fatal(err)
		}
		damaged, err := OpenReader(path)
		if err == nil {
			err = damaged.Check()
			damaged.Close()
		}
		if err == nil {
			t.Errorf("%s: the damage was not noticed", name)
		}
	}
}

func flipped(data []byte, at int) []byte {
	changed := append([]byte(nil), data...)
	changed[at] ^= 4
	return changed
}

func TestTheFilterIsRarelyWrong(t *testing.T) {
	filter := newFilter(1000)
	for n := 0; n < 1000; n++ {
		filter.add(key(n))
	}
	wrong := 0
	for n := 0; n < 2000; n++ {
		if filter.mayContain(key(n)) != (n < 1000) {
			wrong++
		}
		if n < 1000 && !filter.mayContain(key(n)) {
			t.Fatalf("key %d is not known", n)
		}
	}
	if wrong > 50 {
		t.Errorf("%d of 1000 answers are wrong", wrong)
	}
}
