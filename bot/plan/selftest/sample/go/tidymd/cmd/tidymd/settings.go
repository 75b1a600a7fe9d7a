package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"example.org/tidymd/internal/lint"
	"example.org/tidymd/internal/text"
)

const settingsName = ".tidymd"

type settings struct {
	disabled   map[string]bool
	lineLength int
	exclude    []string
}

// readSettings reads the settings of a folder; the defaults where it has none.
func readSettings(dir string) (settings, error) {
	made := settings{disabled: map[string]bool{}}
	data, err := os.ReadFile(filepath.Join(dir, settingsName))
	if errors.Is(err, fs.ErrNotExist) {
		return made, nil
	}
	if err != nil {
		return made, err
	}
	for at, line := range text.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := made.set(line); err != nil {
			return made, fmt.Errorf("%s:%d: %w", settingsName, at+1, err)
		}
	}
	return made, nil
}

func (s *settings) set(line string) error {
	key, value, found := strings.Cut(line, "=")
	if !found {
		return fmt.Errorf("expected `key = value`, not %q", line)
	}
	switch strings.TrimSpace(key) {
	case "disable":
		for _, name := range strings.Fields(value) {
			if !lint.Known(name) {
				return fmt.Errorf("there is no rule %s", name)
			}
			s.disabled[name] = true
		}
	case "line-length":
		length, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || length < 20 {
			return fmt.Errorf("line-length is a number from 20 on, not %q", strings.TrimSpace(value))
		}
		s.lineLength = length
	case "exclude":
		for _, pattern := range strings.Fields(value) {
			if _, err := path.Match(pattern, ""); err != nil {
				return fmt.Errorf("not a pattern: %q", pattern)
			}
			s.exclude = append(s.exclude, pattern)
		}
	default:
		return fmt.Errorf("unknown key %q", strings.TrimSpace(key))
	}
	return nil
}

// excludes tells whether a path, relative to the folder of the settings, is left out. A pattern is for the whole path, for the
// name, or for a folder above.
func (s *settings) excludes(relative string) bool {
	relative = filepath.ToSlash(relative)
	for _, pattern := range s.exclude {
		for at := relative; at != "." && at != "/"; at = path.Dir(at) {
			whole, _ := path.Match(pattern, at)
			name, _ := path.Match(pattern, path.Base(at))
			if whole || name {
				return true
			}
		}
	}
	return false
}
