package cron

import (
	"fmt"
	"math/bits"
	"strings"
)

var (
	monthNames   = []string{"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdayNames = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

// Describe says in words when the expression matches.
func (e *Expression) Describe() string {
	parts := []string{e.describeTime()}
	day, weekday := "", ""
	if !full(e.day, 1, 31) {
		day = "on day " + numbers(e.day)
	}
	if !full(e.weekday, 0, 6) {
		weekday = "on " + names(e.weekday, weekdayNames)
	}
	switch {
	case day != "" && weekday != "" && !e.anyDay && !e.anyWeekday:
		parts = append(parts, day+" or "+weekday)
	case day != "" && weekday != "":
		parts = append(parts, day+" if it is "+strings.TrimPrefix(weekday, "on "))
	case day != "":
		parts = append(parts, day)
	case weekday != "":
		parts = append(parts, weekday)
	}
	if !full(e.month, 1, 12) {
		parts = append(parts, "in "+names(e.month, monthNames))
	}
	return strings.Join(parts, " ")
}

func (e *Expression) describeTime() string {
	minutes, hours := members(e.minute), members(e.hour)
	switch {
	case len(minutes) == 60 && len(hours) == 24:
		return "every minute"
	case len(minutes) == 60:
		return "every minute of hour " + numbers(e.hour)
	case len(hours) == 24 && len(minutes) == 1:
		return fmt.Sprintf("every hour at minute %d", minutes[0])
	case len(hours) == 24:
		return "every hour at minutes " + numbers(e.minute)
	case len(minutes)*len(hours) <= 4:
		var times []string
		for _, hour := range hours {
			for _, minute := range minutes {
				times = append(times, fmt.Sprintf("%02d:%02d", hour, minute))
			}
		}
		return "at " + list(times)
	default:
		return fmt.Sprintf("at minutes %s of hours %s", numbers(e.minute), numbers(e.hour))
	}
}

func members(set uint64) []int {
	var found []int
	for n := 0; n < 64; n++ {
		if has(set, n) {
			found = append(found, n)
		}
	}
	return found
}

func full(set uint64, low, high int) bool {
	return bits.OnesCount64(set) == high-low+1
}

// numbers writes runs of three and more as a range.
func numbers(set uint64) string {
	all := members(set)
	var parts []string
	for at := 0; at < len(all); {
		end := at
		for end+1 < len(all) && all[end+1] == all[end]+1 {
			end++
		}
		if end-at >= 2 {
			parts = append(parts, fmt.Sprintf("%d to %d", all[at], all[end]))
		} else {
			for n := at; n <= end; n++ {
				parts = append(parts, fmt.Sprint(all[n]))
			}
		}
		at = end + 1
	}
	return list(parts)
}

func names(set uint64, words []string) string {
	var parts []string
	for _, n := range members(set) {
		parts = append(parts, words[n])
	}
	return list(parts)
}

func list(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
