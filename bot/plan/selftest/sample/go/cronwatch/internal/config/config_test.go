package config

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

const good = `
# comment
[defaults]
timeout = 10m
retries = 2
env.LANG = C

[job backup]
schedule = 15 3 * * *
command = backup --all
timeout = 1h
notify = a@example.org, b@example.org
env.LEVEL = 3

[job report]
schedule = @daily
command = make report
on_overlap = wait
after = backup
`

func TestRead(t *testing.T) {
	config, err := Read(strings.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	backup, found := config.Job("backup")
	if !found || backup.Timeout != time.Hour || backup.Retries != 2 || backup.OnOverlap != Skip {
		t.Errorf("got %+v", backup)
	}
	if want := map[string]string{"LANG": "C", "LEVEL": "3"}; !reflect.DeepEqual(backup.Env, want) {
		t.Errorf("got %v", backup.Env)
	}
	if want := []string{"a@example.org", "b@example.org"}; !reflect.DeepEqual(backup.Notify, want) {
		t.Errorf("got %v", backup.Notify)
	}
	report, _ := config.Job("report")
	if report.Timeout != 10*time.Minute || report.OnOverlap != Wait || report.After != "backup" || len(report.Env) != 1 {
		t.Errorf("got %+v", report)
	}
	if _, found := config.Job("nothing"); found {
		t.Error("found a job that does not exist")
	}
}

func TestTheExampleIsGood(t *testing.T) {
	file, err := os.Open("../../examples/jobs.conf")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	config, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(config.Jobs) != 3 {
		t.Errorf("%d jobs", len(config.Jobs))
	}
}

func TestMistakesHaveALine(t *testing.T) {
	job := "[job a]\nschedule = @daily\ncommand = x\n"
	cases := []struct {
		text string
		line int
		part string
	}{
		{"retries = 1", 1, "before the first section"},
		{"[jobs]", 1, "not a section"},
		{"[job A]", 1, "not a section"},
		{job + "[job a]", 4, "twice"},
		{job + "[defaults]", 4, "before all jobs"},
		{job + "colour = red", 4, "unknown setting"},
		{job + "timeout", 4, "expected `key = value`"},
		{job + "timeout = soon", 4, "not a duration"},
		{job + "timeout = -1s", 4, "not negative"},
		{job + "retries = 11", 4, "from 0 to 10"},
		{job + "on_overlap = fight", 4, "skip, wait or parallel"},
		{job + "notify = nobody", 4, "not an address"},
		{job + "env.1X = 2", 4, "name of a variable"},
		{"[job a]\nschedule = 99 * * * *", 2, "minute"},
		{"[job a]\ncommand = x", 1, "no schedule"},
		{"[job a]\nschedule = @daily", 1, "no command"},
		{"[defaults]\ncommand = x", 2, "cannot be a default"},
		{job + "after = b", 1, "does not exist"},
		{job + "after = a", 1, "waits for itself"},
		{job + "after = b\n[job b]\nschedule = @daily\ncommand = y\nafter = a", 1, "waits for itself"},
	}
	for _, c := range cases {
		_, err := Read(strings.NewReader(c.text))
		var mistake *Mistake
		if !errors.As(err, &mistake) || mistake.Line != c.line || !strings.Contains(mistake.Message, c.part) {
			t.Errorf("%q: got %v", c.text, err)
		}
	}
}
