package parse

import (
	"regexp"
	"strconv"
	"strings"

	"example.org/tidymd/internal/text"
)

var (
	headingLine    = regexp.MustCompile(`^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	underline      = regexp.MustCompile(`^ {0,3}(=+|-+)[ \t]*$`)
	fenceLine      = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})[ \t]*([^`]*)$")
	ruleLine       = regexp.MustCompile(`^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$`)
	bullet         = regexp.MustCompile(`^( {0,3})([-*+])([ \t]+|$)`)
	number         = regexp.MustCompile(`^( {0,3})(\d{1,9})([.)])([ \t]+|$)`)
	quoteMark      = regexp.MustCompile(`^ {0,3}> ?`)
	delimiterCell  = regexp.MustCompile(`^:?-+:?$`)
	definitionLine = regexp.MustCompile(`^ {0,3}\[[^\]]+\]:[ \t]*\S+`)
	taskMark       = regexp.MustCompile(`^\[([ xX])\][ \t]+`)
)

// maxDepth is how deep quotes and lists may be in each other; what is deeper is a paragraph.
const maxDepth = 32

// Parse makes blocks of a file.
func Parse(content string) []*Block {
	return parseLines(text.Lines(content), 1, 0)
}

// parser goes through lines from the top to the bottom.
type parser struct {
	lines  []string
	first  int
	depth  int
	at     int
	blocks []*Block
}

func parseLines(lines []string, first, depth int) []*Block {
	p := &parser{lines: lines, first: first, depth: depth}
	for p.at < len(p.lines) {
		if text.Blank(p.lines[p.at]) {
			p.at++
			continue
		}
		p.block()
	}
	return p.blocks
}

func (p *parser) block() {
	line := p.lines[p.at]
	switch {
	case text.Indent(line) >= 4:
		p.indented()
	case fenceLine.MatchString(line):
		p.fence()
	case headingLine.MatchString(line):
		p.heading()
	case ruleLine.MatchString(line):
		p.add(&Block{Kind: Rule}, 1)
	case strings.HasPrefix(strings.TrimLeft(line, " "), "<!--"):
		p.comment()
	case quoteMark.MatchString(line) && p.depth < maxDepth:
		p.quote()
	case (bullet.MatchString(line) || number.MatchString(line)) && p.depth < maxDepth:
		p.list()
	case definitionLine.MatchString(line):
		p.add(&Block{Kind: Definition, Lines: []string{strings.TrimSpace(line)}}, 1)
	case p.isTable():
		p.table()
	default:
		p.paragraph()
	}
}

// add adds a block of so many lines and goes on behind it.
func (p *parser) add(block *Block, count int) {
	block.Line = p.first + p.at
	block.End = block.Line + count - 1
	p.blocks = append(p.blocks, block)
	p.at += count
}

func (p *parser) heading() {
	found := headingLine.FindStringSubmatch(p.lines[p.at])
	p.add(&Block{Kind: Heading, Level: len(found[1]), Lines: []string{strings.TrimSpace(found[2])}}, 1)
}

func (p *parser) indented() {
	count := 0
	for end := p.at; end < len(p.lines); end++ {
		if text.Blank(p.lines[end]) {
			continue
		}
		if text.Indent(p.lines[end]) < 4 {
			break
		}
		count = end - p.at + 1
	}
	block := &Block{Kind: Indented}
	for _, line := range p.lines[p.at : p.at+count] {
		block.Lines = append(block.Lines, text.Outdent(line, 4))
	}
	p.add(block, count)
}

// fence takes everything up to the closing fence, or up to the end.
func (p *parser) fence() {
	open := p.lines[p.at]
	found := fenceLine.FindStringSubmatch(open)
	block := &Block{Kind: Fence, Info: strings.TrimSpace(found[2])}
	indent := text.Indent(open)
	count := 1
	for _, line := range p.lines[p.at+1:] {
		count++
		if closes(line, found[1]) {
			p.add(block, count)
			return
		}
		block.Lines = append(block.Lines, text.Outdent(line, indent))
	}
	p.add(block, count)
}

