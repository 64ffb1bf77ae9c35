package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"time"
)

// workerCommand, as the only argument but one, makes this program a worker.
const workerCommand = "-worker"

// A worker is a process that has one peer's model of one workload and does one operation after another.
type worker struct {
	peer string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
}

// A sample is what one operation took.
type sample struct {
	Seconds  float64 `json:"seconds"`
	Unsynced float64 `json:"unsynced"` // of a save: before its files were synced for it
	Peak     int64   `json:"peak"`     // bytes of resident memory above the model
	Read     int64   `json:"read"`     // bytes, by system calls
	Written  int64   `json:"written"`
	Error    string  `json:"error,omitempty"`
}

// A task is what a worker is started with.
type task struct {
	Peer string
	Workload
	Key    string
	Chosen int
}

// startWorker returns when the worker has made its model.
func startWorker(ctx context.Context, p *peers, peer string, w Workload) (*worker, error) {
	b, err := json.Marshal(task{peer, w, w.key(w.chosen()), w.chosen()})
	if err != nil {
		return nil, err
	}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, own, workerCommand, string(b))
	if p.versions[peer] != "" {
		cmd = exec.CommandContext(ctx, p.python, peersScript(), string(b))
		cmd.Env = append(os.Environ(), "TF_CPP_MIN_LOG_LEVEL=3", "CUDA_VISIBLE_DEVICES=", "TF_ENABLE_ONEDNN_OPTS=0")
	}
	cmd.Stderr = os.Stderr
	wk := &worker{peer: peer, cmd: cmd}
	if wk.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	wk.out = bufio.NewScanner(out)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := wk.answer(); err != nil {
		wk.stop()
		return nil, err
	}
	return wk, nil
}

// ask has the worker do an operation.
func (w *worker) ask(op string) (sample, error) {
	if _, err := fmt.Fprintln(w.in, op); err != nil {
		return sample{}, err
	}
	return w.answer()
}

func (w *worker) answer() (s sample, err error) {
	if !w.out.Scan() {
		return s, errors.Join(errors.New("the worker has ended"), w.out.Err())
	}
	if err := json.Unmarshal(w.out.Bytes(), &s); err != nil {
		return s, err
	}
	if s.Error != "" {
		return s, errors.New(s.Error)
	}
	return s, nil
}

// stop lets the worker end.
func (w *worker) stop() {
	w.in.Close()
	w.cmd.Wait()
}

// A subject is a peer written in Go, with its model.
type subject interface {
	// before is called ahead of an operation, outside of the time.
	before(op string) error
	// do is what is measured.
	do(ctx context.Context, op string) error
	// after is called after it, outside of the time.
	after(op string) error
}

// runWorker is what a worker process does: it answers each line of its input with one of its output.
func runWorker(spec string) int {
	answer := json.NewEncoder(os.Stdout)
	var t task
	err := json.Unmarshal([]byte(spec), &t)
	var s subject
	if err == nil {
		s, err = newSubject(t)
	}
	if err != nil {
		answer.Encode(sample{Error: err.Error()})
		return 1
	}
	runtime.GC()
	debug.FreeOSMemory()
	base := resident()
	answer.Encode(sample{})
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		answer.Encode(measureOp(s, in.Text(), base))
	}
	return 0
}

// measureOp has s do op and returns what it took.
func measureOp(s subject, op string, base int64) sample {
	if err := s.before(op); err != nil {
		return sample{Error: err.Error()}
	}
	resetPeak()
	before := countIO()
	start := time.Now()
	err := s.do(context.Background(), op)
	took := time.Since(start)
	after, peak := countIO(), peakResident()
	if err == nil {
		err = s.after(op)
	}
	if err != nil {
		return sample{Error: err.Error()}
	}
	return sample{Seconds: took.Seconds(), Unsynced: took.Seconds(), Peak: max(0, peak-base),
		Read: after.read - before.read, Written: after.written - before.written}
}
