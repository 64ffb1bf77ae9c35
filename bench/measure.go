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

// workerCommand, followed by a task, makes this program a worker.
const workerCommand = "-worker"

// trimCommand, instead of an operation, makes a worker return free memory to the system and measure the memory of its model.
const trimCommand = "trim"

// A subject is a peer written in Go, with its model.
type subject interface {
	// before is called before an operation and is not measured.
	before(op operation) error
	// do performs the operation and is measured.
	do(ctx context.Context, op operation) error
	// after is called after an operation and is not measured.
	after(op operation) error
}

// unmeasured is embedded by subjects without work before or after an operation.
type unmeasured struct{}

func (unmeasured) before(operation) error { return nil }
func (unmeasured) after(operation) error  { return nil }

var errNoOp = errors.New("no such operation")

// An operation is a request to a worker.
type operation struct {
	name  string
	dir   string
	inRAM bool // saved files are removed again
}

// operation returns the operation that a line names.
func (t task) operation(line string) operation {
	if name, ok := strings.CutSuffix(line, toMemory); ok {
		return operation{name, t.Memory, true}
	}
	return operation{line, t.Dir, false}
}

// saves reports whether the operation writes files.
func (o operation) saves() bool { return o.name == "save" || o.name == "async" }

// path returns the path of a subject's file.
func (o operation) path(name string) string { return filepath.Join(o.dir, name) }

// runWorker is the main function of a worker process: it answers each line of its input with a line of output.
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

// measureOp makes s perform op and returns the sample.
func measureOp(s subject, op operation, base int64) (sample, error) {
	if err := s.before(op); err != nil {
		return sample{}, err
	}
	runtime.GC()
	if op.saves() {
		syncDisks() // this save must not wait for earlier writes and the removal
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

// removeOld removes a file if it exists.
func removeOld(name string) error {
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// warm reads the files that match pattern into the page cache.
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