func closes(line, fence string) bool {
	trimmed := strings.TrimSpace(line)
	return text.Indent(line) < 4 && len(trimmed) >= len(fence) && strings.Trim(trimmed, fence[:1]) == ""
}

func (p *parser) comment() {
	block := &Block{Kind: Comment}
	for at, line := range p.lines[p.at:] {
		block.Lines = append(block.Lines, line)
		if strings.Contains(line, "-->") {
			p.add(block, at+1)
			return
		}
	}
	p.add(block, len(block.Lines))
}

func (p *parser) quote() {
	var inner []string
	count := 0
	for _, line := range p.lines[p.at:] {
		mark := quoteMark.FindString(line)
		// A line of a paragraph may lack the mark.
		if mark == "" && (text.Blank(line) || p.starts(line)) {
			break
		}
		inner = append(inner, line[len(mark):])
		count++
	}
	block := &Block{Kind: Quote}
	block.Children = parseLines(inner, p.first+p.at, p.depth+1)
	p.add(block, count)
}

// starts tells whether a line begins another block than a paragraph.
func (p *parser) starts(line string) bool {
	return headingLine.MatchString(line) || fenceLine.MatchString(line) || ruleLine.MatchString(line) ||
		bullet.MatchString(line) || number.MatchString(line) || quoteMark.MatchString(line)
}

func (p *parser) paragraph() {
	block := &Block{Kind: Paragraph}
	for count, line := range p.lines[p.at:] {
		if count > 0 {
			if found := underline.FindStringSubmatch(line); found != nil {
				block.Kind, block.Level = Heading, 1
				if found[1][0] == '-' {
					block.Level = 2
				}
				p.add(block, count+1)
				return
			}
			if text.Blank(line) || p.interrupts(line) {
				break
			}
		}
		block.Lines = append(block.Lines, trimParagraphLine(line))
	}
	p.add(block, len(block.Lines))
}

// interrupts tells whether a line ends a paragraph. A numbered item does so only when it begins with 1, because a sentence may
// end with a year.
func (p *parser) interrupts(line string) bool {
	if found := number.FindStringSubmatch(line); found != nil && found[2] != "1" {
		return false
	}
	return p.starts(line) || strings.HasPrefix(strings.TrimLeft(line, " "), "<!--")
}

// trimParagraphLine keeps two spaces at the end, which are a line break.
func trimParagraphLine(line string) string {
	trimmed := strings.TrimSpace(line)
	if strings.HasSuffix(line, "  ") {
		return trimmed + "  "
	}
	return trimmed
}

// marker is what an item begins with.
type marker struct {
	sign    string
	number  int
	content int
}

// itemMarker reads the marker of a line; content is the column at which the item's text begins.
func itemMarker(line string) (marker, bool) {
	if found := bullet.FindStringSubmatch(line); found != nil {
		return marker{sign: found[2], content: contentColumn(len(found[1])+1, found[3])}, true
	}
	if found := number.FindStringSubmatch(line); found != nil {
		n, _ := strconv.Atoi(found[2])
		return marker{sign: found[3], number: n, content: contentColumn(len(found[1])+len(found[2])+1, found[4])}, true
	}
	return marker{}, false
}

// contentColumn: more than four spaces after a marker are code in the item.
func contentColumn(width int, space string) int {
	if len(space) < 1 || len(space) > 4 {
		return width + 1
	}
	return width + len(space)
}

