package view

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/gockpt/ckpt/internal/cli/text"
	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/tensor"
)

// bins is the number of bars of a histogram.
const bins = 48

// A measure describes the values of one tensor. If the tensor could not be read, only Problem is set.
type measure struct {
	*stats.Summary         // nil if the values are not numbers
	Bins           []int64 // from the smallest to the largest value
	Heat           *heat   // set if the Set's tensors are drawn when they are read
	Text           string  // the beginning of a tensor of strings
	Problem        string
}

// Norm returns the L2 norm of the finite values.
func (m *measure) Norm() float64 {
	if m == nil || m.Summary == nil {
		return math.NaN()
	}
	n := float64(m.Count - m.NaNs - m.Infs)
	if n == 0 {
		return 0
	}
	return math.Sqrt(n * (m.Mean*m.Mean + m.Deviation*m.Deviation))
}

// measure measures a row's tensor in a source and caches the result. It returns nil if the source lacks the tensor. The only error is
// the context's.
func (s *Set) measure(ctx context.Context, row, source int) (*measure, error) {
	if s.entry(row, source) == nil {
		return nil, nil
	}
	at := cacheKey{row, source}
	if m := s.cache.get(at); m != nil {
		return m, nil
	}
	release, err := s.cache.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	t, err := s.read(ctx, row, source)
	m := new(measure)
	if err == nil {
		m, err = measureTensor(ctx, t)
	}
	if err == nil && m.Summary != nil && s.drawn != nil && s.drawn(row) {
		m.Heat, err = newHeat(t, nil)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		m = &measure{Problem: text.OneLine(err)}
	}
	s.cache.put(at, m)
	return m, nil
}

// read reads a row's tensor.
func (s *Set) read(ctx context.Context, row, source int) (tensor.Any, error) {
	return s.sources[source].r.ReadTensor(ctx, s.entry(row, source).Key)
}

func measureTensor(ctx context.Context, t tensor.Any) (*measure, error) {
	if _, numbers := tensor.Bytes(t); !numbers {
		return &measure{Text: excerpt(t)}, nil
	}
	summary, err := stats.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	m := &measure{Summary: summary}
	m.Bins, err = stats.Histogram(ctx, t, summary.Min, summary.Max, bins)
	return m, err
}

// excerpt returns the beginnings of the first few strings of a tensor.
func excerpt(t tensor.Any) string {
	const most, longest = 8, 200
	values := reflect.ValueOf(t.Values())
	var shown []string
	for i := range min(most, values.Len()) {
		s := values.Index(i).String()
		if len(s) > longest {
			s = fmt.Sprintf("%q… (%s)", s[:longest], text.Size(int64(len(s))))
		} else {
			s = fmt.Sprintf("%q", s)
		}
		shown = append(shown, s)
	}
	if n := values.Len() - len(shown); n > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(shown, ", ")
}

// A cache keeps measurements, and limits the tensors in memory at a time.
type cache struct {
	mu          sync.Mutex
	measures    map[cacheKey]*measure
	comparisons map[int]*comparison
	listings    map[span]*listing
	slots       chan struct{}
	unbounded   bool // keeps all measurements
}

type cacheKey struct{ row, source int }

// The largest number of cached values of each kind. A measure takes a few kilobytes.
const (
	maxMeasures = 1 << 14
	maxListings = 1 << 10
)

func (c *cache) get(at cacheKey) *measure {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.measures[at]
}

func (c *cache) put(at cacheKey, m *measure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.measures == nil || len(c.measures) >= maxMeasures && !c.unbounded {
		c.measures = make(map[cacheKey]*measure)
	}
	c.measures[at] = m
}

// enter waits until another tensor may be in memory. The caller must call release when it no longer needs the tensor.
func (c *cache) enter(ctx context.Context) (release func(), err error) {
	c.mu.Lock()
	if c.slots == nil {
		c.slots = make(chan struct{}, runtime.GOMAXPROCS(0))
	}
	slots := c.slots
	c.mu.Unlock()
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// list returns the contents of a span, and caches them.
func (s *Set) list(p span) *listing {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if l := s.cache.listings[p]; l != nil {
		return l
	}
	l := s.index.list(p, s.form)
	if s.cache.listings == nil || len(s.cache.listings) >= maxListings {
		s.cache.listings = make(map[span]*listing)
	}
	s.cache.listings[p] = &l
	return &l
}
