package view

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/internal/cli/text"
)

const (
	// maxDrawn limits the tensors with histograms and heat maps in a report to the largest ones. All tensors have numbers.
	maxDrawn = 2000
	// maxOpen is the largest number of tensors with which a report shows all groups open.
	maxOpen = 200
)

// WriteReport writes everything that a page about set can show as one HTML file. The file has no script and does not load other files.
// WriteReport calls progress, which may be nil, with the number of bytes read.
func WriteReport(ctx context.Context, out io.Writer, set *Set, progress func(done, total int64)) error {
	r := &report{Set: set, ctx: ctx, out: bufio.NewWriterSize(out, 1<<16)}
	set.cache.unbounded = true
	r.choose()
	if err := r.read(progress); err != nil {
		return err
	}
	if err := r.page(); err != nil {
		return err
	}
	if err := r.list(set.whole()); err != nil {
		return err
	}
	if err := pages.ExecuteTemplate(r.out, "end", "Written by ckpt view on "+time.Now().Format("2 January 2006, 15:04")+"."); err != nil {
		return err
	}
	return r.out.Flush()
}

// A report is a report being written.
type report struct {
	*Set
	ctx   context.Context
	out   *bufio.Writer
	drawn map[int]bool // nil if all are drawn
}

// choose decides which tensors are drawn.
func (r *report) choose() {
	if len(r.paths) > maxDrawn {
		rows := make([]int, len(r.paths))
		for i := range rows {
			rows[i] = i
		}
		size := func(row int) int64 { e, _ := r.shown(row); return e.Bytes }
		slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(size(b), size(a)) })
		r.drawn = make(map[int]bool, maxDrawn)
		for _, row := range rows[:maxDrawn] {
			r.drawn[row] = true
		}
	}
	r.Set.drawn = r.isDrawn
}

func (r *report) isDrawn(row int) bool { return r.drawn == nil || r.drawn[row] }

// read reads all tensors.
func (r *report) read(progress func(done, total int64)) error {
	size := func(row int) (n int64) {
		for i := range r.sources {
			if e := r.entry(row, i); e != nil {
				n += e.Bytes
			}
		}
		return n
	}
	var done, total int64
	for row := range r.paths {
		total += size(row)
	}
	var mu sync.Mutex // progress is called from one goroutine at a time
	return r.forAll(r.ctx, func(ctx context.Context, row int) error {
		if _, err := r.cells(ctx, row); err != nil {
			return err
		}
		if r.Mode() == Pair && r.isDrawn(row) {
			if _, err := r.shownMeasure(ctx, row); err != nil {
				return err
			}
		}
		if progress != nil {
			mu.Lock()
			defer mu.Unlock()
			done += size(row)
			progress(done, total)
		}
		return nil
	})
}

func (r *report) page() error {
	p := newPage(r.Set)
	p.Live = false
	style := asset("style.css")
	hash := sha256.Sum256([]byte(style))
	p.Style = template.CSS(style)
	p.Policy = fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'", base64.StdEncoding.EncodeToString(hash[:]))
	if r.drawn != nil {
		p.Warnings = append(p.Warnings, fmt.Sprintf("Histograms and heat maps are those of the %s largest tensors. The numbers are of all.", grouped(maxDrawn)))
	}
	var err error
	var table strings.Builder
	switch r.Mode() {
	case Single:
		p.Overview = &overview{Title: "To look at"}
		err = pages.ExecuteTemplate(&table, "notable", r.notable())
	case Pair:
		var c *changesView
		if c, err = r.changes(r.ctx); err == nil {
			err = pages.ExecuteTemplate(&table, "changes", c)
		}
	case Run:
		var m *moved
		if m, err = r.norms(r.ctx); err == nil {
			err = pages.ExecuteTemplate(&table, "chart", m)
		}
	}
	if err != nil {
		return err
	}
	p.Overview.Table = template.HTML(table.String()) // written by a template, so it is escaped
	return pages.ExecuteTemplate(r.out, "page", p)
}

