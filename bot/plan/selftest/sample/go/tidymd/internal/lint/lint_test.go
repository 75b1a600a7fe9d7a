package lint

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// found runs one rule only.
func found(content, name string, settings Settings) []string {
	settings.Disabled = map[string]bool{}
	for _, one := range rules {
		settings.Disabled[one.name] = one.name != name
	}
	var lines []string
	for _, report := range Check(content, settings) {
		lines = append(lines, fmt.Sprintf("%d %s", report.Line, report.Message))
	}
	return lines
}

func TestRules(t *testing.T) {
	cases := []struct {
		name    string
		content string
		want    []string
	}{
		{"heading-level", "## a\n\n#### b\n\n## c\n", []string{"3 level 4 comes after level 2"}},
		{"one-title", "# a\n\n# b\n\n## c\n", []string{"3 the file has a title already, in line 1"}},
		{"duplicate-heading", "## a\n\n### x\n\n## b\n\n### x\n\n## a\n", []string{`9 "a" is in line 1 already`}},
		{"empty-section", "# a\n\n## b\n\n## c\n\ntext\n\n## d\n", []string{`3 there is nothing under "b"`, `9 there is nothing under "d"`}},
		{"trailing-punctuation", "# Why?\n\n## So:\n", []string{`3 the heading ends with ":"`}},
		{"broken-anchor", "# One two\n\n[a](#one-two) [b](#three) `[c](#four)`\n", []string{"3 no heading has the anchor #three"}},
		{"bare-url", "See https://a.example/x. [b](https://b.example) <https://c.example> `https://d.example`\n", []string{"1 write <https://a.example/x>"}},
		{"code-language", "```\nx\n```\n\n- ```go\n  y\n  ```\n", []string{"1 the fence has no language; `text` is one"}},
		{"table-columns", "a | b\n--|--\n1 | 2\n3 |\n", []string{"4 1 cells instead of 2"}},
		{"list-numbers", "1. a\n2. b\n4. c\n", []string{"3 the number is 4 instead of 3"}},
		{"list-numbers", "1. a\n1. b\n1. c\n", nil},
		{"list-numbers", "> 5. a\n> 7. b\n", []string{"2 the number is 7 instead of 6"}},
	}
	for _, c := range cases {
		if got := found(c.content, c.name, Settings{}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q: got %q", c.name, c.content, got)
		}
	}
}

func TestLinksToFiles(t *testing.T) {
	exists := func(path string) bool { return path == "a b.md" }
	content := "[a](a%20b.md#x) [b](gone.md?x) [c](https://x.example) [d](/root) [e](#y) [f](mailto:x@y.example)\n\n[g]: lost.md\n"
	want := []string{"1 gone.md does not exist", "3 lost.md does not exist"}
	if got := found(content, "broken-link", Settings{Exists: exists}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	if got := found(content, "broken-link", Settings{}); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 30)
	content := long + "\n\n```text\n" + long + "\n```\n\nsee https://example.org/" + long + "\n\n| " + long + " |\n|---|\n"
	want := []string{"1 30 columns instead of 20"}
	if got := found(content, "long-line", Settings{LineLength: 20}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	if got := found(content, "long-line", Settings{}); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestRulesAreSwitchedOffByComments(t *testing.T) {
	content := "# a\n\n<!-- tidymd: off one-title -->\n\n# b\n\n<!-- tidymd: on one-title -->\n\n# c\n\ntext\n"
	var got []int
	for _, report := range Check(content, Settings{Disabled: map[string]bool{"empty-section": true}}) {
		got = append(got, report.Line)
	}
	if !reflect.DeepEqual(got, []int{9}) {
		t.Errorf("got %v", got)
	}
	if reports := Check("<!-- tidymd: off -->\n\n# a\n\n# a\n", Settings{}); len(reports) != 0 {
		t.Errorf("got %v", reports)
	}
}

func TestACommentWithAnUnknownRule(t *testing.T) {
	reports := Check("<!-- tidymd: off spelling -->\n", Settings{})
	if len(reports) != 1 || reports[0].Rule != "directive" {
		t.Errorf("got %v", reports)
	}
}

func TestEveryRuleIsListed(t *testing.T) {
	if len(Names()) != len(rules) || !Known("bare-url") || Known("spelling") {
		t.Error("the list is wrong")
	}
}
