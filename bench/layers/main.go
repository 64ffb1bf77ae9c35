// Command layers measures Keras layers in Go beside TensorFlow on the same two processors: models of one layer each, with the
// same weights, asked in turn. It prints a table of medians and ratios.
//
//	go run ./bench/layers -python "$(bench/setup)" > docs/benchmarks/LAYERS.md
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// A subject is one model, on both sides.
type subject struct {
	Name  string
	Shape []int
	File  string // its JSON and its weights
	model *layers.Model
	input *layers.Tensor
	work  layers.Context
	ours  []time.Duration
	peers []time.Duration
}

func main() {
	log.SetFlags(0)
	python := flag.String("python", "python3", "a Python with TensorFlow and Keras 3")
	rounds := flag.Int("rounds", 5, "how often each side is asked about each model")
	each := flag.Duration("each", 300*time.Millisecond, "how long a side runs a model each time")
	flag.Parse()
	if err := run(*python, *rounds, *each); err != nil {
		log.Fatal(err)
	}
}

func run(python string, rounds int, each time.Duration) error {
	runtime.GOMAXPROCS(min(2, runtime.NumCPU()))
	dir, err := os.MkdirTemp("", "layers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	peer, err := startPeer(python, dir)
	if err != nil {
		return err
	}
	defer peer.close()
	for range rounds {
		for i := range peer.subjects {
			s := &peer.subjects[i]
			theirs, err := peer.measure(s.Name, each)
			if err != nil {
				return err
			}
			ours, err := s.measure(each)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			s.peers, s.ours = append(s.peers, theirs), append(s.ours, ours)
		}
	}
	report(os.Stdout, peer.subjects)
	return nil
}

// A peer is the process of TensorFlow.
type peer struct {
	cmd      *exec.Cmd
	ask      io.WriteCloser
	answers  *bufio.Reader
	subjects []subject
}

func startPeer(python, dir string) (*peer, error) {
	p := &peer{cmd: exec.Command(python, "bench/layers/peer.py", dir)}
	p.cmd.Stderr = io.Discard
	var err error
	if p.ask, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.answer(&p.subjects); err != nil {
		return nil, err
	}
	for i := range p.subjects {
		if err := p.subjects[i].load(); err != nil {
			return nil, fmt.Errorf("%s: %w", p.subjects[i].Name, err)
		}
	}
	return p, nil
}

func (p *peer) answer(to any) error {
	line, err := p.answers.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("TensorFlow's process ended: %w", err)
	}
	return json.Unmarshal(line, to)
}

// measure returns the median time of TensorFlow's calls of one model.
func (p *peer) measure(name string, each time.Duration) (time.Duration, error) {
	question, err := json.Marshal(map[string]any{"case": name, "seconds": each.Seconds()})
	if err != nil {
		return 0, err
	}
	if _, err := p.ask.Write(append(question, '\n')); err != nil {
		return 0, err
	}
	var got struct{ Seconds float64 }
	err = p.answer(&got)
	return time.Duration(got.Seconds * float64(time.Second)), err
}

func (p *peer) close() {
	p.ask.Close()
	_ = p.cmd.Wait() // its answers have been read
}

func (s *subject) load() error {
	f, err := os.Open(s.File + ".json")
	if err != nil {
		return err
	}
	defer f.Close()
	if s.model, err = layers.FromKeras(f); err != nil {
		return err
	}
	if err := ckpt.LoadWeights(context.Background(), s.File, s.model, ckpt.At("model")); err != nil && !strings.Contains(err.Error(), "nothing of the checkpoint belongs") {
		return err
	}
	s.input = tensor.New[float32](s.Shape...)
	for i := range s.input.Data() {
		s.input.Data()[i] = float32(rand.NormFloat64())
	}
	s.work.Workspace = new(layers.Workspace)
	return nil
}

// measure returns the median time of our calls.
func (s *subject) measure(each time.Duration) (time.Duration, error) {
	var times []time.Duration
	for end := time.Now().Add(each); len(times) == 0 || time.Now().Before(end); {
		start := time.Now()
		if _, err := s.model.Forward(&s.work, s.input); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	return median(times), nil
}

func median(times []time.Duration) time.Duration {
	times = slices.Sorted(slices.Values(times))
	return times[len(times)/2]
}

func report(w io.Writer, subjects []subject) {
	fmt.Fprintf(w, "# Layers beside TensorFlow\n\nMedians of %d turns on %d processors of the same machine, %s, Go %s, TensorFlow's graph of the same Keras model with the same\nweights on as many threads. A speed above 1 is faster than TensorFlow.\n\n    go run ./bench/layers -python \"$(bench/setup)\"\n\n",
		len(subjects[0].ours), runtime.GOMAXPROCS(0), time.Now().Format(time.DateOnly), strings.TrimPrefix(runtime.Version(), "go"))
	fmt.Fprintln(w, "| layer | input | Go | TensorFlow | speed |\n| --- | --- | --- | --- | --- |")
	for _, s := range subjects {
		ours, theirs := median(s.ours), median(s.peers)
		fmt.Fprintf(w, "| %s | %v | %v | %v | %.2f |\n", s.Name, tensor.Shape(s.Shape), round(ours), round(theirs), float64(theirs)/float64(ours))
	}
}

func round(d time.Duration) time.Duration { return d.Round(max(time.Microsecond/10, d/1000)) }
