package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// A series holds the samples of one peer's rounds of an operation.
type series struct {
	samples []sample
	spent   time.Duration
	failed  error
}

// rounds asks the workers in turn and returns the result of each. Each round begins with another worker, so that no worker always
// goes first.
func (c *config) rounds(w Workload, op Op, workers []*worker) []Result {
	workers = slices.DeleteFunc(slices.Clone(workers), func(wk *worker) bool { return !slices.Contains(op.Peers, wk.peer) })
	all := make([]series, len(workers))
	for round := range c.reps + 1 {
		for turn := range workers {
			i := (turn + round) % len(workers)
			if s := &all[i]; s.failed == nil && s.spent <= c.budget {
				c.round(w, op, workers[i], s)
			}
		}
	}
	var results []Result
	for i, wk := range workers {
		results = append(results, all[i].result(w, op, wk.peer))
	}
	fillRatios(results)
	return results
}

// round adds one sample to s. Before the first sample, the worker returns its free memory to the system, so that the peak shows the
// memory of the operation.
func (c *config) round(w Workload, op Op, wk *worker, s *series) {
	var got sample
	if len(s.samples) == 0 {
		_, s.failed = wk.ask(trimCommand)
	}
	if s.failed == nil {
		got, s.failed = wk.ask(op.Name)
	}
	if s.failed != nil {
		fmt.Fprintf(os.Stderr, "%s %s: %s: %v\n", w.Name, op.Name, wk.peer, s.failed)
		return
	}
	s.spent += time.Duration(got.Seconds * float64(time.Second))
	if op.Picks {
		got = got.each(len(w.picks()))
	}
	s.samples = append(s.samples, got)
}

// result summarizes the samples.
func (s *series) result(w Workload, op Op, peer string) Result {
	if s.failed != nil {
		return failedResult(w, op, peer, s.failed)
	}
	r := Result{Workload: w.Name, Title: w.Title, Op: op.Name, Peer: peer, Growth: w.Growth, Limit: op.Limit[peer]}
	if peer == "ckpt" {
		r.PeakLimit = op.PeakLimit
	}
	r.Peak = s.samples[0].Peak // the first sample, because free memory was returned before it
	counted := s.samples
	if len(counted) > 1 {
		counted = counted[1:]
	}
	for _, c := range counted {
		r.All = append(r.All, c.Seconds)
	}
	r.Min = slices.Min(r.All)
	r.Seconds = median(counted, func(s sample) float64 { return s.Seconds })
	r.Unsynced = median(counted, func(s sample) float64 { return s.Unsynced })
	r.Started = median(counted, func(s sample) float64 { return s.Started })
	r.Read, r.Written = counted[0].Read, counted[0].Written
	return r
}

func failedResult(w Workload, op Op, peer string, err error) Result {
	return Result{Workload: w.Name, Title: w.Title, Op: op.Name, Peer: peer, Growth: w.Growth, Failed: failure(err)}
}

// failure returns the reason that a row of the table gives for a missing measurement.
func failure(err error) string {
	if e := (*gaveUpError)(nil); errors.As(err, &e) {
		return e.Error()
	}
	return "failed: " + err.Error()
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
