package runner

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/cronwatch/internal/config"
)

var start = time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC)

// fakeClock moves on when something sleeps.
type fakeClock struct {
	mu     sync.Mutex
	now    time.Time
	sleeps []time.Duration
	until  time.Time
	cancel context.CancelFunc
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, length time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.until.IsZero() && c.now.Add(length).After(c.until) {
		c.cancel()
		return context.Canceled
	}
	c.sleeps = append(c.sleeps, length)
	c.now = c.now.Add(length)
	return ctx.Err()
}

// fakeExecutor gives the outcomes that a test names, the last one again and again.
type fakeExecutor struct {
	mu       sync.Mutex
	outcomes map[string][]Attempt
	calls    []string
	block    chan struct{}
}

func (e *fakeExecutor) Execute(_ context.Context, job config.Job) Attempt {
	if e.block != nil {
		<-e.block
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, job.Name)
	left := e.outcomes[job.Name]
	if len(left) == 0 {
		return Attempt{}
	}
	if len(left) > 1 {
		e.outcomes[job.Name] = left[1:]
	}
	return left[0]
}

type notes struct {
	mu   sync.Mutex
	told []string
	err  error
}

func (n *notes) Notify(job config.Job, entry Entry) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, job.Name+": "+entry.Reason)
	return n.err
}

