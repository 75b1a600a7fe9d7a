// Package text has lines of text and their widths.
package text

import (
	"strings"
	"unicode"
)

// Lines splits a text at its line ends; the ends are not kept. A line end at the end of the text does not begin another line.
func Lines(content string) []string {
	content = strings.ReplaceAll(content, "\r\n", "\n")
	content = strings.TrimSuffix(content, "\n")
	if content == "" {
		return nil
	}
	return strings.Split(content, "\n")
}

// Indent is how far a line is indented, in columns. A tab goes to the next multiple of four.
func Indent(line string) int {
	width := 0
	for _, sign := range line {
		switch sign {
		case ' ':
			width++
		case '\t':
			width += 4 - width%4
		default:
			return width
		}
	}
	return width
}

// Outdent takes up to so many columns of indentation away.
func Outdent(line string, columns int) string {
	width := 0
	for at, sign := range line {
		if width >= columns {
			return strings.Repeat(" ", width-columns) + line[at:]
		}
		switch sign {
		case ' ':
			width++
		case '\t':
			width += 4 - width%4
		default:
			return line[at:]
		}
	}
	return strings.Repeat(" ", max(width-columns, 0))
}

// Blank tells whether a line shows nothing.
func Blank(line string) bool {
	return strings.TrimSpace(line) == ""
}

// Width is how many columns a text takes in a terminal: wide characters take two, combining marks none.
func Width(content string) int {
	width := 0
	for _, sign := range content {
		switch {
		case unicode.Is(unicode.Mn, sign) || unicode.Is(unicode.Cf, sign):
		case wide(sign):
			width += 2
		default:
			width++
		}
	}
	return width
}

// wide has the large blocks of characters that take two columns.
func wide(sign rune) bool {
	return sign >= 0x1100 && (sign <= 0x115f ||
		sign >= 0x2e80 && sign <= 0xa4cf ||
		sign >= 0xac00 && sign <= 0xd7a3 ||
		sign >= 0xf900 && sign <= 0xfaff ||
		sign >= 0xff00 && sign <= 0xff60 ||
		sign >= 0x1f300 && sign <= 0x1faff)
}

// Pad adds spaces up to a width.
func Pad(content string, width int) string {
	return content + strings.Repeat(" ", max(width-Width(content), 0))
}

// Center puts a text in the middle of a width; of an odd number of spaces one more comes after it.
func Center(content string, width int) string {
	space := max(width-Width(content), 0)
	return strings.Repeat(" ", space/2) + content + strings.Repeat(" ", space-space/2)
}
