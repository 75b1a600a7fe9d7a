// Package parse makes blocks of the lines of a Markdown file.
package parse

// Kind says what a block is.
type Kind int

// The kinds of blocks.
const (
	Paragraph Kind = iota
	Heading
	Fence
	Indented
	List
	Item
	Quote
	Table
	Rule
	Comment
	Definition
)

// Alignment says how the cells of a column are set.
type Alignment int

// The alignments of a column.
const (
	AlignNone Alignment = iota
	AlignLeft
	AlignCenter
	AlignRight
)

// Block is a part of a file. Which fields are used depends on its kind.
type Block struct {
	Kind Kind
	// Line is where the block begins, from 1; End is its last line.
	Line int
	End  int

	// Lines are the lines of a paragraph, of code, of a comment or a definition, without the block's own indentation.
	Lines []string
	// Level is that of a heading, from 1.
	Level int
	// Info is what follows the backticks of a fence.
	Info string
	// Children are the blocks in a quote or an item, and the items of a list.
	Children []*Block

	// Ordered, Start, Numbers and Tight are for lists. Numbers are as they were written.
	Ordered bool
	Start   int
	Numbers []int
	Tight   bool
	// Task is the mark of an item's box: "x", " " or "" for none.
	Task string

	// Head, Rows and Alignments are for tables.
	Head       []string
	Rows       [][]string
	Alignments []Alignment
}

// Text is the lines of a block as one line.
func (b *Block) Text() string {
	text := ""
	for at, line := range b.Lines {
		if at > 0 {
			text += " "
		}
		text += line
	}
	return text
}

// Walk calls visit for blocks and for all that is in them, parents first.
func Walk(blocks []*Block, visit func(block *Block)) {
	for _, block := range blocks {
		visit(block)
		Walk(block.Children, visit)
	}
}
