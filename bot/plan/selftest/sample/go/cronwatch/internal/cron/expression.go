// Package cron reads cron expressions and finds the times that they match.
package cron

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// field is one of the five parts of an expression.
type field struct {
	name  string
	low   int
	high  int
	names map[string]int
}

var (
	months = map[string]int{
		"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
		"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
	}
	weekdays = map[string]int{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

	fields = [5]field{
		{name: "minute", low: 0, high: 59},
		{name: "hour", low: 0, high: 23},
		{name: "day", low: 1, high: 31},
		{name: "month", low: 1, high: 12, names: months},
		{name: "weekday", low: 0, high: 7, names: weekdays},
	}

	shortcuts = map[string]string{
		"@hourly":   "0 * * * *",
		"@daily":    "0 0 * * *",
		"@midnight": "0 0 * * *",
		"@weekly":   "0 0 * * 0",
		"@monthly":  "0 0 1 * *",
		"@yearly":   "0 0 1 1 *",
	}
)

// searchYears is how far a next time is looked for: the 29th of February comes within eight years.
const searchYears = 8

// Expression is a cron expression. Each field is a set of numbers, one bit for each.
type Expression struct {
	source  string
	minute  uint64
	hour    uint64
	day     uint64
	month   uint64
	weekday uint64
	// anyDay and anyWeekday tell whether the field is a star, which decides how the two are combined.
	anyDay     bool
	anyWeekday bool
}

// SyntaxError says which field of an expression is wrong.
type SyntaxError struct {
	Expression string
	Field      string
	Reason     string
}

func (e *SyntaxError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%q: %s", e.Expression, e.Reason)
	}
	return fmt.Sprintf("%q: %s: %s", e.Expression, e.Field, e.Reason)
}

// Parse reads an expression.
func Parse(text string) (*Expression, error) {
	text = strings.TrimSpace(text)
	source := text
	if strings.HasPrefix(text, "@") {
		long, known := shortcuts[strings.ToLower(text)]
		if !known {
			return nil, &SyntaxError{Expression: source, Reason: "unknown shortcut"}
		}
		text = long
	}
	parts := strings.Fields(text)
	if len(parts) != len(fields) {
		return nil, &SyntaxError{Expression: source, Reason: fmt.Sprintf("%d fields instead of %d", len(parts), len(fields))}
	}
	var sets [5]uint64
	for at, part := range parts {
		set, err := fields[at].parse(strings.ToLower(part))
		if err != nil {
			return nil, &SyntaxError{Expression: source, Field: fields[at].name, Reason: err.Error()}
		}
		sets[at] = set
	}
	weekday := sets[4]
	// Sunday is 0 and 7.
	if weekday&(1<<7) != 0 {
		weekday = weekday&^(1<<7) | 1
	}
	return &Expression{
		source:     source,
		minute:     sets[0],
		hour:       sets[1],
		day:        sets[2],
		month:      sets[3],
		weekday:    weekday,
		anyDay:     strings.HasPrefix(parts[2], "*"),
		anyWeekday: strings.HasPrefix(parts[4], "*"),
	}, nil
}

func (f field) parse(text string) (uint64, error) {
	var set uint64
	for _, part := range strings.Split(text, ",") {
		one, err := f.parseRange(part)
		if err != nil {
			return 0, err
		}
		set |= one
	}
	return set, nil
}

func (f field) parseRange(text string) (uint64, error) {
	span, stepText, hasStep := strings.Cut(text, "/")
	step := 1
	if hasStep {
		var err error
		step, err = strconv.Atoi(stepText)
		if err != nil || step < 1 {
			return 0, fmt.Errorf("not a step: %q", stepText)
		}
	}
	low, high := f.low, f.high
	if span != "*" {
		first, last, isRange := strings.Cut(span, "-")
		var err error
		if low, err = f.number(first); err != nil {
			return 0, err
		}
		switch {
		case isRange:
			if high, err = f.number(last); err != nil {
				return 0, err
			}
		case hasStep:
			// `5/10` means from 5 on.
			high = f.high
		default:
			high = low
		}
	}
	if low > high {
		return 0, fmt.Errorf("%q runs backwards", span)
	}
	var set uint64
	for n := low; n <= high; n += step {
		set |= 1 << n
	}
	return set, nil
}

func (f field) number(text string) (int, error) {
	if n, known := f.names[text]; known {
		return n, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("not a number: %q", text)
	}
	if n < f.low || n > f.high {
		return 0, fmt.Errorf("%d is not between %d and %d", n, f.low, f.high)
	}
	return n, nil
}

// String is the expression as it was written.
func (e *Expression) String() string {
	return e.source
}

// Matches tells whether a minute is one of the expression's.
func (e *Expression) Matches(t time.Time) bool {
	return has(e.minute, t.Minute()) && has(e.hour, t.Hour()) && has(e.month, int(t.Month())) && e.matchesDay(t)
}

func (e *Expression) matchesDay(t time.Time) bool {
	day := has(e.day, t.Day())
	weekday := has(e.weekday, int(t.Weekday()))
	if e.anyDay || e.anyWeekday {
		return day && weekday
	}
	return day || weekday
}

// Next is the first matching minute after a time; false where there is none, as for the 31st of February.
func (e *Expression) Next(after time.Time) (time.Time, bool) {
	t := after.Truncate(time.Minute).Add(time.Minute)
	limit := after.AddDate(searchYears, 0, 0)
	for t.Before(limit) {
		switch {
		case !has(e.month, int(t.Month())):
			t = time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, t.Location())
		case !e.matchesDay(t):
			t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
		case !has(e.hour, t.Hour()):
			t = nextHour(t)
		case !has(e.minute, t.Minute()):
			t = t.Add(time.Minute)
		default:
			return t, true
		}
	}
	return time.Time{}, false
}

// nextHour goes to the start of the next hour. By adding, because in the night of a clock change an hour exists twice, or not
// at all.
func nextHour(t time.Time) time.Time {
	return t.Add(time.Hour - time.Duration(t.Minute())*time.Minute)
}

// Between returns the matching minutes from one time up to another, the second not included, at most so many.
func (e *Expression) Between(from, to time.Time, most int) []time.Time {
	var found []time.Time
	t := from.Add(-time.Minute)
	for len(found) < most {
		next, ok := e.Next(t)
		if !ok || !next.Before(to) {
			break
		}
		found = append(found, next)
		t = next
	}
	return found
}

// PerDay is how often the expression matches on a day that it matches at all.
func (e *Expression) PerDay() int {
	return bits.OnesCount64(e.minute) * bits.OnesCount64(e.hour)
}

func has(set uint64, n int) bool {
	return set&(1<<n) != 0
}
