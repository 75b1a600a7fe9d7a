package main

import (
	"bytes"
	"strings"
	"testing"
)

func runIn(dir string, args ...string) (int, string, string) {
	var stdout, stderr bytes.Buffer
	code := run(append([]string{"-dir", dir}, args...), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestCommands(t *testing.T) {
	dir := t.TempDir()
	steps := []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"put", "user/1", "Ann"}, exitFine, ""},
		{[]string{"put", "user/2", "Bob"}, exitFine, ""},
		{[]string{"get", "user/1"}, exitFine, "Ann\n"},
		{[]string{"scan", "user/"}, exitFine, "\"user/1\"\t\"Ann\"\n\"user/2\"\t\"Bob\"\n"},
		{[]string{"delete", "user/1"}, exitFine, ""},
		{[]string{"get", "user/1"}, exitFailed, ""},
		{[]string{"compact"}, exitFine, ""},
		{[]string{"check"}, exitFine, ""},
		{[]string{"scan"}, exitFine, "\"user/2\"\t\"Bob\"\n"},
	}
	for _, step := range steps {
		code, out, _ := runIn(dir, step.args...)
		if code != step.code || out != step.out {
			t.Errorf("%v: got %d, %q", step.args, code, out)
		}
	}
	if _, out, _ := runIn(dir, "stats"); !strings.HasPrefix(out, "tables 1\nrecords 1\n") {
		t.Errorf("stats: got %q", out)
	}
}

func TestATimeToLive(t *testing.T) {
	dir := t.TempDir()
	if code, _, _ := runIn(dir, "-ttl", "1h", "put", "a", "1"); code != exitFine {
		t.Errorf("put: got %d", code)
	}
	if _, out, _ := runIn(dir, "get", "a"); out != "1\n" {
		t.Errorf("get: got %q", out)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{nil, {"dance"}, {"get"}, {"put", "a"}, {"-unknown"}, {"check", "x"}} {
		code, _, stderr := runIn(t.TempDir(), args...)
		if code != exitWrongUse || !strings.HasPrefix(stderr, "usage: shelf") {
			t.Errorf("%v: got %d, %q", args, code, stderr)
		}
	}
}
