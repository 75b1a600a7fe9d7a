package runner

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// Status is how a run ended.
type Status string

const (
	// Succeeded: the command did what it should, maybe after retries.
	Succeeded Status = "succeeded"
	// Failed: every attempt failed.
	Failed Status = "failed"
	// Skipped: the run was left out.
	Skipped Status = "skipped"
)

// Entry is a run as the journal keeps it.
type Entry struct {
	Job      string    `json:"job"`
	Due      time.Time `json:"due"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Status   Status    `json:"status"`
	Attempts int       `json:"attempts"`
	Reason   string    `json:"reason,omitempty"`
	Output   string    `json:"output,omitempty"`
}

// Duration is how long the run took, with its pauses.
func (e Entry) Duration() time.Duration {
	return e.Ended.Sub(e.Started)
}

// Late is how long after its time the run began.
func (e Entry) Late() time.Duration {
	return max(e.Started.Sub(e.Due), 0)
}

// Journal takes entries.
type Journal interface {
	Record(entry Entry) error
}

// FileJournal writes one JSON object a line.
type FileJournal struct {
	mu     sync.Mutex
	output io.Writer
}

// NewFileJournal writes to an output.
func NewFileJournal(output io.Writer) *FileJournal {
	return &FileJournal{output: output}
}

// Record writes an entry in one piece, so that lines of several runs do not mix.
func (j *FileJournal) Record(entry Entry) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.output.Write(append(line, '\n'))
	return err
}

// ReadJournal reads what a FileJournal wrote. A last line that was cut off is passed over.
func ReadJournal(input io.Reader) ([]Entry, error) {
	var entries []Entry
	lines := bufio.NewReader(input)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		var entry Entry
		if err := json.Unmarshal(line, &entry); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		entries = append(entries, entry)
	}
}
