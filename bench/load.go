package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A workload of the kind "load" measures what users see: a process starts and loads a file into a model without tensors, until the
// last weight is in memory. Each sample is a new process. Its time includes the start.

// The operations on such a workload.
const (
	loadWarm = "load, file in the page cache"
	loadCold = "load, file on the disk"
)

// loadModel is the model that ckpt loads into, and the model that the files are written from.
type loadModel struct {
	List []*tensor.Tensor[float32]
}

// The files of a workload of the kind "load", beside model.pt, which PyTorch's peer writes. Each peer loads one.
const (
	loadSafetensors = "model.safetensors"
	loadBundle      = "model"
	loadNPZ         = "model.npz"
)

// prepareLoad writes the files.
func prepareLoad(ctx context.Context, w Workload, p *peers) error {
	m := &loadModel{List: task{Workload: w}.model()}
	for _, name := range []string{loadSafetensors, loadBundle, loadNPZ} {
		if err := ckpt.SaveWeights(ctx, filepath.Join(w.Dir, name), m); err != nil {
			return err
		}
	}
	if p.versions["torch"] == "" {
		return nil
	}
	_, err := once(ctx, p, "torch", w, "prepare")
	return err
}

// loads adds a result for each peer of one operation.
func (c *config) loads(ctx context.Context, w Workload, op Op, p *peers) []Result {
	var names []string
	for _, name := range op.Peers {
		if p.commands[name] != nil {
			names = append(names, name)
		}
	}
	all := make([]series, len(names))
	for round := range c.reps + 1 {
		for turn := range names {
			i := (turn + round) % len(names)
			s := &all[i]
			if s.failed != nil || s.spent > c.budget {
				continue
			}
			got, err := c.load(ctx, w, op, p, names[i])
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s %s: %s: %v\n", w.Name, op.Name, names[i], err)
				s.failed = err
				continue
			}
			s.spent += time.Duration(got.Seconds * float64(time.Second))
			s.samples = append(s.samples, got)
		}
	}
	var results []Result
	for i, name := range names {
		results = append(results, all[i].result(w, op, name))
	}
	fillRatios(results)
	return results
}

// load measures one sample.
func (c *config) load(ctx context.Context, w Workload, op Op, p *peers, peer string) (sample, error) {
	prepare := warm
	if op.Name == loadCold {
		prepare = evict
	}
	if err := prepare(filepath.Join(w.Dir, "model*")); err != nil {
		return sample{}, err
	}
	patient, cancel := context.WithTimeoutCause(ctx, c.patience, &gaveUpError{c.patience})
	defer cancel()
	s, err := once(patient, p, peer, w, "load")
	if err != nil && patient.Err() != nil {
		err = context.Cause(patient)
	}
	return s, err
}

// once starts a process of a peer that performs one task and ends. The process reports when it begins the task and when it has
// finished it. After comparing its values it reports its sample.
func once(ctx context.Context, p *peers, peer string, w Workload, what string) (s sample, err error) {
	b, err := json.Marshal(task{Peer: peer, Workload: w, Once: what})
	if err != nil {
		return s, err
	}
	command := append(p.commands[peer][:len(p.commands[peer]):len(p.commands[peer])], string(b))
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = workerEnvironment()
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return s, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return s, err
	}
	lines := bufio.NewScanner(out)
	var at [3]float64
	for i := range at {
		if !lines.Scan() {
			return s, errors.Join(errors.New("the process ended before it had finished"), lines.Err(), cmd.Wait())
		}
		at[i] = time.Since(start).Seconds()
	}
	err = json.Unmarshal(lines.Bytes(), &s)
	if err == nil && s.Error != "" {
		err = errors.New(s.Error)
	}
	s.Started, s.Seconds = at[0], at[1]
	return s, errors.Join(err, cmd.Wait())
}

// runOnce is the main function of such a process in Go.
func runOnce(t task) error {
	fmt.Println("{}")
	m := &loadModel{}
	var err error
	switch t.Peer {
	case "ckpt":
		err = ckpt.LoadWeights(context.Background(), filepath.Join(t.Dir, loadSafetensors), m)
	case "ckpt, TensorFlow's format":
		err = ckpt.LoadWeights(context.Background(), filepath.Join(t.Dir, loadBundle), m)
	case "raw":
		m.List, err = readFresh(filepath.Join(t.Dir, loadBundle+".data-00000-of-00001"), t)
	default:
		err = fmt.Errorf("unknown peer %q", t.Peer)
	}
	fmt.Println("{}")
	s := sample{Peak: peakResident()}
	if err == nil && len(m.List) != t.Tensors {
		err = fmt.Errorf("loaded %d tensors, want %d", len(m.List), t.Tensors)
	}
	if err == nil {
		err = check(m.List)
	}
	if err != nil {
		s.Error = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// readFresh reads a file that holds only tensors into new memory, with one goroutine per processor. Every load does at least this
// much work.
func readFresh(name string, t task) ([]*tensor.Tensor[float32], error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list := make([]*tensor.Tensor[float32], t.Tensors)
	failed := make(chan error)
	workers := runtime.NumCPU()
	for w := range workers {
		go func() {
			var err error
			for i := w; i < len(list) && err == nil; i += workers {
				list[i] = tensor.New[float32](t.Elements)
				b, _ := tensor.Bytes(list[i])
				_, err = f.ReadAt(b, int64(i)*int64(len(b)))
			}
			failed <- err
		}()
	}
	for range workers {
		err = errors.Join(err, <-failed)
	}
	return list, err
}
