// Command tidymd checks and formats Markdown files.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf8"

	"example.org/tidymd/internal/format"
	"example.org/tidymd/internal/lint"
	"example.org/tidymd/internal/parse"
	"example.org/tidymd/internal/toc"
)

const (
	exitFine     = 0
	exitFound    = 1
	exitWrongUse = 2
)

const usage = `usage:
  tidymd check PATH...
  tidymd format [--write] PATH...
  tidymd toc [--write] [--depth N] FILE
  tidymd rules
`

var errUsage = errors.New("wrong use")

type command struct {
	stdout io.Writer
	dir    string
	write  bool
	depth  int
	found  int
}

func main() {
	os.Exit(run(os.Args[1:], ".", os.Stdout, os.Stderr))
}

func run(args []string, dir string, stdout, stderr io.Writer) int {
	c := &command{stdout: stdout, dir: dir}
	err := c.run(args)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(stderr, usage)
		return exitWrongUse
	case err != nil:
		fmt.Fprintf(stderr, "tidymd: %v\n", err)
		return exitWrongUse
	case c.found > 0:
		return exitFound
	default:
		return exitFine
	}
}

func (c *command) run(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&c.write, "write", false, "change the files")
	flags.IntVar(&c.depth, "depth", 3, "the lowest level in the table")
	if err := flags.Parse(args[1:]); err != nil {
		return errUsage
	}
	paths := flags.Args()
	switch {
	case args[0] == "rules" && len(paths) == 0:
		for _, rule := range lint.Names() {
			fmt.Fprintf(c.stdout, "%-22s %s\n", rule[0], rule[1])
		}
		return nil
	case args[0] == "check" && len(paths) > 0:
		return c.each(paths, c.check)
	case args[0] == "format" && len(paths) > 0:
		return c.each(paths, c.format)
	case args[0] == "toc" && len(paths) == 1:
		return c.toc(paths[0])
	default:
		return errUsage
	}
}

// each calls work for every Markdown file of some files and folders.
func (c *command) each(paths []string, work func(path, content string, given settings) error) error {
	given, err := readSettings(c.dir)
	if err != nil {
		return err
	}
	var files []string
	for _, path := range paths {
		found, err := markdownFiles(filepath.Join(c.dir, path))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	sort.Strings(files)
	for _, file := range files {
		relative, err := filepath.Rel(c.dir, file)
		if err != nil {
			return err
		}
		if given.excludes(relative) {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if !utf8.Valid(data) {
			c.report(relative, 1, "encoding", "the file is not UTF-8")
			continue
		}
		if err := work(relative, string(data), given); err != nil {
			return err
		}
	}
	return nil
}

// markdownFiles lists a file, or the Markdown files below a folder. Hidden folders are left out.
func markdownFiles(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && path != root
		if entry.IsDir() {
			if hidden {
				return filepath.SkipDir
			}
			return nil
		}
		if path == root || (!hidden && strings.HasSuffix(entry.Name(), ".md")) {
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

func (c *command) check(path, content string, given settings) error {
	folder := filepath.Join(c.dir, filepath.Dir(path))
	exists := func(target string) bool {
		_, err := os.Stat(filepath.Join(folder, filepath.FromSlash(target)))
		return err == nil
	}
	rules := lint.Settings{Disabled: given.disabled, LineLength: given.lineLength, Exists: exists}
	for _, report := range lint.Check(content, rules) {
		c.report(path, report.Line, report.Rule, report.Message)
	}
	return nil
}

func (c *command) format(path, content string, _ settings) error {
	formatted := format.Format(content)
	if formatted == content {
		return nil
	}
	if c.write {
		return replace(filepath.Join(c.dir, path), formatted)
	}
	c.found++
	fmt.Fprintln(c.stdout, path)
	return nil
}

func (c *command) toc(path string) error {
	whole := filepath.Join(c.dir, path)
	data, err := os.ReadFile(whole)
	if err != nil {
		return err
	}
	table := toc.Table(toc.Entries(parse.Parse(string(data))), 2, c.depth)
	if !c.write {
		fmt.Fprint(c.stdout, table)
		return nil
	}
	changed, ok := toc.Insert(string(data), table)
	if !ok {
		return fmt.Errorf("%s has no lines %q and %q", path, toc.Begin, toc.End)
	}
	if changed == string(data) {
		return nil
	}
	return replace(whole, changed)
}

func (c *command) report(path string, line int, rule, message string) {
	c.found++
	fmt.Fprintf(c.stdout, "%s:%d: %s: %s\n", filepath.ToSlash(path), line, rule, message)
}

// replace writes a file beside the old one first, so that a crash leaves one of the two.
func replace(path, content string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	beside := path + ".tmp"
	if err := os.WriteFile(beside, []byte(content), info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(beside, path)
}
