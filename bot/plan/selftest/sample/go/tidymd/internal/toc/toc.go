// Package toc makes anchors of headings and tables of contents.
package toc

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"example.org/tidymd/internal/parse"
)

// Entry is a heading with the anchor that links to it.
type Entry struct {
	Level  int
	Title  string
	Anchor string
	Line   int
}

var (
	image    = regexp.MustCompile(`!\[([^\]]*)\]\([^)]*\)`)
	link     = regexp.MustCompile(`\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])`)
	emphasis = regexp.MustCompile("[*`]")
)

const (
	// Begin and End are the lines around a table of contents in a file.
	Begin = "<!-- toc -->"
	End   = "<!-- /toc -->"
)

// Entries lists the headings of a file at its top level, with their anchors. The same anchor a second time gets a number.
func Entries(blocks []*parse.Block) []Entry {
	var entries []Entry
	seen := map[string]int{}
	for _, block := range blocks {
		if block.Kind != parse.Heading {
			continue
		}
		title := Plain(block.Text())
		anchor := Anchor(title)
		count := seen[anchor]
		seen[anchor]++
		if count > 0 {
			anchor = fmt.Sprintf("%s-%d", anchor, count)
		}
		entries = append(entries, Entry{block.Level, title, anchor, block.Line})
	}
	return entries
}

// Plain is the text of a heading without its marks.
func Plain(title string) string {
	title = image.ReplaceAllString(title, "$1")
	title = link.ReplaceAllString(title, "$1")
	return strings.TrimSpace(emphasis.ReplaceAllString(title, ""))
}

// Anchor is what a title becomes in a link: lower case, letters and digits, hyphens for spaces.
func Anchor(title string) string {
	var anchor strings.Builder
	for _, sign := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(sign) || unicode.IsDigit(sign) || sign == '-' || sign == '_':
			anchor.WriteRune(sign)
		case sign == ' ':
			anchor.WriteByte('-')
		}
	}
	return anchor.String()
}

// Table is a nested list of links to the headings from one level to another.
func Table(entries []Entry, from, to int) string {
	var table strings.Builder
	for _, entry := range entries {
		if entry.Level < from || entry.Level > to {
			continue
		}
		indent := strings.Repeat("  ", entry.Level-from)
		fmt.Fprintf(&table, "%s- [%s](#%s)\n", indent, entry.Title, entry.Anchor)
	}
	return table.String()
}

// Insert puts a table between the lines Begin and End of a file; false where the file does not have them in this order.
func Insert(content, table string) (string, bool) {
	begin := strings.Index(content, Begin+"\n")
	if begin < 0 {
		return content, false
	}
	start := begin + len(Begin) + 1
	length := strings.Index(content[start:], End)
	if length < 0 {
		return content, false
	}
	return content[:start] + "\n" + table + "\n" + content[start+length:], true
}