func read(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, err := config.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func job(t *testing.T, cfg *config.Config, name string) config.Job {
	t.Helper()
	found, ok := cfg.Job(name)
	if !ok {
		t.Fatalf("no job %s", name)
	}
	return found
}

const twoJobs = `
[job a]
schedule = 0 * * * *
command = a
retries = 3
backoff = 10s
notify = ops@example.org

[job b]
schedule = 30 * * * *
command = b
after = a
`

func TestRetriesWithLongerPauses(t *testing.T) {
	cfg := read(t, twoJobs)
	clock := &fakeClock{now: start}
	executor := &fakeExecutor{outcomes: map[string][]Attempt{"a": {{ExitCode: 1}, {ExitCode: 1}, {Output: "fine"}}}}
	var journal bytes.Buffer
	runner := New(cfg, clock, executor, NewFileJournal(&journal), nil)
	entry := runner.Run(context.Background(), job(t, cfg, "a"), start)
	if entry.Status != Succeeded || entry.Attempts != 3 || entry.Output != "fine" {
		t.Errorf("got %+v", entry)
	}
	if len(clock.sleeps) != 2 || clock.sleeps[0] != 10*time.Second || clock.sleeps[1] != 20*time.Second {
		t.Errorf("slept %v", clock.sleeps)
	}
	if entry.Duration() != 30*time.Second {
		t.Errorf("took %v", entry.Duration())
	}
}

func TestAFailureIsNotified(t *testing.T) {
	cfg := read(t, twoJobs)
	executor := &fakeExecutor{outcomes: map[string][]Attempt{"a": {{ExitCode: 7}}}}
	notifier := &notes{}
	runner := New(cfg, &fakeClock{now: start}, executor, NewFileJournal(&bytes.Buffer{}), notifier)
	entry := runner.Run(context.Background(), job(t, cfg, "a"), start)
	if entry.Status != Failed || entry.Attempts != 4 {
		t.Errorf("got %+v", entry)
	}
	if len(notifier.told) != 1 || notifier.told[0] != "a: exit code 7" {
		t.Errorf("told %v", notifier.told)
	}
	notifier.err = errors.New("no mail")
	if entry = runner.Run(context.Background(), job(t, cfg, "a"), start); !strings.Contains(entry.Reason, "no mail") {
		t.Errorf("got %q", entry.Reason)
	}
}

func TestAJobAfterAnother(t *testing.T) {
	cfg := read(t, twoJobs)
	executor := &fakeExecutor{outcomes: map[string][]Attempt{}}
	runner := New(cfg, &fakeClock{now: start}, executor, NewFileJournal(&bytes.Buffer{}), nil)
	if entry := runner.Run(context.Background(), job(t, cfg, "b"), start); entry.Status != Skipped {
		t.Errorf("b ran before a: %+v", entry)
	}
	runner.Run(context.Background(), job(t, cfg, "a"), start)
	if entry := runner.Run(context.Background(), job(t, cfg, "b"), start); entry.Status != Succeeded {
		t.Errorf("got %+v", entry)
	}
}

func TestOverlappingRuns(t *testing.T) {
	for overlap, want := range map[string]Status{"skip": Skipped, "parallel": Succeeded, "wait": Succeeded} {
		cfg := read(t, "[job a]\nschedule = @hourly\ncommand = a\non_overlap = "+overlap)
		executor := &fakeExecutor{block: make(chan struct{})}
		runner := New(cfg, &fakeClock{now: start}, executor, NewFileJournal(&bytes.Buffer{}), nil)
		first := job(t, cfg, "a")
		entered := runner.enter(first)
		if entered != "" {
			t.Fatal(entered)
		}
		close(executor.block)
		if entry := runner.Run(context.Background(), first, start); entry.Status != want {
			t.Errorf("%s: got %s", overlap, entry.Status)
		}
		runner.leave(first)
	}
}

func TestServeStartsWhatIsDue(t *testing.T) {
	cfg := read(t, twoJobs)
	ctx, cancel := context.WithCancel(context.Background())
	clock := &fakeClock{now: start, until: start.Add(3 * time.Hour), cancel: cancel}
	executor := &fakeExecutor{}
	var journal bytes.Buffer
	runner := New(cfg, clock, executor, NewFileJournal(&journal), nil)
	if err := runner.Serve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	entries, err := ReadJournal(&journal)
	if err != nil {
		t.Fatal(err)
	}
	due := map[string]int{}
	for _, entry := range entries {
		due[entry.Job]++
		if entry.Due.Minute() != 0 && entry.Due.Minute() != 30 {
			t.Errorf("due at %s", entry.Due)
		}
	}
	if due["a"] != 3 || due["b"] != 3 {
		t.Errorf("got %v", due)
	}
}

func TestNothingIsEverDue(t *testing.T) {
	cfg := read(t, "[job a]\nschedule = 0 0 31 2 *\ncommand = a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	runner := New(cfg, &fakeClock{now: start}, &fakeExecutor{}, NewFileJournal(&bytes.Buffer{}), nil)
	if err := runner.Serve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestJitterIsRandomAndLimited(t *testing.T) {
	cfg := read(t, "[job a]\nschedule = @hourly\ncommand = a\njitter = 5m")
	clock := &fakeClock{now: start}
	runner := New(cfg, clock, &fakeExecutor{}, NewFileJournal(&bytes.Buffer{}), nil)
	runner.random = func(most time.Duration) time.Duration { return most / 2 }
	entry := runner.Run(context.Background(), job(t, cfg, "a"), start)
	if entry.Late() != 150*time.Second {
		t.Errorf("late by %v", entry.Late())
	}
}

func TestShell(t *testing.T) {
	run := func(command string, timeout time.Duration) Attempt {
		env := map[string]string{"GREETING": "hello"}
		return Shell{}.Execute(context.Background(), config.Job{Name: "x", Command: command, Timeout: timeout, Env: env})
	}
	if got := run("echo $GREETING $CRONWATCH_JOB; echo oops >&2", 0); !got.Good() || got.Output != "hello x\noops\n" {
		t.Errorf("got %+v", got)
	}
	if got := run("exit 3", 0); got.ExitCode != 3 || got.Reason() != "exit code 3" {
		t.Errorf("got %+v", got)
	}
	if got := run("exec sleep 10", 50*time.Millisecond); !got.TimedOut || got.Reason() != "timed out" {
		t.Errorf("got %+v", got)
	}
}

func TestOnlyTheEndOfALongOutputIsKept(t *testing.T) {
	output := &tail{limit: 5}
	for _, part := range []string{"abc", "defgh", "i"} {
		if n, err := output.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("got %d, %v", n, err)
		}
	}
	if output.String() != "[…]efghi" {
		t.Errorf("got %q", output.String())
	}
}

func TestAJournalWithACutLine(t *testing.T) {
	var journal bytes.Buffer
	if err := NewFileJournal(&journal).Record(Entry{Job: "a", Status: Failed, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	entries, err := ReadJournal(strings.NewReader(journal.String() + `{"job": "b`))
	if err != nil || len(entries) != 1 || entries[0].Reason != "x" {
		t.Errorf("got %v, %v", entries, err)
	}
	if _, err := ReadJournal(strings.NewReader("nonsense\n")); err == nil {
		t.Error("nonsense was read")
	}
}
