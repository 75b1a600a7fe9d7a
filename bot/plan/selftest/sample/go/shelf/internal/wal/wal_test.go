package wal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/shelf/internal/codec"
)

func put(key, value string) codec.Record {
	return codec.Record{Kind: codec.Put, Key: []byte(key), Value: []byte(value)}
}

// reopen opens a log and returns the keys and values that are in it.
func reopen(t *testing.T, path string) (*Log, string) {
	t.Helper()
	var found []string
	log, err := Open(path, false, func(record codec.Record) {
		found = append(found, string(record.Key)+"="+string(record.Value))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log, strings.Join(found, " ")
}

func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	log, _ := reopen(t, path)
	if err := log.Append(put("a", "1")); err != nil {
		t.Fatal(err)
	}
	if err := log.Append(put("b", "2"), put("c", "3")); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRecordsComeBackInOrder(t *testing.T) {
	if _, got := reopen(t, filled(t)); got != "a=1 b=2 c=3" {
		t.Errorf("got %q", got)
	}
}

func TestACutLogKeepsWhatIsWhole(t *testing.T) {
	path := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := put("a", "1").Size()
	for size := range whole {
		if err := os.WriteFile(path, whole[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		want := ""
		if size >= first {
			want = "a=1"
		}
		log, got := reopen(t, path)
		if got != want {
			t.Fatalf("%d bytes: got %q, want %q", size, got, want)
		}
		if size >= first && log.Size() != int64(first) {
			t.Fatalf("%d bytes: the rest was not cut off", size)
		}
	}
}

func TestAppendingAfterACut(t *testing.T) {
	path := filled(t)
	if err := os.Truncate(path, int64(put("a", "1").Size())+5); err != nil {
		t.Fatal(err)
	}
	log, _ := reopen(t, path)
	if err := log.Append(put("d", "4")); err != nil {
		t.Fatal(err)
	}
	if _, got := reopen(t, path); got != "a=1 d=4" {
		t.Errorf("got %q", got)
	}
}

func TestDamageInTheMiddleIsAnError(t *testing.T) {
	path := filled(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[22] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, false, func(codec.Record) {}); err == nil {
		t.Error("the damage was not noticed")
	}
}

func TestReset(t *testing.T) {
	path := filled(t)
	log, _ := reopen(t, path)
	if err := log.Reset(); err != nil {
		t.Fatal(err)
	}
	if err := log.Append(put("z", "9")); err != nil {
		t.Fatal(err)
	}
	if _, got := reopen(t, path); got != "z=9" {
		t.Errorf("got %q", got)
	}
}
