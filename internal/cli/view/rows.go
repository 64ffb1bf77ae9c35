package view

import (
	"context"
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/internal/cli/text"
)

// A rowView is the line of one tensor.
type rowView struct {
	Name, DType, Shape, Size string
	Src, Lazy                string // addresses of the details and the cells, if there is a server
	cells
}

// cells holds the parts of a line that describe the values.
type cells struct {
	Measured *measure
	Compared *comparison
	Moved    *moved
	Text     string
	Problem  string
}

// moved describes how a tensor's norm changes over a run.
type moved struct {
	Title                 string
	Norms                 []float64
	First, Last           float64
	Change                string
	FirstLabel, LastLabel string
	labels                []string
}

// A normPoint is the norm at one checkpoint.
type normPoint struct {
	Label string
	Norm  float64
}

// Points returns the norms with their checkpoints.
func (m *moved) Points() []normPoint {
	points := make([]normPoint, len(m.Norms))
	for i, n := range m.Norms {
		points[i] = normPoint{m.labels[i], n}
	}
	return points
}

func newMoved(s *Set, title string, norms []float64) *moved {
	m := &moved{Title: title, Norms: norms, First: norms[0], Last: norms[len(norms)-1], Change: "–"}
	for i := range s.sources {
		m.labels = append(m.labels, s.label(i))
	}
	m.FirstLabel, m.LastLabel = m.labels[0], m.labels[len(m.labels)-1]
	if m.First != 0 && m.First == m.First && m.Last == m.Last {
		m.Change = strings.Replace(fmt.Sprintf("%+.3g %%", 100*(m.Last/m.First-1)), "-", "−", 1)
	}
	return m
}

// row returns a tensor's line without its cells.
func (s *Set) row(row, depth int) rowView {
	e, source := s.shown(row)
	name := s.nameText(row, depth)
	if readable := s.sources[source].readable(e.Key); readable != "" {
		name += " · " + text.Visible(readable)
	}
	v := rowView{Name: name, DType: e.Type(), Shape: e.Shape.String(), Size: text.Size(e.Bytes)}
	if s.Mode() == Pair {
		v.Size = "" // the column shows the change instead
	}
	return v
}

// cells returns the cells of a row. The only error is the context's.
func (s *Set) cells(ctx context.Context, row int) (cells, error) {
	if s.Mode() == Pair {
		c, err := s.compare(ctx, row)
		return cells{Compared: c}, err
	}
	m, err := s.shownMeasure(ctx, row)
	if err != nil {
		return cells{}, err
	}
	c := cells{Text: m.Text, Problem: m.Problem}
	if m.Summary == nil {
		return c, nil
	}
	if s.Mode() == Run {
		c.Moved, err = s.moved(ctx, row)
		return c, err
	}
	c.Measured = m
	return c, nil
}

// shownMeasure returns the measure of the newest checkpoint that has a row.
func (s *Set) shownMeasure(ctx context.Context, row int) (*measure, error) {
	_, source := s.shown(row)
	return s.measure(ctx, row, source)
}

// moved returns how the norm of a row changes over the run.
func (s *Set) moved(ctx context.Context, row int) (*moved, error) {
	norms := make([]float64, len(s.sources))
	for i := range s.sources {
		m, err := s.measure(ctx, row, i)
		if err != nil {
			return nil, err
		}
		norms[i] = m.Norm()
	}
	return newMoved(s, "Norm of "+s.pathText(row), norms), nil
}

// A groupView is the line of one group.
type groupView struct {
	Name, Times, Meta, Src string
	Open                   bool
	Changes                []badge
}

type badge struct{ Class, Text string }

func (s *Set) group(g *group) groupView {
	v := groupView{Name: edgesText(g.name)}
	tensors, total := 0, sums{}
	each := g.alike
	if len(each) == 0 {
		each = []group{*g}
	} else {
		v.Name += " … " + edgesText(each[len(each)-1].name)
		v.Times = grouped(int64(len(each)))
	}
	for _, one := range each {
		tensors += one.hi - one.lo
		t := s.sums[one.hi].minus(s.sums[one.lo])
		total.values += t.values
		total.bytes += t.bytes
		total.added += t.added
		total.removed += t.removed
		total.reshaped += t.reshaped
	}
	v.Meta = fmt.Sprintf("%s · %s · %s", counted(int64(tensors), "tensor"), counted(total.values, "value"), text.Size(total.bytes))
	if s.Mode() == Pair {
		for _, b := range []struct {
			n    int32
			what change
		}{{total.added, added}, {total.removed, removed}, {total.reshaped, reshaped}} {
			if b.n > 0 {
				v.Changes = append(v.Changes, badge{string(b.what), fmt.Sprintf("%s %s", grouped(int64(b.n)), b.what)})
			}
		}
	}
	return v
}
