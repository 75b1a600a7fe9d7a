// Package report sums up what a journal says.
package report

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"example.org/cronwatch/internal/runner"
)

// Summary is what the runs of one job come to.
type Summary struct {
	Job       string
	Runs      int
	Failed    int
	Skipped   int
	Retried   int
	Median    time.Duration
	Longest   time.Duration
	LastGood  time.Time
	LastError string
	// Streak is how many of the last runs failed, one after another.
	Streak int
}

// SuccessRate is the share of good runs; 1 without any run.
func (s Summary) SuccessRate() float64 {
	if s.Runs == 0 {
		return 1
	}
	return float64(s.Runs-s.Failed) / float64(s.Runs)
}

// Summarize sums up the entries since a time, by job. Skipped runs count on their own.
func Summarize(entries []runner.Entry, since time.Time) []Summary {
	byJob := map[string]*Summary{}
	durations := map[string][]time.Duration{}
	sorted := append([]runner.Entry(nil), entries...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Due.Before(sorted[j].Due) })
	for _, entry := range sorted {
		if entry.Due.Before(since) {
			continue
		}
		summary, known := byJob[entry.Job]
		if !known {
			summary = &Summary{Job: entry.Job}
			byJob[entry.Job] = summary
		}
		add(summary, entry)
		if entry.Status != runner.Skipped {
			durations[entry.Job] = append(durations[entry.Job], entry.Duration())
		}
	}
	var found []Summary
	for name, summary := range byJob {
		summary.Median, summary.Longest = middle(durations[name])
		found = append(found, *summary)
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].Streak != found[j].Streak {
			return found[i].Streak > found[j].Streak
		}
		return found[i].Job < found[j].Job
	})
	return found
}

func add(summary *Summary, entry runner.Entry) {
	switch entry.Status {
	case runner.Skipped:
		summary.Skipped++
		return
	case runner.Failed:
		summary.Failed++
		summary.Streak++
		summary.LastError = entry.Reason
	case runner.Succeeded:
		summary.Streak = 0
		summary.LastGood = entry.Ended
	}
	summary.Runs++
	if entry.Attempts > 1 {
		summary.Retried++
	}
}

// middle returns the median and the longest of some durations.
func middle(durations []time.Duration) (time.Duration, time.Duration) {
	if len(durations) == 0 {
		return 0, 0
	}
	sorted := append([]time.Duration(nil), durations...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	half := len(sorted) / 2
	median := sorted[half]
	if len(sorted)%2 == 0 {
		median = (sorted[half-1] + sorted[half]) / 2
	}
	return median, sorted[len(sorted)-1]
}

// Write prints summaries as a table, those with failures first.
func Write(output io.Writer, summaries []Summary) error {
	rows := [][]string{{"job", "runs", "good", "skipped", "retried", "median", "longest"}}
	for _, s := range summaries {
		rows = append(rows, []string{
			s.Job,
			fmt.Sprint(s.Runs),
			fmt.Sprintf("%.0f %%", 100*s.SuccessRate()),
			fmt.Sprint(s.Skipped),
			fmt.Sprint(s.Retried),
			short(s.Median),
			short(s.Longest),
		})
	}
	if err := table(output, rows); err != nil {
		return err
	}
	for _, s := range summaries {
		if s.Streak == 0 {
			continue
		}
		since := "never"
		if !s.LastGood.IsZero() {
			since = s.LastGood.Format("2006-01-02 15:04")
		}
		if _, err := fmt.Fprintf(output, "\n%s failed %d times in a row (%s); last good: %s\n", s.Job, s.Streak, s.LastError, since); err != nil {
			return err
		}
	}
	return nil
}

func table(output io.Writer, rows [][]string) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for at, cell := range row {
			widths[at] = max(widths[at], len(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for at, cell := range row {
			if at == 0 {
				fmt.Fprintf(&line, "%-*s", widths[at], cell)
			} else {
				fmt.Fprintf(&line, "  %*s", widths[at], cell)
			}
		}
		if _, err := fmt.Fprintln(output, line.String()); err != nil {
			return err
		}
	}
	return nil
}

// short is a duration with as many digits as people read.
func short(length time.Duration) string {
	switch {
	case length < time.Second:
		return length.Round(time.Millisecond).String()
	case length < time.Minute:
		return length.Round(100 * time.Millisecond).String()
	default:
		return length.Round(time.Second).String()
	}
}
