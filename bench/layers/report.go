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
	fmt.Fprintf(w, `# Layers, compared with TensorFlow and ONNX Runtime

The best of %d turns, each a median of calls, on %d processors of the same machine, %s, Go %s. TensorFlow runs the graph of the same Keras model. ONNX Runtime
runs a graph of the same layers with channels first and its own operator for attention. Weights, inputs and threads are the same. A ratio above 1
means that Go is faster than that peer. The last column compares the CPU time of all processors with ONNX Runtime's. Idle threads of both spin for a while.
Memory of results is reused after each call (Workspace.Reuse); ONNX Runtime reuses it when Python drops the results.

The machine does %.0f fused multiplications and additions per nanosecond and copies %.1f bytes per nanosecond. The share of the peak is the larger of
the two fractions of these rates that a model reaches, counted layer by layer. It can exceed 100 %% if the data is in a cache.

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

// reasons explains the rows in which Go is slower than a peer.
//
//go:embed reasons.md
var reasons string

// enough is the target: the least speed relative to ONNX Runtime's.
const enough = 0.9

// summary counts the rows that reach the target.
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
	return fmt.Sprintf("Every row is at least %.2f times as fast as TensorFlow. In %d of %d rows, Go reaches at least %v of ONNX Runtime's speed, and in %d rows if the CPU time of all processors is compared.\n",
		least, fast, rows, enough, cheap)
}

// share returns the percentage of the machine's peak, of arithmetic or of memory, that calls of this duration reach.
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
