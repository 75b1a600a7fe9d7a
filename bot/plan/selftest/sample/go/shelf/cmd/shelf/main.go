// Command shelf looks into a store and changes it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"example.org/shelf"
)

const usage = `usage: shelf -dir DIR COMMAND

  get KEY               print the value of a key
  put KEY VALUE         set a key
  delete KEY            take a key away
  scan [PREFIX]         print all keys with a prefix, and their values
  compact               merge all files
  check                 look for damage
  stats                 print figures
`

const (
	exitFine     = 0
	exitFailed   = 1
	exitWrongUse = 2
)

var errUsage = errors.New("wrong use")

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("shelf", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	dir := flags.String("dir", "", "the folder of the store")
	ttl := flags.Duration("ttl", 0, "put: how long the key is there")
	if err := flags.Parse(args); err != nil || *dir == "" || flags.NArg() == 0 {
		fmt.Fprint(stderr, usage)
		return exitWrongUse
	}
	store, err := shelf.Open(*dir, shelf.Options{})
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	err = command(store, flags.Arg(0), flags.Args()[1:], *ttl, stdout)
	if closeErr := store.Close(); err == nil {
		err = closeErr
	}
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errUsage):
		fmt.Fprint(stderr, usage)
		return exitWrongUse
	default:
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
}

func command(store *shelf.Store, name string, args []string, ttl time.Duration, stdout io.Writer) error {
	switch {
	case name == "get" && len(args) == 1:
		value, err := store.Get([]byte(args[0]))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s\n", value)
		return err
	case name == "put" && len(args) == 2 && ttl > 0:
		return store.PutFor([]byte(args[0]), []byte(args[1]), ttl)
	case name == "put" && len(args) == 2:
		return store.Put([]byte(args[0]), []byte(args[1]))
	case name == "delete" && len(args) == 1:
		return store.Delete([]byte(args[0]))
	case name == "scan" && len(args) <= 1:
		prefix := ""
		if len(args) == 1 {
			prefix = args[0]
		}
		return store.Scan([]byte(prefix), func(key, value []byte) bool {
			_, err := fmt.Fprintf(stdout, "%q\t%q\n", key, value)
			return err == nil
		})
	case name == "compact" && len(args) == 0:
		return store.Compact()
	case name == "check" && len(args) == 0:
		return store.Check()
	case name == "stats" && len(args) == 0:
		stats := store.Stats()
		_, err := fmt.Fprintf(stdout, "tables %d\nrecords %d\nmemory %d\nlog %d\n",
			stats.Tables, stats.TableRecords, stats.MemoryBytes, stats.LogBytes)
		return err
	}
	return errUsage
}
