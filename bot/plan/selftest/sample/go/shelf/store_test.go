package shelf

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"example.org/shelf/internal/codec"
)

// clock is a time that a test sets.
type clock struct {
	now time.Time
}

func (c *clock) Now() time.Time {
	return c.now
}

func open(t *testing.T, dir string, options Options) *Store {
	t.Helper()
	store, err := Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func dump(t *testing.T, store *Store, prefix string) string {
	t.Helper()
	var found []string
	must(t, store.Scan([]byte(prefix), func(key, value []byte) bool {
		found = append(found, fmt.Sprintf("%s=%s", key, value))
		return true
	}))
	return strings.Join(found, " ")
}

func TestPutGetDelete(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	key := []byte("a")
	if _, err := store.Get(key); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	must(t, store.Put(key, []byte("1")))
	must(t, store.Put(key, []byte("2")))
	if value, err := store.Get(key); err != nil || string(value) != "2" {
		t.Errorf("got %q, %v", value, err)
	}
	must(t, store.Delete(key))
	must(t, store.Delete(key))
	if found, err := store.Has(key); found || err != nil {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestDeletedKeysStayAwayAfterAFlush(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	must(t, store.Put([]byte("a"), []byte("1")))
	must(t, store.Flush())
	must(t, store.Delete([]byte("a")))
	must(t, store.Flush())
	if got := dump(t, store, ""); got != "" {
		t.Errorf("got %q", got)
	}
	must(t, store.Compact())
	if stats := store.Stats(); stats.Tables != 1 || stats.TableRecords != 0 {
		t.Errorf("got %+v", stats)
	}
}

func TestScanIsInOrderAndHasTheNewestValues(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	for _, pair := range []string{"b=1", "a=1", "user/2=x", "user/1=y", "v=1"} {
		key, value, _ := strings.Cut(pair, "=")
		must(t, store.Put([]byte(key), []byte(value)))
	}
	must(t, store.Flush())
	must(t, store.Put([]byte("a"), []byte("2")))
	must(t, store.Put([]byte("user/3"), []byte("z")))
	if got := dump(t, store, ""); got != "a=2 b=1 user/1=y user/2=x user/3=z v=1" {
		t.Errorf("got %q", got)
	}
	if got := dump(t, store, "user/"); got != "user/1=y user/2=x user/3=z" {
		t.Errorf("got %q", got)
	}
	if count, err := store.Count([]byte("user/")); count != 3 || err != nil {
		t.Errorf("got %d, %v", count, err)
	}
}

func TestScanEndsWhenItIsTold(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	for _, key := range []string{"a", "b", "c"} {
		must(t, store.Put([]byte(key), nil))
	}
	seen := 0
	must(t, store.Scan(nil, func(_, _ []byte) bool {
		seen++
		return seen < 2
	}))
	if seen != 2 {
		t.Errorf("visited %d keys", seen)
	}
}

func TestKeysExpire(t *testing.T) {
	clock := &clock{now: time.Unix(1000, 0)}
	store := open(t, t.TempDir(), Options{Now: clock.Now})
	must(t, store.PutFor([]byte("short"), []byte("1"), 10*time.Second))
	must(t, store.Put([]byte("long"), []byte("2")))
	must(t, store.Flush())
	clock.now = time.Unix(1009, 0)
	if got := dump(t, store, ""); got != "long=2 short=1" {
		t.Errorf("got %q", got)
	}
	clock.now = time.Unix(1010, 0)
	if got := dump(t, store, ""); got != "long=2" {
		t.Errorf("got %q", got)
	}
	must(t, store.Compact())
	if stats := store.Stats(); stats.TableRecords != 1 {
		t.Errorf("got %+v", stats)
	}
}

func TestEverythingIsThereAfterReopening(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	must(t, store.Put([]byte("a"), []byte("1")))
	must(t, store.Flush())
	must(t, store.Put([]byte("b"), []byte("2")))
	must(t, store.Close())
	again := open(t, dir, Options{})
	if got := dump(t, again, ""); got != "a=1 b=2" {
		t.Errorf("got %q", got)
	}
}

func TestABatchIsAppliedWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	var batch Batch
	batch.Put([]byte("a"), []byte("1"))
	batch.Put([]byte("b"), []byte("2"))
	batch.Delete([]byte("c"))
	must(t, store.Apply(&batch))
	must(t, store.Close())
	path := filepath.Join(dir, logName)
	info, err := os.Stat(path)
	must(t, err)
	must(t, os.Truncate(path, info.Size()-1))
	if got := dump(t, open(t, dir, Options{}), ""); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestABatchWithAMistakeChangesNothing(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	var batch Batch
	batch.Put([]byte("a"), []byte("1"))
	batch.Put(nil, []byte("2"))
	if err := store.Apply(&batch); !errors.Is(err, ErrEmptyKey) {
		t.Errorf("got %v", err)
	}
	if batch.Len() != 1 || dump(t, store, "") != "" {
		t.Error("something was changed")
	}
}

func TestSizesAreLimited(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	var tooLarge *TooLargeError
	err := store.Put(make([]byte, codec.MaxKey+1), nil)
	if !errors.As(err, &tooLarge) || tooLarge.What != "key" {
		t.Errorf("got %v", err)
	}
	err = store.Put([]byte("a"), make([]byte, codec.MaxValue+1))
	if !errors.As(err, &tooLarge) || tooLarge.What != "value" {
		t.Errorf("got %v", err)
	}
}

func TestTheCallerMayUseItsSlicesAgain(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	key, value := []byte("a"), []byte("1")
	must(t, store.Put(key, value))
	key[0], value[0] = 'x', 'x'
	if got := dump(t, store, ""); got != "a=1" {
		t.Errorf("got %q", got)
	}
	got, err := store.Get([]byte("a"))
	must(t, err)
	got[0] = 'y'
	if again, _ := store.Get([]byte("a")); !bytes.Equal(again, []byte("1")) {
		t.Errorf("got %q", again)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	must(t, store.Close())
	must(t, os.WriteFile(filepath.Join(dir, lockName), []byte("999999999\n"), 0o644))
	open(t, dir, Options{})
}

func TestAClosedStoreDoesNothing(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	must(t, store.Close())
	for name, err := range map[string]error{
		"Put":     store.Put([]byte("a"), nil),
		"Scan":    store.Scan(nil, nil),
		"Flush":   store.Flush(),
		"Compact": store.Compact(),
		"Check":   store.Check(),
		"Close":   store.Close(),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDamageIsReportedWithTheFile(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	must(t, store.Put([]byte("a"), []byte("1")))
	must(t, store.Flush())
	must(t, store.Check())
	must(t, store.Close())
	path := filepath.Join(dir, "00000000"+tableSuffix)
	must(t, os.Truncate(path, 10))
	var damaged *DamagedError
	if _, err := Open(dir, Options{}); !errors.As(err, &damaged) || damaged.Path != path {
		t.Errorf("got %v", err)
	}
}

// TestLikeAMap does many random changes to a store and to a map, and compares the two.
func TestLikeAMap(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	dir := t.TempDir()
	options := Options{MemorySize: 2000, MaxTables: 3}
	store := open(t, dir, options)
	expected := map[string]string{}
	for step := 0; step < 3000; step++ {
		key := fmt.Sprintf("k%03d", random.Intn(200))
		switch random.Intn(10) {
		case 0, 1, 2:
			must(t, store.Delete([]byte(key)))
			delete(expected, key)
		case 3:
			if step%50 == 0 {
				must(t, store.Close())
				store = open(t, dir, options)
			}
		default:
			value := fmt.Sprint(step)
			must(t, store.Put([]byte(key), []byte(value)))
			expected[key] = value
		}
	}
	var pairs []string
	for key, value := range expected {
		pairs = append(pairs, key+"="+value)
	}
	sort.Strings(pairs)
	if got := dump(t, store, ""); got != strings.Join(pairs, " ") {
		t.Error("the store differs from the map")
	}
	if stats := store.Stats(); stats.Tables > options.MaxTables {
		t.Errorf("%d tables were not merged", stats.Tables)
	}
}
