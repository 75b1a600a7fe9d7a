package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"time"

	"example.org/cronwatch/internal/config"
)

// keptOutput is how many bytes of a command's output are kept: the last ones, where errors are.
const keptOutput = 8 << 10

// killDelay is how long a command may take to end after it was asked to.
const killDelay = 5 * time.Second

// Executor runs a job's command once.
type Executor interface {
	Execute(ctx context.Context, job config.Job) Attempt
}

// Attempt is the outcome of one execution.
type Attempt struct {
	ExitCode int
	Output   string
	TimedOut bool
	Err      error
}

// Good tells whether the command did what it should.
func (a Attempt) Good() bool {
	return a.Err == nil && a.ExitCode == 0 && !a.TimedOut
}

// Reason says in words why an attempt is not good; empty for a good one.
func (a Attempt) Reason() string {
	switch {
	case a.TimedOut:
		return "timed out"
	case a.Err != nil:
		return a.Err.Error()
	case a.ExitCode != 0:
		return fmt.Sprintf("exit code %d", a.ExitCode)
	default:
		return ""
	}
}

// Shell runs commands by /bin/sh.
type Shell struct{}

// Execute runs a job's command, until it ends or its time is over.
func (Shell) Execute(ctx context.Context, job config.Job) Attempt {
	if job.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, job.Timeout)
		defer cancel()
	}
	output := &tail{limit: keptOutput}
	command := exec.CommandContext(ctx, "/bin/sh", "-c", job.Command)
	command.Env = environment(os.Environ(), job)
	command.Stdout, command.Stderr = output, output
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = killDelay
	err := command.Run()
	attempt := Attempt{Output: output.String(), TimedOut: errors.Is(ctx.Err(), context.DeadlineExceeded)}
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		attempt.ExitCode = exit.ExitCode()
	default:
		attempt.Err = err
	}
	return attempt
}

// environment is that of the process with the job's variables, these in order.
func environment(base []string, job config.Job) []string {
	names := make([]string, 0, len(job.Env))
	for name := range job.Env {
		names = append(names, name)
	}
	sort.Strings(names)
	result := append([]string(nil), base...)
	for _, name := range names {
		result = append(result, name+"="+job.Env[name])
	}
	return append(result, "CRONWATCH_JOB="+job.Name)
}

// tail keeps the last bytes that are written to it.
type tail struct {
	buffer  bytes.Buffer
	limit   int
	dropped bool
}

func (t *tail) Write(data []byte) (int, error) {
	t.buffer.Write(data)
	if extra := t.buffer.Len() - t.limit; extra > 0 {
		t.buffer.Next(extra)
		t.dropped = true
	}
	return len(data), nil
}

func (t *tail) String() string {
	if t.dropped {
		return "[…]" + t.buffer.String()
	}
	return t.buffer.String()
}
