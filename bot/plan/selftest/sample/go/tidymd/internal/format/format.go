// Package format writes blocks as Markdown again, in one style.
package format

import (
	"fmt"
	"strings"

	"example.org/tidymd/internal/parse"
	"example.org/tidymd/internal/text"
)

// minColumn is the least width of a column: what `---` takes.
const minColumn = 3

// Format gives a file the style of this package. What is shown does not change, and formatting twice changes nothing more.
func Format(content string) string {
	lines := blocks(parse.Parse(content), false)
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// blocks writes blocks one after another, with a blank line in between unless they are tight.
func blocks(all []*parse.Block, tight bool) []string {
	var lines []string
	for at, block := range all {
		if at > 0 && (!tight || !joins(all[at-1], block)) {
			lines = append(lines, "")
		}
		// Two lists one after another would become one, and code after a list part of it.
		if at > 0 && all[at-1].Kind == parse.List && (block.Kind == parse.List || block.Kind == parse.Indented) {
			lines = append(lines, "<!-- -->", "")
		}
		lines = append(lines, one(block)...)
	}
	return lines
}

// joins tells whether two blocks may be without a blank line between them.
func joins(before, after *parse.Block) bool {
	if before.Kind == parse.Definition && after.Kind == parse.Definition {
		return true
	}
	return before.Kind == parse.Paragraph && after.Kind == parse.List
}

func one(block *parse.Block) []string {
	switch block.Kind {
	case parse.Heading:
		return []string{strings.TrimSpace(strings.Repeat("#", block.Level) + " " + block.Text())}
	case parse.Fence:
		return fence(block)
	case parse.Indented:
		return prefixed(block.Lines, "    ")
	case parse.List:
		return list(block)
	case parse.Quote:
		return quote(block)
	case parse.Table:
		return table(block)
	case parse.Rule:
		return []string{"---"}
	default:
		return trimmed(block.Lines)
	}
}

// trimmed takes spaces at the ends of lines away, except for two that are a line break.
func trimmed(lines []string) []string {
	result := make([]string, len(lines))
	for at, line := range lines {
		bare := strings.TrimRight(line, " \t")
		if at < len(lines)-1 && strings.HasSuffix(line, "  ") {
			bare += "  "
		}
		result[at] = bare
	}
	return result
}

func prefixed(lines []string, prefix string) []string {
	result := make([]string, len(lines))
	for at, line := range lines {
		if line == "" {
			result[at] = strings.TrimRight(prefix, " ")
			continue
		}
		result[at] = prefix + line
	}
	return result
}

// fence has one backtick more than the longest run at the start of a line of the code.
func fence(block *parse.Block) []string {
	length := 3
	for _, line := range block.Lines {
		bare := strings.TrimLeft(line, " ")
		length = max(length, len(bare)-len(strings.TrimLeft(bare, "`"))+1)
	}
	marks := strings.Repeat("`", length)
	lines := []string{marks + block.Info}
	lines = append(lines, block.Lines...)
	return append(lines, marks)
}

func quote(block *parse.Block) []string {
	return prefixed(blocks(block.Children, false), "> ")
}

// list writes items with their markers. The numbers go up from the first one, unless all were the same.
func list(block *parse.Block) []string {
	same := len(block.Numbers) > 1 && block.Numbers[0] == block.Numbers[1]
	var lines []string
	for at, item := range block.Children {
		marker := "- "
		if block.Ordered {
			number := block.Start + at
			if same {
				number = block.Start
			}
			marker = fmt.Sprintf("%d. ", number)
		}
		if at > 0 && !block.Tight {
			lines = append(lines, "")
		}
		lines = append(lines, itemLines(item, marker, block.Tight)...)
	}
	return lines
}

func itemLines(item *parse.Block, marker string, tight bool) []string {
	content := blocks(item.Children, tight)
	if len(content) == 0 {
		content = []string{""}
	}
	if item.Task != "" {
		content[0] = fmt.Sprintf("[%s] %s", item.Task, content[0])
	}
	indent := strings.Repeat(" ", len(marker))
	lines := make([]string, len(content))
	for at, line := range content {
		switch {
		case at == 0:
			lines[at] = strings.TrimRight(marker+line, " ")
		case line == "":
			lines[at] = ""
		default:
			lines[at] = indent + line
		}
	}
	return lines
}

// table sets all cells of a column to one width. Rows that are too short get empty cells; cells that are too many stay.
func table(block *parse.Block) []string {
	columns := len(block.Head)
	for _, row := range block.Rows {
		columns = max(columns, len(row))
	}
	widths := make([]int, columns)
	for at := range widths {
		widths[at] = minColumn
	}
	for _, row := range append([][]string{block.Head}, block.Rows...) {
		for at, cell := range row {
			widths[at] = max(widths[at], text.Width(cell))
		}
	}
	lines := []string{row(block.Head, block.Alignments, widths[:len(block.Head)]), delimiters(block.Alignments, widths)}
	for _, cells := range block.Rows {
		lines = append(lines, row(cells, block.Alignments, widths[:max(len(block.Head), len(cells))]))
	}
	return lines
}

func row(cells []string, alignments []parse.Alignment, widths []int) string {
	var line strings.Builder
	line.WriteString("|")
	for at, width := range widths {
		cell := ""
		if at < len(cells) {
			cell = cells[at]
		}
		alignment := parse.AlignNone
		if at < len(alignments) {
			alignment = alignments[at]
		}
		line.WriteString(" " + aligned(cell, alignment, width) + " |")
	}
	return line.String()
}

func aligned(cell string, alignment parse.Alignment, width int) string {
	switch alignment {
	case parse.AlignRight:
		return strings.Repeat(" ", width-text.Width(cell)) + cell
	case parse.AlignCenter:
		return text.Center(cell, width)
	default:
		return text.Pad(cell, width)
	}
}

func delimiters(alignments []parse.Alignment, widths []int) string {
	var line strings.Builder
	line.WriteString("|")
	for at, alignment := range alignments {
		dashes := strings.Repeat("-", widths[at])
		switch alignment {
		case parse.AlignLeft:
			dashes = ":" + dashes[1:]
		case parse.AlignRight:
			dashes = dashes[1:] + ":"
		case parse.AlignCenter:
			dashes = ":" + dashes[2:] + ":"
		}
		line.WriteString(" " + dashes + " |")
	}
	return line.String()
}
