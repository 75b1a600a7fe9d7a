package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func call(dir string, args ...string) (int, string, string) {
	var stdout, stderr bytes.Buffer
	code := run(args, dir, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestCheck(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.md":            "# A\n\n[b](docs/b.md) [c](c.md)\n",
		"docs/b.md":       "# B\n\n### C\n\ntext\n",
		"docs/data.txt":   "# no\n",
		".hidden/x.md":    "# A\n\n# A\n",
		"vendor/lib/y.md": "# A\n\n# A\n",
		".tidymd":         "exclude = vendor/*\n",
	})
	code, out, _ := call(dir, "check", ".")
	want := "a.md:3: broken-link: c.md does not exist\ndocs/b.md:3: heading-level: level 3 comes after level 1\n"
	if code != exitFound || out != want {
		t.Errorf("got %d, %q", code, out)
	}
}

func TestSettings(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.md":    "# A\n\n" + strings.Repeat("x", 30) + "\n\n```\nx\n```\n",
		".tidymd": "# ours\ndisable = code-language\nline-length = 20\n",
	})
	if code, out, _ := call(dir, "check", "a.md"); code != exitFound || out != "a.md:3: long-line: 30 columns instead of 20\n" {
		t.Errorf("got %d, %q", code, out)
	}
	for _, wrong := range []string{"colour = red", "disable = spelling", "line-length = 3", "exclude = [", "disable"} {
		dir := folder(t, map[string]string{".tidymd": "\n" + wrong + "\n", "a.md": "# A\n"})
		if code, _, err := call(dir, "check", "."); code != exitWrongUse || !strings.Contains(err, ".tidymd:2: ") {
			t.Errorf("%s: got %d, %q", wrong, code, err)
		}
	}
}

func TestFormat(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": "* a\n", "b.md": "- b\n"})
	if code, out, _ := call(dir, "format", "."); code != exitFound || out != "a.md\n" {
		t.Errorf("got %d, %q", code, out)
	}
	if code, out, _ := call(dir, "format", "--write", "."); code != exitFine || out != "" {
		t.Errorf("got %d, %q", code, out)
	}
	if data, _ := os.ReadFile(filepath.Join(dir, "a.md")); string(data) != "- a\n" {
		t.Errorf("got %q", data)
	}
}

func TestFilesThatAreNotText(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": "\xff\xfe"})
	if code, out, _ := call(dir, "format", "--write", "a.md"); code != exitFound || !strings.Contains(out, "not UTF-8") {
		t.Errorf("got %d, %q", code, out)
	}
}

func TestTableOfContents(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": "# A\n\n<!-- toc -->\n<!-- /toc -->\n\n## B\n\n### C\n", "b.md": "# A\n"})
	if code, out, _ := call(dir, "toc", "--depth", "2", "a.md"); code != exitFine || out != "- [B](#b)\n" {
		t.Errorf("got %d, %q", code, out)
	}
	if code, _, _ := call(dir, "toc", "--write", "a.md"); code != exitFine {
		t.Errorf("got %d", code)
	}
	data, _ := os.ReadFile(filepath.Join(dir, "a.md"))
	if !strings.Contains(string(data), "<!-- toc -->\n\n- [B](#b)\n  - [C](#c)\n\n<!-- /toc -->") {
		t.Errorf("got %q", data)
	}
	if code, _, err := call(dir, "toc", "--write", "b.md"); code != exitWrongUse || !strings.Contains(err, "has no lines") {
		t.Errorf("got %d, %q", code, err)
	}
}

func TestRulesAndWrongUse(t *testing.T) {
	if _, out, _ := call(".", "rules"); strings.Count(out, "\n") != 12 {
		t.Errorf("got %q", out)
	}
	for _, args := range [][]string{nil, {"check"}, {"dance"}, {"format", "--quickly"}, {"toc", "a", "b"}, {"rules", "x"}} {
		if code, _, err := call(".", args...); code != exitWrongUse || !strings.HasPrefix(err, "usage:") {
			t.Errorf("%v: got %d, %q", args, code, err)
		}
	}
	if code, _, err := call(t.TempDir(), "check", "nothing.md"); code != exitWrongUse || err == "" {
		t.Errorf("got %d, %q", code, err)
	}
}