func (p *parser) list() {
	first, _ := itemMarker(p.lines[p.at])
	list := &Block{Kind: List, Ordered: first.sign == "." || first.sign == ")", Start: first.number, Tight: true}
	start := p.at
	end := p.at
	for end < len(p.lines) {
		found, ok := itemMarker(p.lines[end])
		if !ok || found.sign != first.sign || ruleLine.MatchString(p.lines[end]) {
			break
		}
		lines, next, blankInside := p.item(end, found.content)
		item := &Block{Kind: Item, Line: p.first + end, End: p.first + end + len(lines) - 1}
		if mark := taskMark.FindStringSubmatch(lines[0]); mark != nil {
			item.Task = strings.ToLower(mark[1])
			lines[0] = lines[0][len(mark[0]):]
		}
		item.Children = parseLines(lines, p.first+end, p.depth+1)
		list.Children = append(list.Children, item)
		list.Numbers = append(list.Numbers, found.number)
		blankAfter := next > end+len(lines)
		if blankInside || (blankAfter && p.continues(next, first.sign)) {
			list.Tight = false
		}
		end = next
	}
	last := list.Children[len(list.Children)-1]
	p.add(list, last.End-(p.first+start)+1)
	p.at = max(p.at, end)
}

func (p *parser) continues(at int, sign string) bool {
	if at >= len(p.lines) {
		return false
	}
	found, ok := itemMarker(p.lines[at])
	return ok && found.sign == sign
}

// item takes the lines of one item, without its indentation; next is where the following block begins. blankInside tells whether
// blank lines are between the item's own blocks.
func (p *parser) item(start, content int) (lines []string, next int, blankInside bool) {
	lines = []string{text.Outdent(p.lines[start][min(content, len(p.lines[start])):], 0)}
	blanks := 0
	for next = start + 1; next < len(p.lines); next++ {
		line := p.lines[next]
		if text.Blank(line) {
			blanks++
			continue
		}
		inside := text.Indent(line) >= content
		// Without a blank line, a line that begins nothing goes on with the item's paragraph.
		if !inside && (blanks > 0 || p.starts(line)) {
			break
		}
		for ; blanks > 0; blanks-- {
			lines = append(lines, "")
			blankInside = true
		}
		lines = append(lines, text.Outdent(line, content))
	}
	return lines, next, blankInside
}

func (p *parser) isTable() bool {
	if p.at+1 >= len(p.lines) || !strings.Contains(p.lines[p.at], "|") {
		return false
	}
	cells := Cells(p.lines[p.at+1])
	if len(cells) == 0 || len(cells) != len(Cells(p.lines[p.at])) {
		return false
	}
	for _, cell := range cells {
		if !delimiterCell.MatchString(cell) {
			return false
		}
	}
	return true
}

func (p *parser) table() {
	block := &Block{Kind: Table, Head: Cells(p.lines[p.at])}
	for _, cell := range Cells(p.lines[p.at+1]) {
		block.Alignments = append(block.Alignments, alignment(cell))
	}
	count := 2
	for _, line := range p.lines[p.at+2:] {
		if text.Blank(line) || !strings.Contains(line, "|") {
			break
		}
		block.Rows = append(block.Rows, Cells(line))
		count++
	}
	p.add(block, count)
}

func alignment(cell string) Alignment {
	left, right := strings.HasPrefix(cell, ":"), strings.HasSuffix(cell, ":")
	switch {
	case left && right:
		return AlignCenter
	case left:
		return AlignLeft
	case right:
		return AlignRight
	default:
		return AlignNone
	}
}

// Cells splits a row of a table. A bar after a backslash, or in code, is part of a cell.
func Cells(line string) []string {
	line = strings.TrimSpace(line)
	line = strings.TrimPrefix(line, "|")
	var cells []string
	var cell strings.Builder
	inCode := false
	for at := 0; at < len(line); at++ {
		switch sign := line[at]; {
		case sign == '\\' && at+1 < len(line) && line[at+1] == '|':
			cell.WriteString(`\|`)
			at++
		case sign == '`':
			inCode = !inCode
			cell.WriteByte(sign)
		case sign == '|' && !(inCode && strings.Contains(line[at:], "`")):
			cells = append(cells, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(sign)
		}
	}
	if rest := strings.TrimSpace(cell.String()); rest != "" {
		cells = append(cells, rest)
	}
	return cells
}
