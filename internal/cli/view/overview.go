package view

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// forAll calls f with every row, several calls at a time.
func (s *Set) forAll(ctx context.Context, f func(ctx context.Context, row int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var taken atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for row := int(taken.Add(1) - 1); row < len(s.paths); row = int(taken.Add(1) - 1) {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err := f(ctx, row); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// changesView lists the differences between two checkpoints.
type changesView struct {
	Summary string
	Rows    []changeRow // the largest differences first
}

type changeRow struct {
	Path, Form string
	*comparison
}

// maxChanges is the largest number of differences that the overview lists.
const maxChanges = 200

// changes compares all tensors.
func (s *Set) changes(ctx context.Context) (*changesView, error) {
	all := make([]*comparison, len(s.paths))
	err := s.forAll(ctx, func(ctx context.Context, row int) (err error) {
		c, err := s.compare(ctx, row)
		if c != nil && (c.Change != same || c.Problem != "") {
			all[row] = c
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	counts := make(map[change]int64)
	var rows []int
	for row, c := range all {
		if c != nil {
			counts[c.Change]++
			rows = append(rows, row)
		}
	}
	alike := int64(len(s.paths)) - counts[added] - counts[removed] - counts[reshaped] - counts[changed]
	v := &changesView{Summary: fmt.Sprintf("%s the same, %s changed, %s new, %s gone, %s reshaped.",
		counted(alike, "tensor"), grouped(counts[changed]), grouped(counts[added]), grouped(counts[removed]), grouped(counts[reshaped]))}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(weight(all[b]), weight(all[a])) })
	if len(rows) > maxChanges {
		v.Summary += fmt.Sprintf(" The first %d are listed; the tree has all.", maxChanges)
	}
	for _, row := range rows[:min(len(rows), maxChanges)] {
		r := changeRow{Path: s.pathText(row), comparison: all[row]}
		switch r.Change {
		case added:
			r.Form = form(s.entry(row, s.latest()))
		case removed:
			r.Form = form(s.entry(row, 0))
		case reshaped:
			r.Form = form(s.entry(row, 0)) + " → " + form(s.entry(row, s.latest()))
		}
		v.Rows = append(v.Rows, r)
	}
	return v, nil
}

// weight returns the key by which differences are sorted, largest first.
func weight(c *comparison) float64 {
	switch {
	case c.Problem != "":
		return math.Inf(1)
	case c.Change != changed:
		return math.MaxFloat64
	case c.Relative != c.Relative || math.IsInf(c.Relative, 0):
		return math.MaxFloat64 / 2 // relative to zero, or not numeric
	}
	return c.Relative
}

// norms returns the norm of all numbers of each of the run's checkpoints.
func (s *Set) norms(ctx context.Context) (*moved, error) {
	each := make([][]float64, len(s.paths)) // summed in a fixed order, whatever the order of reading
	err := s.forAll(ctx, func(ctx context.Context, row int) error {
		squares := make([]float64, len(s.sources))
		for i := range s.sources {
			m, err := s.measure(ctx, row, i)
			if err != nil {
				return err
			}
			if n := m.Norm(); n == n {
				squares[i] = n * n
			}
		}
		each[row] = squares
		return nil
	})
	if err != nil {
		return nil, err
	}
	norms := make([]float64, len(s.sources))
	for _, squares := range each {
		for i, v := range squares {
			norms[i] += v
		}
	}
	for i := range norms {
		norms[i] = math.Sqrt(norms[i])
	}
	return newMoved(s, "Norm of all values", norms), nil
}
