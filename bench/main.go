// Command bench measures ckpt beside its peers, in one run, on one machine, on the same tensors: TensorFlow,
// safetensors, PyTorch where it is installed, plain system calls, and cp.
//
//	go run ./bench -python "$(bench/setup)"
//
// Every peer holds its model in a process of its own and is asked in turn, so that what disturbs the machine disturbs all
// of them; the first round warms up and is not counted. A save ends when its files and their directory are
// durable: peers that do not sync what they write have it synced for them, within the time measured. Restores read what the
// page cache holds. Memory is what a process's resident set grew to above its model. It prints a table and writes
// results.json, results.md and results.svg.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == workerCommand {
		os.Exit(runWorker(os.Args[2]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A config is what the command line says.
type config struct {
	python, out, dir, only string
	scale                  float64
	reps                   int
	budget                 time.Duration
}

func run(ctx context.Context) error {
	var c config
	flag.StringVar(&c.python, "python", "", "the `interpreter` that bench/setup prints; without it only Go's own are measured")
	flag.StringVar(&c.out, "out", ".", "`directory` for results.json, results.md and results.svg")
	flag.StringVar(&c.dir, "dir", "", "`directory` on the disk to be measured; the default is a temporary one")
	flag.StringVar(&c.only, "only", "", "comma-separated `workloads` to run: "+strings.Join(workloadNames(), ", "))
	flag.Float64Var(&c.scale, "scale", 1, "`factor` on every workload's size")
	flag.IntVar(&c.reps, "reps", 7, "`rounds` that count")
	flag.DurationVar(&c.budget, "budget", 20*time.Second, "`time` after which a peer's operation is not repeated once it has been measured")
	flag.Parse()
	dir, err := os.MkdirTemp(c.dir, "ckpt-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	peers, err := findPeers(ctx, c.python)
	if err != nil {
		return err
	}
	report := &Report{Machine: describeMachine(), Date: time.Now().UTC().Format("2006-01-02"), Scale: c.scale, Versions: peers.versions}
	for _, w := range workloads(c.scale) {
		if c.only != "" && !slices.Contains(strings.Split(c.only, ","), w.Name) {
			continue
		}
		if err := c.measure(ctx, w, peers, filepath.Join(dir, w.Name), report); err != nil {
			return fmt.Errorf("%s: %w", w.Name, err)
		}
		if err := report.write(c.out); err != nil { // each time: what has been measured survives an interruption
			return err
		}
	}
	return report.table(os.Stdout)
}

// measure adds the results of one workload to report.
func (c *config) measure(ctx context.Context, w Workload, peers *peers, dir string, report *Report) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w.Dir = dir
	if err := w.prepare(ctx); err != nil {
		return err
	}
	var workers []*worker
	defer func() {
		for _, w := range workers {
			w.stop()
		}
	}()
	for _, peer := range peers.names {
		if !slices.ContainsFunc(w.Ops, func(o Op) bool { return slices.Contains(o.Peers, peer) }) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: starting %s\n", w.Name, peer)
		started, err := startWorker(ctx, peers, peer, w)
		if err != nil {
			return fmt.Errorf("%s: %w", peer, err)
		}
		workers = append(workers, started)
	}
	for _, op := range w.Ops {
		results := c.rounds(w, op, workers)
		if err := ctx.Err(); err != nil { // what failed was interrupted
			return err
		}
		report.Results = append(report.Results, results...)
	}
	return nil
}

// rounds asks the workers in turn and returns what each of them took.
func (c *config) rounds(w Workload, op Op, workers []*worker) []Result {
	samples := make(map[string][]sample)
	spent := make(map[string]time.Duration)
	failed := make(map[string]string)
	for round := range c.reps + 1 {
		for _, wk := range workers {
			if !slices.Contains(op.Peers, wk.peer) || failed[wk.peer] != "" || round > 1 && spent[wk.peer] > c.budget {
				continue
			}
			s, err := wk.ask(op.Name)
			if err != nil {
				failed[wk.peer] = err.Error()
				fmt.Fprintf(os.Stderr, "%s %s: %s: %v\n", w.Name, op.Name, wk.peer, err)
				continue
			}
			if round > 0 {
				spent[wk.peer] += time.Duration(s.Seconds * float64(time.Second))
			}
			samples[wk.peer] = append(samples[wk.peer], s)
		}
	}
	var results []Result
	for _, wk := range workers {
		got := samples[wk.peer]
		if len(got) < 2 {
			if reason := failed[wk.peer]; reason != "" {
				results = append(results, Result{Workload: w.Name, Title: w.Title, Op: op.Name, Peer: wk.peer, Failed: reason})
			}
			continue
		}
		r := Result{Workload: w.Name, Title: w.Title, Op: op.Name, Peer: wk.peer, Limit: op.Limit[wk.peer]}
		for _, s := range got {
			r.Peak = max(r.Peak, s.Peak) // the first round's too
		}
		got = got[1:]
		for _, s := range got {
			r.All = append(r.All, s.Seconds)
		}
		r.Seconds = median(got, func(s sample) float64 { return s.Seconds })
		r.Unsynced = median(got, func(s sample) float64 { return s.Unsynced })
		r.Read, r.Written = got[0].Read, got[0].Written
		results = append(results, r)
	}
	fillRatios(results)
	return results
}

func median(s []sample, of func(sample) float64) float64 {
	values := make([]float64, len(s))
	for i := range s {
		values[i] = of(s[i])
	}
	slices.SortFunc(values, cmp.Compare[float64])
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}

// fillRatios compares each peer of one operation with ckpt.
func fillRatios(results []Result) {
	own := slices.IndexFunc(results, func(r Result) bool { return r.Peer == "ckpt" })
	if own < 0 || results[own].Seconds == 0 {
		return
	}
	for i := range results {
		if results[i].Seconds > 0 {
			results[i].Ratio = results[own].Seconds / results[i].Seconds
		}
	}
}

// peers are those that this machine has, in the order in which they are asked.
type peers struct {
	python   string
	names    []string
	versions map[string]string
}

// findPeers asks the Python interpreter which peers it can import.
func findPeers(ctx context.Context, python string) (*peers, error) {
	p := &peers{python: python, names: []string{"ckpt", "mapped", "raw", "cp"}, versions: map[string]string{}}
	if python == "" {
		return p, nil
	}
	out, err := exec.CommandContext(ctx, python, peersScript(), "versions").Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", python, err)
	}
	if err := json.Unmarshal(out, &p.versions); err != nil {
		return nil, err
	}
	for _, name := range []string{"tensorflow", "safetensors", "torch"} {
		if p.versions[name] != "" {
			p.names = append(p.names, name)
		}
	}
	return p, nil
}

// peersScript is where the Python side is, seen from the module's root or from bench itself.
func peersScript() string {
	if _, err := os.Stat("peers.py"); err == nil {
		return "peers.py"
	}
	return filepath.Join("bench", "peers.py")
}
