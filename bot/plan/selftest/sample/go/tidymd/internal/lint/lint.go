// Package lint reports what is wrong with a Markdown file.
package lint

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	"example.org/tidymd/internal/parse"
	"example.org/tidymd/internal/text"
)

// Report is one thing that is wrong. Line counts from 1.
type Report struct {
	Line    int
	Rule    string
	Message string
}

// Settings are what the rules depend on.
type Settings struct {
	Disabled   map[string]bool
	LineLength int
	// Exists tells whether a file is there, by its path relative to the checked one; nil for not checking that.
	Exists func(path string) bool
}

// File is a parsed file, as the rules see it.
type File struct {
	Lines  []string
	Blocks []*parse.Block
	// Code tells which lines are code, by index.
	Code     []bool
	Settings Settings
}

type rule struct {
	name  string
	about string
	check func(file *File) []Report
}

// rules are in the order in which they are listed.
var rules = []rule{
	{"heading-level", "a heading more than one level below the one before", headingLevel},
	{"one-title", "a second heading of level 1", oneTitle},
	{"duplicate-heading", "two headings with one text under the same parent", duplicateHeading},
	{"empty-section", "a heading without anything under it", emptySection},
	{"trailing-punctuation", "a heading that ends with punctuation", trailingPunctuation},
	{"broken-anchor", "a link to a heading that does not exist", brokenAnchor},
	{"broken-link", "a link to a file that does not exist", brokenLink},
	{"bare-url", "an address that is not a link", bareURL},
	{"code-language", "a fence without a language", codeLanguage},
	{"long-line", "a line that is longer than allowed", longLine},
	{"table-columns", "a row with too few or too many cells", tableColumns},
	{"list-numbers", "a numbered list that is not in order", listNumbers},
}

var directive = regexp.MustCompile(`^<!-- tidymd: (on|off)((?: [a-z-]+)*) -->$`)

// Names lists all rules with what they report.
func Names() [][2]string {
	var names [][2]string
	for _, one := range rules {
		names = append(names, [2]string{one.name, one.about})
	}
	return names
}

// Known tells whether a rule exists.
func Known(name string) bool {
	for _, one := range rules {
		if one.name == name {
			return true
		}
	}
	return false
}

// Check runs all rules on a file; the reports are in order of their lines.
func Check(content string, settings Settings) []Report {
	file := &File{Lines: text.Lines(content), Blocks: parse.Parse(content), Settings: settings}
	file.Code = codeLines(file)
	off, reports := switchedOff(file)
	for _, one := range rules {
		if settings.Disabled[one.name] {
			continue
		}
		for _, report := range one.check(file) {
			if off[one.name][report.Line] {
				continue
			}
			report.Rule = one.name
			reports = append(reports, report)
		}
	}
	sort.SliceStable(reports, func(i, j int) bool { return reports[i].Line < reports[j].Line })
	return reports
}

func codeLines(file *File) []bool {
	code := make([]bool, len(file.Lines))
	parse.Walk(file.Blocks, func(block *parse.Block) {
		if block.Kind != parse.Fence && block.Kind != parse.Indented {
			return
		}
		for line := block.Line; line <= block.End && line <= len(code); line++ {
			code[line-1] = true
		}
	})
	return code
}

// switchedOff tells, by rule and line, where comments switch rules off. It reports comments that name unknown rules.
func switchedOff(file *File) (map[string]map[int]bool, []Report) {
	off := map[string]map[int]bool{}
	now := map[string]bool{}
	var reports []Report
	for at, line := range file.Lines {
		found := directive.FindStringSubmatch(strings.TrimSpace(line))
		if found != nil && !file.Code[at] {
			names := strings.Fields(found[2])
			if len(names) == 0 {
				for _, one := range rules {
					names = append(names, one.name)
				}
			}
			for _, name := range names {
				if !Known(name) {
					reports = append(reports, Report{at + 1, "directive", fmt.Sprintf("there is no rule %s", name)})
				}
				now[name] = found[1] == "off"
			}
		}
		for name, isOff := range now {
			if isOff {
				if off[name] == nil {
					off[name] = map[int]bool{}
				}
				off[name][at+1] = true
			}
		}
	}
	return off, reports
}
