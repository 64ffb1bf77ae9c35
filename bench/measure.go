package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// workerCommand, as the only argument but one, makes this program a worker.
const workerCommand = "-worker"

// trimCommand, instead of an operation, has a worker give free memory back and remember what its model takes.
const trimCommand = "trim"

// A subject is a peer written in Go, with its model.
type subject interface {
	// before is called ahead of an operation, outside of the time.
	before(op operation) error
	// do is what is measured.
	do(ctx context.Context, op operation) error
	// after is called after it, outside of the time.
	after(op operation) error
}

// unmeasured is what a subject embeds that has nothing to do around an operation.
type unmeasured struct{}

func (unmeasured) before(operation) error { return nil }
func (unmeasured) after(operation) error  { return nil }

var errNoOp = errors.New("no such operation")

// An operation is what a worker is asked for, and where.
type operation struct {
	name  string
	dir   string
	inRAM bool // what is saved there is removed again
}

// operation returns the one that a line names.
func (t task) operation(line string) operation {
	if name, ok := strings.CutSuffix(line, toMemory); ok {
		return operation{name, t.Memory, true}
	}
	return operation{line, t.Dir, false}
}

// saves reports whether the operation writes files.
func (o operation) saves() bool { return o.name == "save" || o.name == "async" }

// path is where a subject has a file.
func (o operation) path(name string) string { return filepath.Join(o.dir, name) }

// runWorker is what a worker process does: it answers each line of its input with one of its output.
func runWorker(spec string) int {
	answer := json.NewEncoder(os.Stdout)
	var t task
	err := json.Unmarshal([]byte(spec), &t)
	if err == nil && t.Once != "" {
		if err := runOnce(t); err != nil {
			return 1
		}
		return 0
	}
	var s subject
	if err == nil {
		s, err = newSubject(t)
	}
	if err != nil {
		answer.Encode(sample{Error: err.Error()})
		return 1
	}
	answer.Encode(sample{})
	var base int64
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == trimCommand {
			debug.FreeOSMemory()
			base = resident()
			answer.Encode(sample{})
			continue
		}
		got, err := measureOp(s, t.operation(in.Text()), base)
		if err != nil {
			got.Error = err.Error()
		}
		answer.Encode(got)
	}
	return 0
}

// measureOp has s do op and returns what it took.
func measureOp(s subject, op operation, base int64) (sample, error) {
	if err := s.before(op); err != nil {
		return sample{}, err
	}
	runtime.GC()
	if op.saves() {
		syncDisks() // what others and the removal left to be written is not this save's
	}
	resetPeak()
	before := countIO()
	start := time.Now()
	err := s.do(context.Background(), op)
	took := time.Since(start).Seconds()
	after, peak := countIO(), peakResident()
	if err == nil {
		err = s.after(op)
	}
	return sample{Seconds: took, Unsynced: took, Peak: max(0, peak-base), Read: after.read - before.read, Written: after.written - before.written}, err
}

// removeOld removes a file that may not be there.
func removeOld(name string) error {
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// warm has the page cache hold the files that match.
func warm(pattern string) error {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, buf)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
