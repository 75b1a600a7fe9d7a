// Command cronwatch runs jobs at the times that cron expressions say.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sort"
	"syscall"
	"time"

	"example.org/cronwatch/internal/config"
	"example.org/cronwatch/internal/report"
	"example.org/cronwatch/internal/runner"
)

const (
	exitFine     = 0
	exitFailed   = 1
	exitWrongUse = 2
)

const usage = `usage:
  cronwatch check FILE
  cronwatch next FILE [--count N]
  cronwatch run FILE --once JOB
  cronwatch serve FILE [--journal FILE]
  cronwatch report JOURNAL [--days N]
`

type surroundings struct {
	stdout io.Writer
	stderr io.Writer
	clock  runner.Clock
	shell  runner.Executor
}

type options struct {
	count   int
	once    string
	journal string
	days    int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	around := surroundings{os.Stdout, os.Stderr, runner.SystemClock{}, runner.Shell{}}
	os.Exit(run(ctx, os.Args[1:], around))
}

func run(ctx context.Context, args []string, around surroundings) int {
	if len(args) < 2 {
		fmt.Fprint(around.stderr, usage)
		return exitWrongUse
	}
	var given options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&given.count, "count", 3, "how many times to list")
	flags.StringVar(&given.once, "once", "", "the job to run")
	flags.StringVar(&given.journal, "journal", "", "where runs are recorded")
	flags.IntVar(&given.days, "days", 30, "how many days to look back")
	if err := flags.Parse(args[2:]); err != nil || flags.NArg() > 0 {
		fmt.Fprint(around.stderr, usage)
		return exitWrongUse
	}
	err := command(ctx, args[0], args[1], given, around)
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errUnknownCommand):
		fmt.Fprint(around.stderr, usage)
		return exitWrongUse
	default:
		fmt.Fprintf(around.stderr, "cronwatch: %v\n", err)
		return exitFailed
	}
}

var errUnknownCommand = errors.New("unknown command")

func command(ctx context.Context, name, path string, given options, around surroundings) error {
	switch name {
	case "report":
		return printReport(path, given, around)
	case "check", "next", "run", "serve":
	default:
		return errUnknownCommand
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	cfg, err := config.Read(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	switch name {
	case "check":
		for _, job := range cfg.Jobs {
			fmt.Fprintf(around.stdout, "%s: %s\n", job.Name, job.Schedule.Describe())
		}
		return nil
	case "next":
		return printNext(cfg, given, around)
	case "run":
		return runOnce(ctx, cfg, given, around)
	default:
		return serve(ctx, cfg, given, around)
	}
}

func printNext(cfg *config.Config, given options, around surroundings) error {
	type due struct {
		moment time.Time
		job    string
	}
	now := around.clock.Now()
	var all []due
	for _, job := range cfg.Jobs {
		for _, moment := range job.Schedule.Between(now, now.AddDate(1, 0, 0), given.count) {
			all = append(all, due{moment, job.Name})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].moment.Before(all[j].moment) })
	for _, one := range all[:min(given.count, len(all))] {
		fmt.Fprintf(around.stdout, "%s  %s\n", one.moment.Format("Mon 2006-01-02 15:04"), one.job)
	}
	return nil
}

func runOnce(ctx context.Context, cfg *config.Config, given options, around surroundings) error {
	job, known := cfg.Job(given.once)
	if !known {
		return fmt.Errorf("there is no job %q", given.once)
	}
	// A run by hand does not wait for the job before it.
	job.After = ""
	single := runner.New(cfg, around.clock, around.shell, runner.NewFileJournal(io.Discard), nil)
	entry := single.Run(ctx, job, around.clock.Now())
	fmt.Fprint(around.stdout, entry.Output)
	if entry.Status != runner.Succeeded {
		return fmt.Errorf("%s %s after %d attempts: %s", job.Name, entry.Status, entry.Attempts, entry.Reason)
	}
	return nil
}

func serve(ctx context.Context, cfg *config.Config, given options, around surroundings) error {
	output := around.stdout
	if given.journal != "" {
		file, err := os.OpenFile(given.journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer file.Close()
		output = file
	}
	server := runner.New(cfg, around.clock, around.shell, runner.NewFileJournal(output), printed{around.stderr})
	if err := server.Serve(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func printReport(path string, given options, around surroundings) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	entries, err := runner.ReadJournal(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	since := around.clock.Now().AddDate(0, 0, -given.days)
	return report.Write(around.stdout, report.Summarize(entries, since))
}

// printed writes notifications to standard error, for a mailer to pick up.
type printed struct {
	output io.Writer
}

func (p printed) Notify(job config.Job, entry runner.Entry) error {
	_, err := fmt.Fprintf(p.output, "to %v: %s failed: %s\n", job.Notify, job.Name, entry.Reason)
	return err
}
