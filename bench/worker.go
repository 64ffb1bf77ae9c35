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
	"slices"
	"time"
)

// A worker is a process that holds one peer's model of one workload and performs operations one after another.
type worker struct {
	peer string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner

	patience time.Duration
	gaveUp   error // why it no longer does anything
}

// A sample is the measurement of one operation.
type sample struct {
	Seconds  float64 `json:"seconds"`
	Unsynced float64 `json:"unsynced"` // of a save: the time before its files were synced for it
	Peak     int64   `json:"peak"`     // bytes of resident memory above the model
	Read     int64   `json:"read"`     // bytes, by system calls
	Written  int64   `json:"written"`
	Started  float64 `json:"started"` // of a process that loads once: the time until it began to load
	Error    string  `json:"error,omitempty"`
}

// each returns the cost of one of n equal operations.
func (s sample) each(n int) sample {
	s.Seconds /= float64(n)
	s.Unsynced /= float64(n)
	s.Read /= int64(n)
	s.Written /= int64(n)
	return s
}

// A task tells a worker what to do.
type task struct {
	Peer string
	Workload
	Picks []pick
	Once  string // the only task of the process: "load" or "prepare"; "" if it answers its input
}

// workerEnvironment returns the environment of all peers' processes.
func workerEnvironment() []string {
	return append(os.Environ(), "TF_CPP_MIN_LOG_LEVEL=3", "CUDA_VISIBLE_DEVICES=", "TF_ENABLE_ONEDNN_OPTS=0", "JAX_PLATFORMS=cpu")
}

// startWorker starts a worker and returns when the worker has made its model.
func startWorker(ctx context.Context, p *peers, peer string, w Workload, patience time.Duration) (*worker, error) {
	b, err := json.Marshal(task{Peer: peer, Workload: w, Picks: w.picks()})
	if err != nil {
		return nil, err
	}
	command := append(slices.Clone(p.commands[peer]), string(b))
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = workerEnvironment()
	cmd.Stderr = os.Stderr
	wk := &worker{peer: peer, cmd: cmd, patience: patience}
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

// ask makes the worker perform an operation.
func (w *worker) ask(op string) (sample, error) {
	if w.gaveUp != nil {
		return sample{}, w.gaveUp
	}
	if _, err := fmt.Fprintln(w.in, op); err != nil {
		return sample{}, err
	}
	return w.answer()
}

// answer waits for the worker's answer, at most as long as patience.
func (w *worker) answer() (s sample, err error) {
	given := time.AfterFunc(w.patience, func() { w.cmd.Process.Kill() })
	said := w.out.Scan()
	if !given.Stop() {
		w.gaveUp = &gaveUpError{w.patience}
		return s, w.gaveUp
	}
	if !said {
		return s, errors.Join(errors.New("the worker ended"), w.out.Err())
	}
	if err := json.Unmarshal(w.out.Bytes(), &s); err != nil {
		return s, err
	}
	if s.Error != "" {
		return s, errors.New(s.Error)
	}
	return s, nil
}

// A gaveUpError says that a peer took longer than the worker's patience.
type gaveUpError struct{ after time.Duration }

func (e *gaveUpError) Error() string { return fmt.Sprintf("more than %v", e.after) }

// stop ends the worker.
func (w *worker) stop() {
	w.in.Close()
	w.cmd.Wait()
}
