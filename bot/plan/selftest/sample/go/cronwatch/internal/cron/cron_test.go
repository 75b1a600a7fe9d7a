package cron

import (
	"errors"
	"testing"
	"time"
)

const layout = "2006-01-02 15:04"

func parse(t *testing.T, text string) *Expression {
	t.Helper()
	expression, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return expression
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestNext(t *testing.T) {
	cases := []struct{ expression, after, want string }{
		{"* * * * *", "2024-03-01 10:00", "2024-03-01 10:01"},
		{"*/15 * * * *", "2024-03-01 10:14", "2024-03-01 10:15"},
		{"*/15 * * * *", "2024-03-01 10:45", "2024-03-01 11:00"},
		{"15 3 * * *", "2024-03-01 03:15", "2024-03-02 03:15"},
		{"0 8 * * mon-fri", "2024-03-01 08:00", "2024-03-04 08:00"},
		{"0 0 29 2 *", "2024-03-01 00:00", "2028-02-29 00:00"},
		{"0 0 31 * *", "2024-03-31 00:00", "2024-05-31 00:00"},
		{"0 0 1 jan *", "2024-03-01 00:00", "2025-01-01 00:00"},
		{"0 12 * * 7", "2024-03-01 00:00", "2024-03-03 12:00"},
		{"0 0 13 * fri", "2024-03-01 00:00", "2024-03-08 00:00"},
		{"0 0 */10 * *", "2024-03-02 00:00", "2024-03-11 00:00"},
		{"5/20 9-10 * * *", "2024-03-01 09:45", "2024-03-01 10:05"},
		{"@monthly", "2024-12-01 00:00", "2025-01-01 00:00"},
	}
	for _, c := range cases {
		got, ok := parse(t, c.expression).Next(at(t, c.after))
		if !ok || got.Format(layout) != c.want {
			t.Errorf("%s after %s: got %s, want %s", c.expression, c.after, got.Format(layout), c.want)
		}
	}
}

func TestNever(t *testing.T) {
	if got, ok := parse(t, "0 0 31 2 *").Next(at(t, "2024-03-01 00:00")); ok {
		t.Errorf("got %s", got)
	}
}

func TestSecondsAreDropped(t *testing.T) {
	after := at(t, "2024-03-01 10:00").Add(59 * time.Second)
	got, _ := parse(t, "* * * * *").Next(after)
	if got.Format(layout) != "2024-03-01 10:01" || got.Second() != 0 {
		t.Errorf("got %s", got)
	}
}

func TestNextAndMatchesAgree(t *testing.T) {
	start := at(t, "2024-02-27 00:00")
	for _, text := range []string{"7 */5 * * *", "0 12 1,15 * wed", "30 6 */3 * mon", "59 23 28-31 2 *"} {
		expression := parse(t, text)
		next, ok := expression.Next(start)
		for n := 1; n < 60*24*40; n++ {
			moment := start.Add(time.Duration(n) * time.Minute)
			if !expression.Matches(moment) {
				continue
			}
			if !ok || !next.Equal(moment) {
				t.Fatalf("%s: Next gives %s, Matches %s", text, next, moment)
			}
			next, ok = expression.Next(moment)
		}
	}
}

func TestClockChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here")
	}
	before := time.Date(2024, 3, 30, 12, 0, 0, 0, berlin)
	got, ok := parse(t, "30 2 * * *").Next(before)
	if !ok || got.Day() != 1 || got.Month() != time.April {
		t.Errorf("02:30 does not exist on the 31st of March; got %s", got)
	}
}

func TestWhatIsNotAnExpression(t *testing.T) {
	cases := map[string]string{
		"":                "",
		"* * * *":         "",
		"@sometimes":      "",
		"60 * * * *":      "minute",
		"* 24 * * *":      "hour",
		"* * 0 * *":       "day",
		"* * * foo *":     "month",
		"* * * * mon-":    "weekday",
		"5-1 * * * *":     "minute",
		"*/0 * * * *":     "minute",
		"1,,2 * * * *":    "minute",
		"* * * * fri-mon": "weekday",
	}
	for text, name := range cases {
		_, err := Parse(text)
		var wrong *SyntaxError
		if !errors.As(err, &wrong) || wrong.Field != name {
			t.Errorf("%q: got %v, want a mistake in %q", text, err, name)
		}
	}
}

func TestBetween(t *testing.T) {
	expression := parse(t, "0 * * * *")
	found := expression.Between(at(t, "2024-03-01 10:00"), at(t, "2024-03-01 13:00"), 10)
	if len(found) != 3 || found[0].Hour() != 10 || found[2].Hour() != 12 {
		t.Errorf("got %v", found)
	}
	if found = expression.Between(at(t, "2024-03-01 10:00"), at(t, "2024-03-02 10:00"), 5); len(found) != 5 {
		t.Errorf("got %d times", len(found))
	}
}

func TestDescriptions(t *testing.T) {
	cases := map[string]string{
		"* * * * *":          "every minute",
		"5 * * * *":          "every hour at minute 5",
		"*/20 * * * *":       "every hour at minutes 0, 20 and 40",
		"15 3 * * *":         "at 03:15",
		"0 8,20 * * mon-fri": "at 08:00 and 20:00 on Monday, Tuesday, Wednesday, Thursday and Friday",
		"0 0 1-3 jan *":      "at 00:00 on day 1 to 3 in January",
		"0 0 13 * fri":       "at 00:00 on day 13 or on Friday",
		"* 9 * * *":          "every minute of hour 9",
		"*/10 9-17 * * *":    "at minutes 0, 10, 20, 30, 40 and 50 of hours 9 to 17",
		"@weekly":            "at 00:00 on Sunday",
	}
	for text, want := range cases {
		if got := parse(t, text).Describe(); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if got := parse(t, "*/30 0,12 * * *").PerDay(); got != 4 {
		t.Errorf("PerDay is %d", got)
	}
}
