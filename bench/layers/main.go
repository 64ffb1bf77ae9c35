// Command layers measures Keras models in Go, TensorFlow and ONNX Runtime on the same two processors, in turn, with the same weights and
// inputs. Some models have one layer, others are whole networks. It prints a table of times and ratios.
//
//	go run ./bench/layers -python "$(bench/setup)" -svg docs/benchmarks/layers.svg > docs/benchmarks/LAYERS.md
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"
	"time"
)

// threads is the number of processors that each side may use.
const threads = 2

func main() {
	log.SetFlags(0)
	python := flag.String("python", "python3", "a Python with TensorFlow and Keras 3")
	onnx := flag.String("onnx", "", "a Python with onnx and onnxruntime; empty means the same as -python")
	rounds := flag.Int("rounds", 5, "how often each side is asked about each model")
	each := flag.Duration("each", 300*time.Millisecond, "how long a side runs a model each time")
	only := flag.String("only", "", "measure only models with this in their names")
	svg := flag.String("svg", "", "a file to draw the ratios into")
	flag.Parse()
	if *onnx == "" {
		*onnx = *python
	}
	if err := run(*python, *onnx, *rounds, *each, *only, *svg); err != nil {
		log.Fatal(err)
	}
}

func run(python, onnx string, rounds int, each time.Duration, only, svg string) error {
	runtime.GOMAXPROCS(min(threads, runtime.NumCPU()))
	dir, err := os.MkdirTemp("", "layers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// TensorFlow's peer writes the files that the others read.
	tensorflow, err := startPeer("TensorFlow", python, "bench/layers/peer_tensorflow.py", dir)
	if err != nil {
		return err
	}
	defer tensorflow.close()
	ort, err := startPeer("ONNX Runtime", onnx, "bench/layers/peer_onnx.py", dir)
	if err != nil {
		return err
	}
	defer ort.close()
	var subjects []*subject
	for _, s := range tensorflow.subjects {
		if !strings.Contains(s.Name, only) {
			continue
		}
		if err := s.load(); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		subjects = append(subjects, s)
	}
	var top peaks
	for range rounds {
		top.measure()
		for _, s := range subjects {
			if err := s.ask(tensorflow, ort, each); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		}
	}
	report(os.Stdout, subjects, top)
	if svg == "" {
		return nil
	}
	return os.WriteFile(svg, []byte(plot(subjects)), 0o666)
}
