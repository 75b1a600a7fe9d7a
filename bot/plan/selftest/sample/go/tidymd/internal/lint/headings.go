package lint

import (
	"fmt"
	"strings"

	"example.org/tidymd/internal/parse"
	"example.org/tidymd/internal/toc"
)

func headings(file *File) []*parse.Block {
	var found []*parse.Block
	for _, block := range file.Blocks {
		if block.Kind == parse.Heading {
			found = append(found, block)
		}
	}
	return found
}

func headingLevel(file *File) []Report {
	var reports []Report
	before := 0
	for _, heading := range headings(file) {
		// A file may begin with any level: it may be part of another one.
		if before > 0 && heading.Level > before+1 {
			message := fmt.Sprintf("level %d comes after level %d", heading.Level, before)
			reports = append(reports, Report{Line: heading.Line, Message: message})
		}
		before = heading.Level
	}
	return reports
}

func oneTitle(file *File) []Report {
	var reports []Report
	first := 0
	for _, heading := range headings(file) {
		if heading.Level != 1 {
			continue
		}
		if first > 0 {
			message := fmt.Sprintf("the file has a title already, in line %d", first)
			reports = append(reports, Report{Line: heading.Line, Message: message})
			continue
		}
		first = heading.Line
	}
	return reports
}

func duplicateHeading(file *File) []Report {
	var reports []Report
	seen := map[string]int{}
	// The titles above a heading, by level; empty for a level that is left out.
	var path [6]string
	for _, heading := range headings(file) {
		title := toc.Plain(heading.Text())
		path[heading.Level-1] = title
		clear(path[heading.Level:])
		key := strings.Join(path[:heading.Level], "\n")
		if line, known := seen[key]; known {
			message := fmt.Sprintf("%q is in line %d already", title, line)
			reports = append(reports, Report{Line: heading.Line, Message: message})
			continue
		}
		seen[key] = heading.Line
	}
	return reports
}

func emptySection(file *File) []Report {
	var reports []Report
	for at, block := range file.Blocks {
		if block.Kind != parse.Heading {
			continue
		}
		last := at+1 == len(file.Blocks)
		if last || (file.Blocks[at+1].Kind == parse.Heading && file.Blocks[at+1].Level <= block.Level) {
			message := fmt.Sprintf("there is nothing under %q", toc.Plain(block.Text()))
			reports = append(reports, Report{Line: block.Line, Message: message})
		}
	}
	return reports
}

func trailingPunctuation(file *File) []Report {
	var reports []Report
	for _, heading := range headings(file) {
		title := heading.Text()
		if title != "" && strings.ContainsAny(title[len(title)-1:], ".,:;") {
			message := fmt.Sprintf("the heading ends with %q", title[len(title)-1:])
			reports = append(reports, Report{Line: heading.Line, Message: message})
		}
	}
	return reports
}
