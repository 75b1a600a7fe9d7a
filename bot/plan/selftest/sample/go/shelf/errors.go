package shelf

import (
	"errors"
	"fmt"
)

// Errors that callers compare with errors.Is.
var (
	ErrNotFound = errors.New("shelf: key not found")
	ErrClosed   = errors.New("shelf: store is closed")
	ErrLocked   = errors.New("shelf: another process uses the folder")
	ErrEmptyKey = errors.New("shelf: empty key")
)

// TooLargeError says that a key or a value is longer than allowed.
type TooLargeError struct {
	What  string
	Size  int
	Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("shelf: %s of %d bytes is larger than %d", e.What, e.Size, e.Limit)
}

// DamagedError says that a file does not hold what was written to it.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("shelf: %s is damaged: %v", e.Path, e.Err)
}

func (e *DamagedError) Unwrap() error {
	return e.Err
}
