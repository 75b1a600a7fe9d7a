package parse

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// outline writes blocks in short form.
func outline(blocks []*Block) string {
	var parts []string
	for _, block := range blocks {
		names := []string{"p", "h", "fence", "code", "list", "item", "quote", "table", "rule", "comment", "def"}
		part := names[block.Kind]
		switch block.Kind {
		case Heading:
			part += fmt.Sprint(block.Level, ":", block.Text())
		case Paragraph, Fence, Indented:
			part += ":" + strings.Join(block.Lines, "/")
		}
		if len(block.Children) > 0 {
			part += "(" + outline(block.Children) + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

func TestBlocks(t *testing.T) {
	cases := map[string]string{
		"# One\ntext\n":                    "h1:One p:text",
		"## Two ##\n":                      "h2:Two",
		"#hash\n":                          "p:#hash",
		"One\n===\n\nTwo\n---\n":           "h1:One h2:Two",
		"a\nb\n\nc\n":                      "p:a/b p:c",
		"a  \nb\n":                         "p:a  /b",
		"***\n- - -\n":                     "rule rule",
		"```go\n# x\n```\n":                "fence:# x",
		"~~~\na\n```\n~~~\n":               "fence:a/```",
		"```\nopen\n":                      "fence:open",
		"    code\n\n    more\n\ntext\n":   "code:code//more p:text",
		"> a\n> b\nc\n\nd\n":               "quote(p:a/b/c) p:d",
		"> # x\n> - y\n":                   "quote(h1:x list(item(p:y)))",
		"- a\n- b\n":                       "list(item(p:a) item(p:b))",
		"- a\n* b\n":                       "list(item(p:a)) list(item(p:b))",
		"- a\n\n  b\n- c\n":                "list(item(p:a p:b) item(p:c))",
		"- a\n  - b\n    - c\n":            "list(item(p:a list(item(p:b list(item(p:c))))))",
		"1. a\n2. b\n\ntext\n":             "list(item(p:a) item(p:b)) p:text",
		"in\n2024. Then\n":                 "p:in/2024. Then",
		"in\n1. Then\n":                    "p:in list(item(p:Then))",
		"- a\nlazy\n":                      "list(item(p:a/lazy))",
		"- ```\n  x\n  ```\n":              "list(item(fence:x))",
		"<!-- a\nb -->\ntext\n":            "comment p:text",
		"[a]: https://example.org\ntext\n": "def p:text",
		"a | b\n--|--\n1 | 2\n\ntext\n":    "table p:text",
		"a | b\n--|--|--\n":                "p:a | b/--|--|--",
	}
	for content, want := range cases {
		if got := outline(Parse(content)); got != want {
			t.Errorf("%q: got %s, want %s", content, got, want)
		}
	}
}

func TestLinesOfBlocks(t *testing.T) {
	blocks := Parse("# a\n\n- b\n\n  c\n- d\n\n> e\n> f\n")
	var got []string
	Walk(blocks, func(block *Block) { got = append(got, fmt.Sprintf("%d-%d", block.Line, block.End)) })
	want := []string{"1-1", "3-6", "3-5", "3-3", "5-5", "6-6", "6-6", "8-9", "8-9"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLists(t *testing.T) {
	list := Parse("3) [x] a\n4) [ ] b\n9) c\n")[0]
	if !list.Ordered || list.Start != 3 || !reflect.DeepEqual(list.Numbers, []int{3, 4, 9}) || !list.Tight {
		t.Errorf("got %+v", list)
	}
	if list.Children[0].Task != "x" || list.Children[1].Task != " " || list.Children[2].Task != "" {
		t.Error("the boxes are wrong")
	}
	for content, tight := range map[string]bool{"- a\n- b\n": true, "- a\n\n- b\n": false, "- a\n\n  b\n": false, "- a\n\ntext\n": true} {
		if got := Parse(content)[0].Tight; got != tight {
			t.Errorf("%q: tight is %v", content, got)
		}
	}
}

func TestTables(t *testing.T) {
	table := Parse("| a | `b|c` |\n|:--|:-:|\n| 1 \\| 2 | |\n| x |\n")[0]
	if !reflect.DeepEqual(table.Head, []string{"a", "`b|c`"}) {
		t.Errorf("got %q", table.Head)
	}
	if !reflect.DeepEqual(table.Alignments, []Alignment{AlignLeft, AlignCenter}) {
		t.Errorf("got %v", table.Alignments)
	}
	if !reflect.DeepEqual(table.Rows, [][]string{{`1 \| 2`, ""}, {"x"}}) {
		t.Errorf("got %q", table.Rows)
	}
}

func TestDeepNestingEnds(t *testing.T) {
	blocks := Parse(strings.Repeat("> ", 500) + "x\n")
	depth := 0
	Walk(blocks, func(*Block) { depth++ })
	if depth > maxDepth+2 {
		t.Errorf("%d blocks", depth)
	}
}
