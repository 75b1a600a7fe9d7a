package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/cronwatch/internal/runner"
)

type stopped struct{}

func (stopped) Now() time.Time {
	return time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC)
}

func (stopped) Sleep(context.Context, time.Duration) error {
	return context.Canceled
}

func call(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, surroundings{&stdout, &stderr, stopped{}, runner.Shell{}})
	return code, stdout.String(), stderr.String()
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const jobs = "[job hello]\nschedule = 0 8 * * mon\ncommand = echo hi\n[job bad]\nschedule = @daily\ncommand = exit 4\n"

func TestCheckAndNext(t *testing.T) {
	path := file(t, jobs)
	if code, out, _ := call(t, "check", path); code != exitFine || out != "hello: at 08:00 on Monday\nbad: at 00:00\n" {
		t.Errorf("got %d, %q", code, out)
	}
	code, out, _ := call(t, "next", path, "--count", "2")
	if code != exitFine || out != "Sat 2024-03-02 00:00  bad\nSun 2024-03-03 00:00  bad\n" {
		t.Errorf("got %d, %q", code, out)
	}
}

func TestRunOnce(t *testing.T) {
	path := file(t, jobs)
	if code, out, _ := call(t, "run", path, "--once", "hello"); code != exitFine || out != "hi\n" {
		t.Errorf("got %d, %q", code, out)
	}
	if code, _, err := call(t, "run", path, "--once", "bad"); code != exitFailed || !strings.Contains(err, "exit code 4") {
		t.Errorf("got %d, %q", code, err)
	}
	if code, _, err := call(t, "run", path, "--once", "x"); code != exitFailed || !strings.Contains(err, "no job") {
		t.Errorf("got %d, %q", code, err)
	}
}

func TestServeEndsWhenItIsStopped(t *testing.T) {
	if code, _, err := call(t, "serve", file(t, jobs)); code != exitFine || err != "" {
		t.Errorf("got %d, %q", code, err)
	}
}

func TestReport(t *testing.T) {
	journal := `{"job":"a","due":"2024-02-29T10:00:00Z","started":"2024-02-29T10:00:00Z","ended":"2024-02-29T10:00:02Z","status":"succeeded","attempts":1}` + "\n"
	code, out, _ := call(t, "report", file(t, journal), "--days", "7")
	if code != exitFine || !strings.Contains(out, "a       1  100 %") {
		t.Errorf("got %d, %q", code, out)
	}
}

func TestMistakes(t *testing.T) {
	if code, _, err := call(t, "check", file(t, "[job x]\n")); code != exitFailed || !strings.Contains(err, "line 1") {
		t.Errorf("got %d, %q", code, err)
	}
	for _, args := range [][]string{nil, {"check"}, {"dance", "x"}, {"next", "x", "--count", "many"}, {"next", "x", "y"}} {
		if code, _, err := call(t, args...); code != exitWrongUse || !strings.HasPrefix(err, "usage:") {
			t.Errorf("%v: got %d, %q", args, code, err)
		}
	}
	if code, _, _ := call(t, "report", "does-not-exist"); code != exitFailed {
		t.Errorf("got %d", code)
	}
}
