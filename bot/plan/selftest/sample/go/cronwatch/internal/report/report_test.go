package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"example.org/cronwatch/internal/runner"
)

var start = time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC)

func entry(job string, hour int, status runner.Status, seconds int) runner.Entry {
	due := start.Add(time.Duration(hour) * time.Hour)
	made := runner.Entry{Job: job, Due: due, Started: due, Ended: due.Add(time.Duration(seconds) * time.Second), Status: status, Attempts: 1}
	if status == runner.Failed {
		made.Reason, made.Attempts = "exit code 1", 3
	}
	return made
}

var entries = []runner.Entry{
	entry("good", 0, runner.Succeeded, 10),
	entry("good", 1, runner.Succeeded, 30),
	entry("bad", 2, runner.Failed, 5),
	entry("bad", 0, runner.Succeeded, 1),
	entry("bad", 1, runner.Failed, 3),
	entry("bad", 3, runner.Skipped, 0),
}

func TestSummarize(t *testing.T) {
	found := Summarize(entries, start)
	if len(found) != 2 || found[0].Job != "bad" || found[1].Job != "good" {
		t.Fatalf("got %+v", found)
	}
	bad, good := found[0], found[1]
	if bad.Runs != 3 || bad.Failed != 2 || bad.Skipped != 1 || bad.Retried != 2 || bad.Streak != 2 {
		t.Errorf("got %+v", bad)
	}
	if bad.Median != 3*time.Second || bad.Longest != 5*time.Second || !bad.LastGood.Equal(start.Add(time.Second)) {
		t.Errorf("got %+v", bad)
	}
	if good.Median != 20*time.Second || good.SuccessRate() != 1 {
		t.Errorf("got %+v", good)
	}
}

func TestOnlySinceATime(t *testing.T) {
	found := Summarize(entries, start.Add(2*time.Hour))
	if len(found) != 1 || found[0].Runs != 1 {
		t.Errorf("got %+v", found)
	}
	if found := Summarize(nil, start); len(found) != 0 {
		t.Errorf("got %+v", found)
	}
}

func TestWrite(t *testing.T) {
	var output bytes.Buffer
	if err := Write(&output, Summarize(entries, start)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(output.String(), "\n")
	if lines[0] != "job   runs   good  skipped  retried  median  longest" {
		t.Errorf("got %q", lines[0])
	}
	if lines[1] != "bad      3   33 %        1        2      3s       5s" {
		t.Errorf("got %q", lines[1])
	}
	if want := "bad failed 2 times in a row (exit code 1); last good: 2024-03-01 10:00"; !strings.Contains(output.String(), want) {
		t.Errorf("got %q", output.String())
	}
}

func TestShortDurations(t *testing.T) {
	cases := map[time.Duration]string{
		1500 * time.Microsecond:   "2ms",
		1234 * time.Millisecond:   "1.2s",
		61*time.Second + 400*1e6:  "1m1s",
		0:                         "0s",
		2*time.Hour + time.Minute: "2h1m0s",
	}
	for length, want := range cases {
		if got := short(length); got != want {
			t.Errorf("%v: got %q, want %q", length, got, want)
		}
	}
}
