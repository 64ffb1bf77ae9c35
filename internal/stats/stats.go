// Package stats summarizes the values of tensors: their number, range and spread.
package stats

import (
	"context"
	"fmt"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// A Summary summarizes the values of a tensor, or of a part of it. Mean, Deviation, Min and Max describe the finite values, and
// are NaN if there are none. A complex number counts with its magnitude, a bool as 0 or 1.
type Summary struct {
	Count     int64 // number of all values
	Zeros     int64
	NaNs      int64
	Infs      int64
	Mean      float64
	Deviation float64 // the root of the mean squared distance from Mean
	Min, Max  float64
	moments   moments
}

// moments allow the mean and the deviation of two parts to be combined (Chan, Golub and LeVeque 1979).
type moments struct {
	n, mean, squares float64
}

// Of returns the summary of t's values. The error is that of ctx, or says that t does not hold numbers.
func Of(ctx context.Context, t tensor.Any) (*Summary, error) {
	if _, ok := tensor.Bytes(t); !ok {
		return nil, fmt.Errorf("stats: values of %v are not numbers", t.DType())
	}
	parts := make([]Summary, chunks(t))
	err := eachChunk(ctx, t, func(i int, part []float32, values []float64) {
		parts[i] = summarizePart(part, values)
	})
	if err != nil {
		return nil, err
	}
	s := summarize(nil)
	for i := range parts {
		s.Add(&parts[i])
	}
	return &s, nil
}

func summarizePart(part []float32, values []float64) Summary {
	if part == nil {
		return summarize(values)
	}
	return summarize32(part)
}

// summarize summarizes a few values. It takes two passes, for the deviation.
func summarize(values []float64) Summary {
	s := Summary{Count: int64(len(values)), Min: math.NaN(), Max: math.NaN(), Mean: math.NaN(), Deviation: math.NaN()}
	m := &s.moments
	for _, v := range values {
		switch {
		case v != v:
			s.NaNs++
			continue
		case math.IsInf(v, 0):
			s.Infs++
			continue
		case v == 0:
			s.Zeros++
		}
		if m.n == 0 {
			s.Min, s.Max = v, v
		}
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		m.n++
		m.mean += v
	}
	if m.n == 0 {
		return s
	}
	m.mean /= m.n
	for _, v := range values {
		if v-v == 0 { // finite
			m.squares += (v - m.mean) * (v - m.mean)
		}
	}
	s.finish()
	return s
}

// Add makes s the summary of both its values and o's.
func (s *Summary) Add(o *Summary) {
	s.Count += o.Count
	s.Zeros += o.Zeros
	s.NaNs += o.NaNs
	s.Infs += o.Infs
	a, b := s.moments, o.moments
	switch {
	case b.n == 0:
		return
	case a.n == 0:
		s.Min, s.Max, s.moments = o.Min, o.Max, b
	default:
		s.Min, s.Max = min(s.Min, o.Min), max(s.Max, o.Max)
		n, apart := a.n+b.n, b.mean-a.mean
		s.moments = moments{n, a.mean + apart*(b.n/n), a.squares + b.squares + apart*apart*(a.n*b.n/n)}
	}
	s.finish()
}

func (s *Summary) finish() {
	s.Mean, s.Deviation = s.moments.mean, math.Sqrt(s.moments.squares/s.moments.n)
}
