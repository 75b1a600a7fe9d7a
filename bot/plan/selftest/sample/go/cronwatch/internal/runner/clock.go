// Package runner runs jobs when they are due.
package runner

import (
	"context"
	"time"
)

// Clock tells the time and waits. Tests have one that they set.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns early with the context's error.
	Sleep(ctx context.Context, length time.Duration) error
}

// SystemClock is the clock of the machine.
type SystemClock struct{}

// Now is the current time.
func (SystemClock) Now() time.Time {
	return time.Now()
}

// Sleep waits.
func (SystemClock) Sleep(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
