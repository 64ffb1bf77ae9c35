// Command bench measures ckpt and its peers, in one run, on one machine, on the same tensors: TensorFlow, safetensors from
// Python and from Rust, PyTorch, Orbax, NumPy, h5py, plain system calls, and cp. The workloads safetensors, npz, hdf5 and pt compare ckpt with the
// libraries of the formats' makers. In load64 and load20000 a fresh process loads a file. Workload command compares list and verify of the command
// line with sha256sum.
//
//	go run ./bench -python "$(bench/setup)"
//
// Every peer holds its model in a separate process. Peers take turns, so that other load on the machine affects all of them. The first round
// warms up and is not counted. A save begins when no writes are pending, and ends when its files and their directory are durable. For peers
// that do not sync their files, bench syncs them, and the measured time includes this. Restores read from the page cache. Memory is the growth
// of a process's resident set above its model. Bench prints a table and writes results.json, results.md and results.svg.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == workerCommand {
		os.Exit(runWorker(os.Args[2]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A config holds the command-line flags.
type config struct {
	python, rust, out, dir, memory, only string
	scale                                float64
	reps                                 int
	budget, patience, limit              time.Duration
}

func run(ctx context.Context) (err error) {
	var c config
	flag.StringVar(&c.python, "python", "", "the `interpreter` that bench/setup prints; without it only peers in Go and Rust are measured")
	flag.StringVar(&c.rust, "rust", besideBench(".cache/bench-rust/release/ckpt-bench-worker"), "the `program` that bench/setup builds; skipped if it does not exist")
	flag.StringVar(&c.out, "out", ".", "`directory` for results.json, results.md and results.svg")
	flag.StringVar(&c.dir, "dir", "", "`directory` on the disk to measure; the default is a temporary one")
	flag.StringVar(&c.memory, "memory", "/dev/shm", "`directory` in memory, for saves that do not wait for a disk; skipped if it does not exist")
	flag.StringVar(&c.only, "only", "", "comma-separated `workloads` to run: "+strings.Join(workloadNames(), ", "))
	flag.Float64Var(&c.scale, "scale", 1, "`factor` that multiplies every workload's size")
	flag.IntVar(&c.reps, "reps", 7, "`rounds` that count")
	flag.DurationVar(&c.budget, "budget", 20*time.Second, "`time` after which a peer's operation is not repeated; if the warm-up alone takes longer, it is the measurement")
	flag.DurationVar(&c.patience, "patience", 2*time.Minute, "`time` after which a peer that has not started or finished an operation is dropped from the workload")
	flag.DurationVar(&c.limit, "limit", 0, "`time` after which no further workload begins; 0 means no limit")
	flag.Parse()
	started := time.Now()
	only, err := selected(c.only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(c.dir, "ckpt-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	memory := ""
	if _, err := os.Stat(c.memory); err == nil {
		if memory, err = os.MkdirTemp(c.memory, "ckpt-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(memory)
	}
	peers, err := findPeers(ctx, c.python, c.rust)
	if err != nil {
		return err
	}
	report := &Report{Machine: describeMachine(), Date: time.Now().UTC().Format(time.DateOnly), Scale: c.scale, Versions: peers.versions, Load: []string{load()}}
	for _, w := range workloads(c.scale) {
		if !only(w.Name) {
			continue
		}
		if c.limit > 0 && time.Since(started) > c.limit {
			fmt.Fprintf(os.Stderr, "%s: skipped, the limit of %v has passed\n", w.Name, c.limit)
			continue
		}
		w.Dir, w.Memory = filepath.Join(dir, w.Name), memory
		if err := c.measure(ctx, w, peers, report); err != nil {
			return fmt.Errorf("%s: %w", w.Name, err)
		}
		report.Load = append(report.Load[:1], load())
		if err := report.write(c.out); err != nil { // after each workload, so that results survive an interruption
			return err
		}
	}
	return report.table(os.Stdout)
}

// selected returns a function that reports whether only names a workload. All named workloads must exist.
func selected(only string) (func(string) bool, error) {
	if only == "" {
		return func(string) bool { return true }, nil
	}
	names := strings.Split(only, ",")
	for _, name := range names {
		if !slices.Contains(workloadNames(), name) {
			return nil, fmt.Errorf("unknown workload %q: expected one of %s", name, strings.Join(workloadNames(), ", "))
		}
	}
	return func(name string) bool { return slices.Contains(names, name) }, nil
}

// measure adds the results of one workload to report.
func (c *config) measure(ctx context.Context, w Workload, peers *peers, report *Report) error {
	if err := os.MkdirAll(w.Dir, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(w.Dir)
	if w.Memory == "" {
		w.Ops = slices.DeleteFunc(w.Ops, func(o Op) bool { return strings.HasSuffix(o.Name, toMemory) })
	}
	if err := w.prepare(ctx, peers); err != nil {
		return err
	}
	if w.Kind == "load" {
		for _, op := range w.Ops {
			report.Results = append(report.Results, c.loads(ctx, w, op, peers)...)
		}
		return ctx.Err()
	}
	var workers []*worker
	defer func() {
		for _, w := range workers {
			w.stop()
		}
	}()
	for _, peer := range peers.names {
		if !anyHas(w.Ops, peer) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: starting %s\n", w.Name, peer)
		started, err := startWorker(ctx, peers, peer, w, c.patience)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil: // the other peers continue
			fmt.Fprintf(os.Stderr, "%s: %s: %v\n", w.Name, peer, err)
			report.Results = append(report.Results, failedResult(w, Op{Name: "start"}, peer, err))
		default:
			workers = append(workers, started)
		}
	}
	for i, op := range w.Ops {
		results := c.rounds(w, op, workers)
		if err := ctx.Err(); err != nil { // the failures come from the interruption
			return err
		}
		report.Results = append(report.Results, results...)
		workers = slices.DeleteFunc(workers, func(wk *worker) bool {
			done := !anyHas(w.Ops[i+1:], wk.peer)
			if done { // free its memory for the other peers' page cache
				wk.stop()
			}
			return done
		})
	}
	return nil
}

// anyHas reports whether a peer supports any of the operations.
func anyHas(ops []Op, peer string) bool {
	return slices.ContainsFunc(ops, func(o Op) bool { return slices.Contains(o.Peers, peer) })
}
