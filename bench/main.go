// Command bench measures ckpt beside its peers, in one run, on one machine, on the same tensors: TensorFlow, safetensors from
// Python and from Rust, PyTorch, Orbax, NumPy, h5py, plain system calls, and cp. The workloads safetensors, npz, hdf5 and pt are of the formats of
// other makers, each beside the maker's own library. load64 and load20000 are of processes that are started to load a file, and command is the
// command line's list and verify beside sha256sum.
//
//	go run ./bench -python "$(bench/setup)"
//
// Every peer holds its model in a separate process, and peers take turns, so that what disturbs the machine disturbs all
// of them; the first round warms up and is not counted. A save begins when nothing waits to be written, and ends when its files and
// their directory are durable: peers that do not sync what they write have it synced for them, within the time measured. Restores read what the
// page cache holds. Memory is what a process's resident set grew to above its model. It prints a table and writes
// results.json, results.md and results.svg.
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

// A config is what the command line says.
type config struct {
	python, rust, out, dir, memory, only string
	scale                                float64
	reps                                 int
	budget, patience, limit              time.Duration
}

func run(ctx context.Context) (err error) {
	var c config
	flag.StringVar(&c.python, "python", "", "the `interpreter` that bench/setup prints; without it only Go's own and Rust's are measured")
	flag.StringVar(&c.rust, "rust", besideBench(".cache/bench-rust/release/ckpt-bench-worker"), "the `program` that bench/setup builds, left out where it is not there")
	flag.StringVar(&c.out, "out", ".", "`directory` for results.json, results.md and results.svg")
	flag.StringVar(&c.dir, "dir", "", "`directory` on the disk to be measured; the default is a temporary one")
	flag.StringVar(&c.memory, "memory", "/dev/shm", "`directory` that is memory, for saves that wait for no disk; left out where it is not there")
	flag.StringVar(&c.only, "only", "", "comma-separated `workloads` to run: "+strings.Join(workloadNames(), ", "))
	flag.Float64Var(&c.scale, "scale", 1, "`factor` on every workload's size")
	flag.IntVar(&c.reps, "reps", 7, "`rounds` that count")
	flag.DurationVar(&c.budget, "budget", 20*time.Second, "`time` after which a peer's operation is not repeated; where the warm-up alone took it, that is its measurement")
	flag.DurationVar(&c.patience, "patience", 2*time.Minute, "`time` after which a peer that has not started, or not done an operation, is given up for the workload")
	flag.DurationVar(&c.limit, "limit", 0, "`time` after which no further workload is begun; 0 is no limit")
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
			fmt.Fprintf(os.Stderr, "%s: left out, the limit of %v is past\n", w.Name, c.limit)
			continue
		}
		w.Dir, w.Memory = filepath.Join(dir, w.Name), memory
		if err := c.measure(ctx, w, peers, report); err != nil {
			return fmt.Errorf("%s: %w", w.Name, err)
		}
		report.Load = append(report.Load[:1], load())
		if err := report.write(c.out); err != nil { // each time: what has been measured survives an interruption
			return err
		}
	}
	return report.table(os.Stdout)
}

// selected reports whether a workload is one of those named. All named workloads must exist.
func selected(only string) (func(string) bool, error) {
	if only == "" {
		return func(string) bool { return true }, nil
	}
	names := strings.Split(only, ",")
	for _, name := range names {
		if !slices.Contains(workloadNames(), name) {
			return nil, fmt.Errorf("no workload is called %q: there are %s", name, strings.Join(workloadNames(), ", "))
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
		case err != nil: // the others go on
			fmt.Fprintf(os.Stderr, "%s: %s: %v\n", w.Name, peer, err)
			report.Results = append(report.Results, failedResult(w, Op{Name: "start"}, peer, err))
		default:
			workers = append(workers, started)
		}
	}
	for i, op := range w.Ops {
		results := c.rounds(w, op, workers)
		if err := ctx.Err(); err != nil { // what failed was interrupted
			return err
		}
		report.Results = append(report.Results, results...)
		workers = slices.DeleteFunc(workers, func(wk *worker) bool {
			done := !anyHas(w.Ops[i+1:], wk.peer)
			if done { // its memory is the others' page cache
				wk.stop()
			}
			return done
		})
	}
	return nil
}

// anyHas reports whether a peer can do any of the operations.
func anyHas(ops []Op, peer string) bool {
	return slices.ContainsFunc(ops, func(o Op) bool { return slices.Contains(o.Peers, peer) })
}
