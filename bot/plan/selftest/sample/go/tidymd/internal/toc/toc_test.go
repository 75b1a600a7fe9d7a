package toc

import (
	"testing"

	"example.org/tidymd/internal/parse"
)

const content = "# Title\n\n## Set up `it`\n\n### On [Linux](x)\n\n## Use\n\n## Use\n\n> ## quoted\n"

func TestAnchors(t *testing.T) {
	cases := map[string]string{
		"Set up it":    "set-up-it",
		"What's new?":  "whats-new",
		"Über uns":     "über-uns",
		"a - b":        "a---b",
		"snake_case 2": "snake_case-2",
	}
	for title, want := range cases {
		if got := Anchor(title); got != want {
			t.Errorf("%s: got %s", title, got)
		}
	}
}

func TestPlain(t *testing.T) {
	if got := Plain("![x](y) **Use** [this](z) `now`"); got != "x Use this now" {
		t.Errorf("got %q", got)
	}
}

func TestTable(t *testing.T) {
	entries := Entries(parse.Parse(content))
	want := "- [Set up it](#set-up-it)\n  - [On Linux](#on-linux)\n- [Use](#use)\n- [Use](#use-1)\n"
	if got := Table(entries, 2, 3); got != want {
		t.Errorf("got %q", got)
	}
	if entries[1].Line != 3 {
		t.Errorf("line %d", entries[1].Line)
	}
}

func TestInsert(t *testing.T) {
	before := "a\n" + Begin + "\nold\n" + End + "\nb\n"
	got, ok := Insert(before, "- new\n")
	if want := "a\n" + Begin + "\n\n- new\n\n" + End + "\nb\n"; !ok || got != want {
		t.Errorf("got %q", got)
	}
	for _, without := range []string{"a\n", Begin + "\n", End + "\n" + Begin + "\n"} {
		if _, ok := Insert(without, "x"); ok {
			t.Errorf("%q: something was inserted", without)
		}
	}
}
