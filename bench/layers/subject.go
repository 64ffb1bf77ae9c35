package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// A subject is one model in Go and at the peers.
type subject struct {
	Name    string
	Shape   []int
	File    string // its JSON, weights, input and TensorFlow's output
	Threads int
	Flops   float64 // multiplications and additions per call
	Bytes   float64 // of inputs, outputs and weights, layer by layer
	model   *layers.Model
	input   *layers.Tensor
	work    layers.Context

	ours, tensorflow, onnx []timing
}

// load reads the model and compares its output with TensorFlow's.
func (s *subject) load() error {
	f, err := os.Open(s.File + ".json")
	if err != nil {
		return err
	}
	defer f.Close()
	if s.model, err = layers.FromKeras(f); err != nil {
		return err
	}
	if err := ckpt.LoadWeights(context.Background(), s.File, s.model, ckpt.At("model")); err != nil && !strings.Contains(err.Error(), "no value of the checkpoint matches the model") {
		return err
	}
	if s.input, err = readTensor(s.File+".input", s.Shape); err != nil {
		return err
	}
	s.work.Workspace = new(layers.Workspace)
	got, err := s.model.Forward(&s.work, s.input)
	if err != nil {
		return err
	}
	want, err := readTensor(s.File+".output", got.Shape())
	if err != nil {
		return err
	}
	off, largest := 0.0, 0.0
	for i, v := range want.Data() {
		off = max(off, math.Abs(float64(v)-float64(got.Data()[i])))
		largest = max(largest, math.Abs(float64(v)))
	}
	if !(off <= 1e-3*largest) {
		return fmt.Errorf("an output differs from TensorFlow's by %v; the largest output is %v", off, largest)
	}
	return nil
}

func readTensor(name string, shape tensor.Shape) (*layers.Tensor, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x := tensor.New[float32](shape...)
	return x, binary.Read(f, binary.LittleEndian, x.Data())
}

// ask measures Go and the peers once.
func (s *subject) ask(tensorflow, onnx *peer, each time.Duration) error {
	for _, side := range []struct {
		*peer
		times *[]timing
	}{{tensorflow, &s.tensorflow}, {onnx, &s.onnx}} {
		t, ok, err := side.measure(s.Name, each)
		if err != nil {
			return err
		}
		if ok {
			*side.times = append(*side.times, t)
		}
	}
	ours, err := s.measure(each)
	s.ours = append(s.ours, ours)
	return err
}

// measure returns the time of the calls in Go.
func (s *subject) measure(each time.Duration) (timing, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(min(s.Threads, runtime.NumCPU())))
	if _, err := s.model.Forward(&s.work, s.input); err != nil {
		return timing{}, err
	}
	var times []time.Duration
	begun := processorTime()
	for end := time.Now().Add(each); len(times) == 0 || time.Now().Before(end); {
		start := time.Now()
		y, err := s.model.Forward(&s.work, s.input)
		if err != nil {
			return timing{}, err
		}
		s.work.Workspace.Reuse(y) // ONNX Runtime also reuses outputs that Python drops
		times = append(times, time.Since(start))
	}
	return timing{median(times), (processorTime() - begun) / time.Duration(len(times))}, nil
}

func median(times []time.Duration) time.Duration {
	times = slices.Sorted(slices.Values(times))
	return times[len(times)/2]
}

// walls and cpus return the minimum of a side's turns, 0 if there are none: other programs can only make a turn slower.
func walls(turns []timing) time.Duration {
	return leastOf(turns, func(t timing) time.Duration { return t.wall })
}

func cpus(turns []timing) time.Duration {
	return leastOf(turns, func(t timing) time.Duration { return t.cpu })
}

func leastOf(turns []timing, part func(timing) time.Duration) time.Duration {
	if len(turns) == 0 {
		return 0
	}
	least := part(turns[0])
	for _, t := range turns {
		least = min(least, part(t))
	}
	return least
}
