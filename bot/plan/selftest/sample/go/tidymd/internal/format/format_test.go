package format

import (
	"testing"

	"example.org/tidymd/internal/text"
)

var cases = map[string]string{
	"":                                 "",
	"\n\n":                             "",
	"Title\n=====\ntext\n":             "# Title\n\ntext\n",
	"##  Two  ##\n":                    "## Two\n",
	"a   \n\n\n\nb":                    "a\n\nb\n",
	"a  \nb\n":                         "a  \nb\n",
	"* a\n* b\n":                       "- a\n- b\n",
	"* a\n\n* b\n":                     "- a\n\n- b\n",
	"3) a\n9) b\n":                     "3. a\n4. b\n",
	"1. a\n1. b\n":                     "1. a\n1. b\n",
	"-   a\n    - b\n":                 "- a\n  - b\n",
	"- [X] a\n- [ ] b\n":               "- [x] a\n- [ ] b\n",
	"- a\n\n  b\n":                     "- a\n\n  b\n",
	"- a\n\n+ b\n":                     "- a\n\n<!-- -->\n\n- b\n",
	"-\n- a\n":                         "-\n- a\n",
	"> a\n>\n> b\n":                    "> a\n>\n> b\n",
	"~~~ go\nx := 1  \n~~~\n":          "```go\nx := 1  \n```\n",
	"~~~\n```\n~~~\n":                  "````\n```\n````\n",
	"***\n":                            "---\n",
	"a|b\n-|-:\n1|22222\n":             "| a   |     b |\n| --- | ----: |\n| 1   | 22222 |\n",
	"|日本|b|\n|:-:|:-|\n|x|\n":          "| 日本 | b   |\n| :--: | :-- |\n|  x   |     |\n",
	"[a]: x\n[b]: y\n":                 "[a]: x\n\n[b]: y\n",
	"text\n<!-- a\n  b -->\nmore\n":    "text\n\n<!-- a\n  b -->\n\nmore\n",
	"    code\n\n\ttab\n":              "    code\n\n    tab\n",
	"1. a\n\n   ```sh\n   b\n   ```\n": "1. a\n\n   ```sh\n   b\n   ```\n",
}

func TestFormat(t *testing.T) {
	for content, want := range cases {
		if got := Format(content); got != want {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
	}
}

func TestFormattingTwiceChangesNothingMore(t *testing.T) {
	for content := range cases {
		once := Format(content)
		if twice := Format(once); twice != once {
			t.Errorf("%q: first %q, then %q", content, once, twice)
		}
	}
}

func TestColumnsAreEquallyWide(t *testing.T) {
	lines := text.Lines(Format("a | b\n--|--\n日本語 | x\ny | zzzz\n"))
	for _, line := range lines {
		if text.Width(line) != text.Width(lines[0]) {
			t.Errorf("%q is not as wide as %q", line, lines[0])
		}
	}
}
