// Package config reads the file with the jobs.
package config

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"example.org/cronwatch/internal/cron"
)

// Overlap says what happens when a job is due while its last run is still going.
type Overlap string

const (
	// Skip leaves the new run out.
	Skip Overlap = "skip"
	// Wait starts the new run when the last one has ended.
	Wait Overlap = "wait"
	// Parallel starts the new run at once.
	Parallel Overlap = "parallel"
)

const (
	maxRetries = 10
	maxJobs    = 1000
)

// Job is one job of the file.
type Job struct {
	Name      string
	Schedule  *cron.Expression
	Command   string
	Timeout   time.Duration
	Retries   int
	Backoff   time.Duration
	Jitter    time.Duration
	OnOverlap Overlap
	After     string
	Notify    []string
	Env       map[string]string
	Line      int
}

// Config is a whole file.
type Config struct {
	Jobs []Job
}

// Job returns the job with a name.
func (c *Config) Job(name string) (Job, bool) {
	for _, job := range c.Jobs {
		if job.Name == name {
			return job, true
		}
	}
	return Job{}, false
}

// Mistake is something wrong with the file. Line counts from 1.
type Mistake struct {
	Line    int
	Message string
}

func (m *Mistake) Error() string {
	return fmt.Sprintf("line %d: %s", m.Line, m.Message)
}

var (
	section  = regexp.MustCompile(`^\[(defaults|job\s+([a-z][a-z0-9-]*))\]$`)
	variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// Read reads a file and checks it as a whole. It reports the first mistake.
func Read(input io.Reader) (*Config, error) {
	defaults := Job{OnOverlap: Skip, Backoff: 10 * time.Second}
	config := &Config{}
	var current *Job
	lines := bufio.NewScanner(input)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") {
			found := section.FindStringSubmatch(line)
			if found == nil {
				return nil, &Mistake{number, fmt.Sprintf("not a section: %s", line)}
			}
			if found[1] == "defaults" {
				if len(config.Jobs) > 0 {
					return nil, &Mistake{number, "defaults have to come before all jobs"}
				}
				current = &defaults
				continue
			}
			if _, known := config.Job(found[2]); known {
				return nil, &Mistake{number, fmt.Sprintf("the job %s is there twice", found[2])}
			}
			if len(config.Jobs) == maxJobs {
				return nil, &Mistake{number, fmt.Sprintf("more than %d jobs", maxJobs)}
			}
			config.Jobs = append(config.Jobs, inherit(defaults, found[2], number))
			current = &config.Jobs[len(config.Jobs)-1]
			continue
		}
		if current == nil {
			return nil, &Mistake{number, "a setting before the first section"}
		}
		if err := set(current, line, current == &defaults); err != nil {
			return nil, &Mistake{number, err.Error()}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return config, check(config)
}

// inherit is a new job with the defaults. The variables are copied, because each job may add its own.
func inherit(defaults Job, name string, line int) Job {
	job := defaults
	job.Name, job.Line = name, line
	job.Env = make(map[string]string, len(defaults.Env))
	for key, value := range defaults.Env {
		job.Env[key] = value
	}
	return job
}

func set(job *Job, line string, isDefaults bool) error {
	key, value, found := strings.Cut(line, "=")
	if !found {
		return fmt.Errorf("expected `key = value`, not %q", line)
	}
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if isDefaults && (key == "schedule" || key == "command" || key == "after") {
		return fmt.Errorf("%s cannot be a default", key)
	}
	if name, isVariable := strings.CutPrefix(key, "env."); isVariable {
		if !variable.MatchString(name) {
			return fmt.Errorf("not the name of a variable: %q", name)
		}
		if job.Env == nil {
			job.Env = map[string]string{}
		}
		job.Env[name] = value
		return nil
	}
	var err error
	switch key {
	case "schedule":
		job.Schedule, err = cron.Parse(value)
	case "command":
		job.Command = value
	case "timeout":
		job.Timeout, err = duration(value)
	case "retries":
		job.Retries, err = count(value, maxRetries)
	case "backoff":
		job.Backoff, err = duration(value)
	case "jitter":
		job.Jitter, err = duration(value)
	case "on_overlap":
		job.OnOverlap, err = overlap(value)
	case "after":
		job.After = value
	case "notify":
		job.Notify, err = addresses(value)
	default:
		return fmt.Errorf("unknown setting %q", key)
	}
	return err
}

func duration(text string) (time.Duration, error) {
	value, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("not a duration: %q", text)
	}
	if value < 0 {
		return 0, fmt.Errorf("a duration is not negative: %q", text)
	}
	return value, nil
}

func count(text string, most int) (int, error) {
	value, err := strconv.Atoi(text)
	if err != nil || value < 0 || value > most {
		return 0, fmt.Errorf("not a number from 0 to %d: %q", most, text)
	}
	return value, nil
}

func overlap(text string) (Overlap, error) {
	switch value := Overlap(text); value {
	case Skip, Wait, Parallel:
		return value, nil
	default:
		return "", fmt.Errorf("on_overlap is skip, wait or parallel, not %q", text)
	}
}

func addresses(text string) ([]string, error) {
	var found []string
	for _, one := range strings.Split(text, ",") {
		one = strings.TrimSpace(one)
		name, domain, ok := strings.Cut(one, "@")
		if !ok || name == "" || domain == "" {
			return nil, fmt.Errorf("not an address: %q", one)
		}
		found = append(found, one)
	}
	return found, nil
}

// check looks at what only the whole file shows.
func check(config *Config) error {
	for _, job := range config.Jobs {
		if job.Schedule == nil {
			return &Mistake{job.Line, fmt.Sprintf("the job %s has no schedule", job.Name)}
		}
		if job.Command == "" {
			return &Mistake{job.Line, fmt.Sprintf("the job %s has no command", job.Name)}
		}
		if job.After == "" {
			continue
		}
		if _, known := config.Job(job.After); !known {
			return &Mistake{job.Line, fmt.Sprintf("the job %s comes after %s, which does not exist", job.Name, job.After)}
		}
		if cycle := follows(config, job.Name); cycle {
			return &Mistake{job.Line, fmt.Sprintf("the job %s waits for itself", job.Name)}
		}
	}
	return nil
}

// follows tells whether a job comes after itself, through others.
func follows(config *Config, name string) bool {
	seen := map[string]bool{}
	job, _ := config.Job(name)
	for job.After != "" && !seen[job.After] {
		if job.After == name {
			return true
		}
		seen[job.After] = true
		job, _ = config.Job(job.After)
	}
	return false
}
