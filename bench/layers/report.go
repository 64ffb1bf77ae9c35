package main

import (
	_ "embed"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/gockpt/ckpt/tensor"
)

func report(w io.Writer, subjects []*subject, top peaks) {
	fmt.Fprintf(w, `# Layers beside TensorFlow and ONNX Runtime

The best of %d turns, each a median of calls, on %d processors of the same machine, %s, Go %s. TensorFlow runs the graph of the same Keras model, ONNX Runtime
a graph of the same layers with channels first and its own operator for attention; weights, inputs and threads are the same. A speed above 1
is faster than that peer; the last column compares the time of all processors with ONNX Runtime's. Threads of both wait by spinning for a while.
Results are given back after each call (Workspace.Reuse), as those of ONNX Runtime are where Python drops them.

The machine does %.0f fused multiplications and additions a nanosecond and copies %.1f bytes a nanosecond. The share of the peak is how much of one of
the two a model uses, whichever is more, counted layer by layer, in Go and in ONNX Runtime: what is in a cache may be beyond the copy's.

    go run ./bench/layers -python "$(bench/setup)" -svg docs/benchmarks/layers.svg > docs/benchmarks/LAYERS.md

![speeds](layers.svg)

`, len(subjects[0].ours), runtime.GOMAXPROCS(0), time.Now().Format(time.DateOnly), strings.TrimPrefix(runtime.Version(), "go"), top.fma/2, top.copied)
	fmt.Fprintln(w, "| model | input | Go | TensorFlow | ONNX Runtime | × TensorFlow | × ONNX | share of the peak, Go | ONNX | × ONNX, processors |")
	fmt.Fprintln(w, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, s := range subjects {
		ours, theirs, onnx := walls(s.ours), walls(s.tensorflow), walls(s.onnx)
		fmt.Fprintf(w, "| %s | %v | %v | %v | %v | %s | %s | %.0f %% | %.0f %% | %s |\n", s.Name, tensor.Shape(s.Shape), round(ours), orNone(theirs), orNone(onnx),
			ratio(theirs, ours), ratio(onnx, ours), 100*s.share(top, ours), 100*s.share(top, onnx), ratio(cpus(s.onnx), cpus(s.ours)))
	}
	fmt.Fprintf(w, "\n%s\n%s", summary(subjects), reasons)
}

// reasons is what is known about the rows behind a peer.
//
//go:embed reasons.md
var reasons string

// enough is the least speed beside ONNX Runtime that is aimed at.
const enough = 0.9

// summary counts the rows that reach what is aimed at.
func summary(subjects []*subject) string {
	var rows, fast, cheap int
	least := math.Inf(1)
	for _, s := range subjects {
		if theirs := walls(s.tensorflow); theirs > 0 {
			least = min(least, float64(theirs)/float64(walls(s.ours)))
		}
		rows++
		if float64(walls(s.onnx)) >= enough*float64(walls(s.ours)) {
			fast++
		}
		if float64(cpus(s.onnx)) >= enough*float64(cpus(s.ours)) {
			cheap++
		}
	}
	return fmt.Sprintf("Every row is at least %.2f times as fast as TensorFlow. Beside ONNX Runtime %d of %d rows reach %v of its speed, and %d by the time of all processors.\n",
		least, fast, rows, enough, cheap)
}

// share returns how much of the machine's peak, of arithmetic or of memory, calls use that take so long.
func (s *subject) share(top peaks, call time.Duration) float64 {
	ns := float64(max(call, 1).Nanoseconds())
	part := float64(s.Threads) / threads
	return max(s.Flops/ns/(top.fma*part), s.Bytes/ns/(top.copied*part))
}

func ratio(theirs, ours time.Duration) string {
	if theirs == 0 || ours == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", float64(theirs)/float64(ours))
}

func orNone(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return round(d).String()
}

func round(d time.Duration) time.Duration { return d.Round(max(time.Microsecond/10, d/1000)) }
