package text

import (
	"reflect"
	"testing"
)

func TestLines(t *testing.T) {
	cases := map[string][]string{
		"":           nil,
		"\n":         nil,
		"a":          {"a"},
		"a\nb\n":     {"a", "b"},
		"a\r\nb\n\n": {"a", "b", ""},
	}
	for content, want := range cases {
		if got := Lines(content); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q", content, got)
		}
	}
}

func TestIndentation(t *testing.T) {
	cases := []struct {
		line    string
		indent  int
		columns int
		want    string
	}{
		{"a", 0, 2, "a"},
		{"  a", 2, 1, " a"},
		{"\ta", 4, 2, "  a"},
		{"  \ta", 4, 4, "a"},
		{"      a", 6, 4, "  a"},
		{"   ", 3, 1, "  "},
	}
	for _, c := range cases {
		if got := Indent(c.line); got != c.indent {
			t.Errorf("%q is indented by %d", c.line, got)
		}
		if got := Outdent(c.line, c.columns); got != c.want {
			t.Errorf("%q without %d columns: got %q", c.line, c.columns, got)
		}
	}
}

func TestWidths(t *testing.T) {
	for content, want := range map[string]int{"": 0, "abc": 3, "añb": 3, "a\u0301": 1, "日本": 4, "한": 2, "🙂": 2} {
		if got := Width(content); got != want {
			t.Errorf("%q: got %d", content, got)
		}
	}
	if got := Pad("日", 4); got != "日  " {
		t.Errorf("got %q", got)
	}
	if got := Center("a", 4); got != " a  " {
		t.Errorf("got %q", got)
	}
}