// A notice points the reader to unusual values.
type notice struct{ Path, Text string }

// maxNotices is the largest number of listed notices.
const maxNotices = 100

// notable returns the tensors with values that are rarely intended. It groups tensors that differ only in numbers of their names. All
// tensors must have been measured.
func (r *report) notable() []notice {
	var all []notice
	alike := make(map[notice]int) // index in all, and count
	counts := make(map[notice]int)
	for row := range r.paths {
		m, err := r.shownMeasure(r.ctx, row)
		if err != nil {
			continue
		}
		what := unusual(m)
		if what == "" {
			continue
		}
		kind := notice{number.ReplaceAllString(r.paths[row], "#"), what}
		counts[kind]++
		if at, ok := alike[kind]; !ok {
			alike[kind] = len(all)
			all = append(all, notice{r.pathText(row), what})
		} else if names.Compare(r.pathText(row), all[at].Path) < 0 {
			all[at].Path = r.pathText(row)
		}
	}
	for kind, at := range alike {
		if n := counts[kind]; n > 1 {
			all[at].Text += fmt.Sprintf(" (and %d more like it)", n-1)
		}
	}
	slices.SortFunc(all, func(a, b notice) int { return names.Compare(a.Path, b.Path) })
	if n := len(all) - maxNotices; n > 0 {
		all = append(all[:maxNotices], notice{"and", counted(int64(n), "more kind")})
	}
	return all
}

// unusual describes the values of a tensor that are rarely intended.
func unusual(m *measure) string {
	if m.Problem != "" {
		return m.Problem
	}
	if m.Summary == nil {
		return ""
	}
	var found []string
	if m.NaNs > 0 {
		found = append(found, grouped(m.NaNs)+" NaN")
	}
	if m.Infs > 0 {
		found = append(found, grouped(m.Infs)+" infinite")
	}
	if m.Count > 1 && m.Zeros == m.Count {
		found = append(found, "all zero")
	}
	if m.Min == m.Max && m.Count > 1 && m.Min != 0 && !math.IsNaN(m.Min) {
		found = append(found, "all "+number3(m.Min))
	}
	return strings.Join(found, ", ")
}

// list writes the contents of a span and everything below it.
func (r *report) list(p span) error { return r.write(r.Set.list(p), p.depth, len(r.paths) <= maxOpen) }

// write writes a listing. The reader knows the first depth edges of its paths. open says whether groups are open; if not, the first of
// similar groups still is.
func (r *report) write(l *listing, depth int, open bool) error {
	for _, row := range l.tensors {
		if err := r.tensor(row, depth); err != nil {
			return err
		}
	}
	for i := range l.groups {
		g := &l.groups[i]
		v := r.group(g)
		v.Open = open && (i == 0 || !l.unfolded)
		if err := pages.ExecuteTemplate(r.out, "group", v); err != nil {
			return err
		}
		below := func() error { return r.list(g.span) }
		if len(g.alike) > 0 && !l.unfolded {
			below = func() error { return r.write(&listing{groups: g.alike, unfolded: true}, g.depth-1, open) }
		}
		if err := below(); err != nil {
			return err
		}
		if err := pages.ExecuteTemplate(r.out, "/group", nil); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) tensor(row, depth int) error {
	v := r.row(row, depth)
	c, err := r.cells(r.ctx, row)
	if err != nil {
		return err
	}
	v.cells = c
	if err := pages.ExecuteTemplate(r.out, "tensor", v); err != nil {
		return err
	}
	if r.isDrawn(row) {
		d, err := r.detail(r.ctx, row, false)
		if err != nil {
			return err
		}
		if err := pages.ExecuteTemplate(r.out, "detail", d); err != nil {
			return err
		}
	} else {
		e, _ := r.shown(row)
		if _, err := fmt.Fprintf(r.out, "<p>%s</p>", template.HTMLEscapeString(text.Visible(e.Key))); err != nil {
			return err
		}
	}
	return pages.ExecuteTemplate(r.out, "/tensor", nil)
}
