package runner

import (
	"context"
	"fmt"
	"math/rand"
	"sync"
	"time"

	"example.org/cronwatch/internal/config"
)

// maxBackoff is the longest pause between two attempts.
const maxBackoff = time.Hour

// Notifier is told about runs that failed.
type Notifier interface {
	Notify(job config.Job, entry Entry) error
}

// Runner runs the jobs of a configuration.
type Runner struct {
	config   *config.Config
	clock    Clock
	executor Executor
	journal  Journal
	notifier Notifier
	random   func(time.Duration) time.Duration

	mu      sync.Mutex
	running map[string]int
	last    map[string]Status
	turns   map[string]*sync.Mutex
	group   sync.WaitGroup
}

// New makes a runner. The notifier may be nil.
func New(cfg *config.Config, clock Clock, executor Executor, journal Journal, notifier Notifier) *Runner {
	turns := make(map[string]*sync.Mutex, len(cfg.Jobs))
	for _, job := range cfg.Jobs {
		turns[job.Name] = &sync.Mutex{}
	}
	return &Runner{
		config:   cfg,
		clock:    clock,
		executor: executor,
		journal:  journal,
		notifier: notifier,
		random:   func(most time.Duration) time.Duration { return time.Duration(rand.Int63n(int64(most) + 1)) },
		running:  map[string]int{},
		last:     map[string]Status{},
		turns:    turns,
	}
}

// Serve starts jobs when they are due, until the context ends. Then it waits for the runs that are going.
func (r *Runner) Serve(ctx context.Context) error {
	defer r.group.Wait()
	from := r.clock.Now()
	for {
		next, due := r.nextDue(from)
		if len(due) == 0 {
			<-ctx.Done()
			return ctx.Err()
		}
		if err := r.clock.Sleep(ctx, next.Sub(r.clock.Now())); err != nil {
			return err
		}
		for _, job := range due {
			r.start(ctx, job, next)
		}
		// From the due time on and not from now, so that nothing is lost when the machine was slow. After a long sleep of the
		// machine only the last minutes are made up for.
		from = next
		if now := r.clock.Now(); now.Sub(from) > time.Hour {
			from = now.Add(-time.Hour)
		}
	}
}

// nextDue is the next time at which anything is due, and all jobs that are due then.
func (r *Runner) nextDue(after time.Time) (time.Time, []config.Job) {
	var next time.Time
	var due []config.Job
	for _, job := range r.config.Jobs {
		moment, ok := job.Schedule.Next(after)
		switch {
		case !ok:
			continue
		case len(due) == 0 || moment.Before(next):
			next, due = moment, []config.Job{job}
		case moment.Equal(next):
			due = append(due, job)
		}
	}
	return next, due
}

func (r *Runner) start(ctx context.Context, job config.Job, due time.Time) {
	r.group.Add(1)
	go func() {
		defer r.group.Done()
		r.Run(ctx, job, due)
	}()
}

// Run runs a job once, with its retries, and records the outcome.
func (r *Runner) Run(ctx context.Context, job config.Job, due time.Time) Entry {
	if reason := r.enter(job); reason != "" {
		now := r.clock.Now()
		return r.record(job, Entry{Job: job.Name, Due: due, Started: now, Ended: now, Status: Skipped, Reason: reason})
	}
	defer r.leave(job)
	if job.OnOverlap == config.Wait {
		turn := r.turns[job.Name]
		turn.Lock()
		defer turn.Unlock()
	}
	if job.Jitter > 0 {
		if err := r.clock.Sleep(ctx, r.random(job.Jitter)); err != nil {
			now := r.clock.Now()
			return r.record(job, Entry{Job: job.Name, Due: due, Started: now, Ended: now, Status: Skipped, Reason: "stopped"})
		}
	}
	entry := Entry{Job: job.Name, Due: due, Started: r.clock.Now(), Status: Failed}
	attempt := r.attempts(ctx, job, &entry)
	entry.Ended = r.clock.Now()
	entry.Output = attempt.Output
	entry.Reason = attempt.Reason()
	if attempt.Good() {
		entry.Status = Succeeded
	}
	return r.record(job, entry)
}

// attempts executes the command until it is good or the retries are used up.
func (r *Runner) attempts(ctx context.Context, job config.Job, entry *Entry) Attempt {
	pause := job.Backoff
	for {
		entry.Attempts++
		attempt := r.executor.Execute(ctx, job)
		if attempt.Good() || entry.Attempts > job.Retries || ctx.Err() != nil {
			return attempt
		}
		if err := r.clock.Sleep(ctx, pause); err != nil {
			return attempt
		}
		pause = min(pause*2, maxBackoff)
	}
}

// enter counts a run, or says why it must not begin.
func (r *Runner) enter(job config.Job) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if job.OnOverlap == config.Skip && r.running[job.Name] > 0 {
		return "the last run is still going"
	}
	if job.After != "" && r.last[job.After] != Succeeded {
		return fmt.Sprintf("the last run of %s was not good", job.After)
	}
	r.running[job.Name]++
	return ""
}

func (r *Runner) leave(job config.Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[job.Name]--
}

func (r *Runner) record(job config.Job, entry Entry) Entry {
	if entry.Status != Skipped {
		r.mu.Lock()
		r.last[job.Name] = entry.Status
		r.mu.Unlock()
	}
	if err := r.journal.Record(entry); err != nil {
		entry.Reason = fmt.Sprintf("%s (and the journal: %v)", entry.Reason, err)
	}
	if entry.Status == Failed && r.notifier != nil && len(job.Notify) > 0 {
		if err := r.notifier.Notify(job, entry); err != nil {
			entry.Reason = fmt.Sprintf("%s (and the notification: %v)", entry.Reason, err)
		}
	}
	return entry
}
