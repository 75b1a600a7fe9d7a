package lint

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"example.org/tidymd/internal/parse"
	"example.org/tidymd/internal/text"
	"example.org/tidymd/internal/toc"
)

var (
	inlineLink = regexp.MustCompile(`\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+["'(][^)]*)?\)`)
	definition = regexp.MustCompile(`^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?`)
	address    = regexp.MustCompile(`https?://[^\s<>()\]"]+`)
	inlineCode = regexp.MustCompile("`+[^`]*`+")
	scheme     = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)
)

// place is a link with its line.
type place struct {
	line   int
	target string
}

// links are all links of a file that are not in code.
func links(file *File) []place {
	var found []place
	for at, line := range file.Lines {
		if file.Code[at] {
			continue
		}
		readable := inlineCode.ReplaceAllString(line, "")
		for _, match := range inlineLink.FindAllStringSubmatch(readable, -1) {
			found = append(found, place{at + 1, match[1]})
		}
		if match := definition.FindStringSubmatch(readable); match != nil {
			found = append(found, place{at + 1, match[1]})
		}
	}
	return found
}

func brokenAnchor(file *File) []Report {
	known := map[string]bool{"": true, "top": true}
	for _, entry := range toc.Entries(file.Blocks) {
		known[entry.Anchor] = true
	}
	var reports []Report
	for _, link := range links(file) {
		anchor, isAnchor := strings.CutPrefix(link.target, "#")
		if !isAnchor {
			continue
		}
		if decoded, err := url.PathUnescape(anchor); err == nil {
			anchor = decoded
		}
		if !known[anchor] {
			reports = append(reports, Report{Line: link.line, Message: fmt.Sprintf("no heading has the anchor #%s", anchor)})
		}
	}
	return reports
}

func brokenLink(file *File) []Report {
	if file.Settings.Exists == nil {
		return nil
	}
	var reports []Report
	for _, link := range links(file) {
		path, _, _ := strings.Cut(link.target, "#")
		path, _, _ = strings.Cut(path, "?")
		// Addresses, and paths from the root of a site, say nothing about files.
		if path == "" || scheme.MatchString(path) || strings.HasPrefix(path, "/") {
			continue
		}
		if decoded, err := url.PathUnescape(path); err == nil {
			path = decoded
		}
		if !file.Settings.Exists(path) {
			reports = append(reports, Report{Line: link.line, Message: fmt.Sprintf("%s does not exist", path)})
		}
	}
	return reports
}

func bareURL(file *File) []Report {
	var reports []Report
	for at, line := range file.Lines {
		if file.Code[at] || definition.MatchString(line) {
			continue
		}
		readable := inlineCode.ReplaceAllString(line, "")
		readable = inlineLink.ReplaceAllString(readable, "")
		for _, span := range address.FindAllStringIndex(readable, -1) {
			if span[0] > 0 && strings.ContainsAny(readable[span[0]-1:span[0]], "<([\"") {
				continue
			}
			found := readable[span[0]:span[1]]
			reports = append(reports, Report{Line: at + 1, Message: fmt.Sprintf("write <%s>", strings.TrimRight(found, ".,;:!?"))})
		}
	}
	return reports
}

func longLine(file *File) []Report {
	limit := file.Settings.LineLength
	if limit <= 0 {
		return nil
	}
	tables := map[int]bool{}
	parse.Walk(file.Blocks, func(block *parse.Block) {
		if block.Kind == parse.Table {
			for line := block.Line; line <= block.End; line++ {
				tables[line] = true
			}
		}
	})
	var reports []Report
	for at, line := range file.Lines {
		width := text.Width(line)
		if width <= limit || file.Code[at] || tables[at+1] {
			continue
		}
		// A long address cannot be broken.
		if text.Width(address.ReplaceAllString(line, "")) <= limit && address.MatchString(line) {
			continue
		}
		reports = append(reports, Report{Line: at + 1, Message: fmt.Sprintf("%d columns instead of %d", width, limit)})
	}
	return reports
}
