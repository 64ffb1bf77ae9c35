package view

import (
	"context"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/text"
)

// A detailView is the section that opens below a tensor's line.
type detailView struct {
	Path     string
	Measured *measure
	Heat     *heatView
	Compared *comparison
	Moved    *moved
	Facts    []fact
}

type fact struct{ Name, Value, Class string }

// A heatView is a heat map with its text.
type heatView struct {
	URL          template.URL
	Alt, Caption string
	Limit        float64
	Axes         []axisView // the axes for which the reader chooses an index
}

type axisView struct{ Axis, At, Last int }

// detail returns the section that opens below a row. live says that a server can show other slices.
func (s *Set) detail(ctx context.Context, row int, live bool) (*detailView, error) {
	e, source := s.shown(row)
	d := &detailView{Path: s.pathText(row)}
	d.fact("Key", text.Visible(e.Key))
	m, err := s.measure(ctx, row, source)
	if err != nil {
		return nil, err
	}
	if s.Mode() == Pair {
		if d.Compared, err = s.compare(ctx, row); err != nil {
			return nil, err
		}
		d.comparisonFacts(s, row)
	}
	if m.Summary != nil {
		d.Measured = m
		d.valueFacts(m)
	} else if m.Text != "" {
		d.fact("Values", text.Visible(m.Text))
	}
	if m.Problem != "" {
		d.Facts = append(d.Facts, fact{"Problem", m.Problem, "problem"})
	}
	if n := len(e.Slices); n > 0 {
		d.fact("Stored in", counted(int64(n), "part"))
	}
	if s.Mode() == Run && m.Summary != nil {
		if d.Moved, err = s.moved(ctx, row); err != nil {
			return nil, err
		}
	}
	return d, s.draw(ctx, d, m, row, live)
}

// draw adds the heat map. If values differ, it shows the differences.
func (s *Set) draw(ctx context.Context, d *detailView, m *measure, row int, live bool) (err error) {
	e, source := s.shown(row)
	if d.Compared != nil && d.Compared.Heat != nil {
		d.Heat = newHeatView(d.Compared.Heat, e, "the differences of "+d.Path)
		return nil
	}
	h := m.Heat
	if live && m.Summary != nil {
		if h, err = s.heat(ctx, row, source, nil); err != nil {
			return err
		}
	}
	if h == nil {
		return nil
	}
	d.Heat = newHeatView(h, e, d.Path)
	if live && len(h.At) > 0 {
		d.Heat.live(h, e, row, source)
	}
	return nil
}

func (d *detailView) fact(name, value string) {
	d.Facts = append(d.Facts, fact{Name: name, Value: value})
}

func (d *detailView) valueFacts(m *measure) {
	d.fact("Values", grouped(m.Count))
	d.fact("Mean", number3(m.Mean))
	d.fact("Deviation", number3(m.Deviation))
	d.fact("Minimum", number3(m.Min))
	d.fact("Maximum", number3(m.Max))
	d.fact("Norm", number3(m.Norm()))
	d.fact("Zeros", share(m.Zeros, m.Count))
	for _, f := range []struct {
		name string
		n    int64
	}{{"NaN", m.NaNs}, {"Infinite", m.Infs}} {
		class := ""
		if f.n > 0 {
			class = "problem"
		}
		d.Facts = append(d.Facts, fact{f.name, share(f.n, m.Count), class})
	}
}

func (d *detailView) comparisonFacts(s *Set, row int) {
	c := d.Compared
	d.fact("Change", string(c.Change))
	if c.Problem != "" {
		d.Facts = append(d.Facts, fact{"Problem", c.Problem, "problem"})
	}
	if c.Change == reshaped {
		d.fact("Before", form(s.entry(row, 0)))
		d.fact("After", form(s.entry(row, s.latest())))
	}
	if c.Different == 0 {
		return
	}
	d.fact("Values that differ", share(c.Different, c.Count))
	d.fact("Cosine", cosine(c.Cosine))
	d.fact("L2 of the difference", number3(c.L2))
	d.fact("Relative to A", number3(c.Relative))
	d.fact("Largest difference", fmt.Sprintf("%s at %v: %s → %s", largest(c.Largest), c.At, largest(c.From), largest(c.To)))
}

// form returns a tensor's dtype and shape.
func form(e *ckpt.VariableInfo) string { return fmt.Sprintf("%s %v", e.Type(), e.Shape) }

// share formats a count and its percentage of the whole.
func share(n, of int64) string {
	if n == 0 || of == 0 {
		return grouped(n)
	}
	return fmt.Sprintf("%s (%.3g %%)", grouped(n), 100*float64(n)/float64(of))
}

func newHeatView(h *heat, e *ckpt.VariableInfo, of string) *heatView {
	v := &heatView{Limit: h.Limit, URL: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(h.png))}
	at := ""
	if len(h.At) > 0 {
		at = fmt.Sprintf(" at %v", h.At)
	}
	v.Alt = fmt.Sprintf("Heat map of %s%s, %d by %d values", of, at, h.Rows, h.Columns)
	var b strings.Builder
	switch {
	case h.Wrapped:
		fmt.Fprintf(&b, "The vector in lines of %d.", h.Columns)
	case len(e.Shape) < 2:
		b.WriteString("The vector.")
	default:
		fmt.Fprintf(&b, "The last two axes: %d down, %d across.", h.Rows, h.Columns)
	}
	if h.StepDown > 1 || h.StepAcross > 1 {
		fmt.Fprintf(&b, " Shown are %s and %s.", every(h.StepDown, "row"), every(h.StepAcross, "column"))
	}
	v.Caption = b.String()
	return v
}

// live lets the reader choose another slice.
func (v *heatView) live(h *heat, e *ckpt.VariableInfo, row, source int) {
	v.URL = template.URL(fmt.Sprintf("heat.png?row=%d&source=%d&at=%s", row, source, join(h.At)))
	for i, at := range h.At {
		v.Axes = append(v.Axes, axisView{i, at, e.Shape[i] - 1})
	}
}

func join(at []int) string {
	parts := make([]string, len(at))
	for i, n := range at {
		parts[i] = fmt.Sprint(n)
	}
	return strings.Join(parts, ",")
}

// every describes which rows or columns are shown.
func every(n int, what string) string {
	if n == 1 {
		return "all " + what + "s"
	}
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("every %d%s %s", n, suffix, what)
}
