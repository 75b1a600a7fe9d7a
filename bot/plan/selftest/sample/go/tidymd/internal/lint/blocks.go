package lint

import (
	"fmt"

	"example.org/tidymd/internal/parse"
)

func codeLanguage(file *File) []Report {
	var reports []Report
	parse.Walk(file.Blocks, func(block *parse.Block) {
		if block.Kind == parse.Fence && block.Info == "" {
			reports = append(reports, Report{Line: block.Line, Message: "the fence has no language; `text` is one"})
		}
	})
	return reports
}

func tableColumns(file *File) []Report {
	var reports []Report
	parse.Walk(file.Blocks, func(block *parse.Block) {
		if block.Kind != parse.Table {
			return
		}
		for at, row := range block.Rows {
			if len(row) != len(block.Head) {
				message := fmt.Sprintf("%d cells instead of %d", len(row), len(block.Head))
				reports = append(reports, Report{Line: block.Line + 2 + at, Message: message})
			}
		}
	})
	return reports
}

func listNumbers(file *File) []Report {
	var reports []Report
	parse.Walk(file.Blocks, func(block *parse.Block) {
		if block.Kind != parse.List || !block.Ordered || len(block.Numbers) < 2 {
			return
		}
		// All the same number is a usual way to save work.
		step := 1
		if block.Numbers[1] == block.Numbers[0] {
			step = 0
		}
		for at := 1; at < len(block.Numbers); at++ {
			want := block.Numbers[at-1] + step
			if block.Numbers[at] != want {
				message := fmt.Sprintf("the number is %d instead of %d", block.Numbers[at], want)
				reports = append(reports, Report{Line: block.Children[at].Line, Message: message})
				return
			}
		}
	})
	return reports
}
