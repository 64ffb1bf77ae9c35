package view

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/internal/cli/text"
)

// integer returns a number in a request's query, or 0.
func integer(r *http.Request, name string) (int, error) {
	value := r.URL.Query().Get(name)
	if value == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, errRequest
	}
	return n, nil
}

// rowOf returns the row that a request names.
func (s *Server) rowOf(r *http.Request) (int, error) {
	row, err := integer(r, "row")
	if err != nil || row >= len(s.set.paths) {
		return 0, errRequest
	}
	return row, nil
}

func (s *Server) serveList(_ context.Context, r *http.Request, out io.Writer) error {
	var p span
	var fold, start int
	for name, to := range map[string]*int{"lo": &p.lo, "hi": &p.hi, "depth": &p.depth, "fold": &fold, "start": &start} {
		var err error
		if *to, err = integer(r, name); err != nil {
			return err
		}
	}
	if !s.set.holds(p) {
		return errRequest
	}
	l := s.set.list(p)
	if r.URL.Query().Get("fold") == "" {
		return s.set.writeList(out, l, p, nil, start)
	}
	if fold >= len(l.groups) {
		return errRequest
	}
	return s.set.writeList(out, &listing{groups: l.groups[fold].alike, unfolded: true}, p, &fold, start)
}

// maxFound is the largest number of tensors that a search shows.
const maxFound = 200

// serveFind lists the tensors with a path or a key that contains the words of the query.
func (s *Server) serveFind(ctx context.Context, r *http.Request, out io.Writer) error {
	words := strings.Fields(strings.ToLower(r.URL.Query().Get("q")))
	var v listView
	found := 0
	for row := range s.set.paths {
		if row%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		e, source := s.set.shown(row)
		names := []string{s.set.pathText(row), e.Key, s.set.sources[source].readable(e.Key)}
		if !slices.ContainsFunc(names, func(name string) bool { return containsAll(strings.ToLower(name), words) }) {
			continue
		}
		if found++; found <= maxFound {
			v.Tensors = append(v.Tensors, s.set.liveRow(row, 0))
		}
	}
	note := counted(int64(found), "tensor")
	if found > maxFound {
		note += fmt.Sprintf(", of which the first %d are shown", maxFound)
	}
	if _, err := fmt.Fprintf(out, "<p data-found=%q>%s found</p>", note+" found", note); err != nil {
		return err
	}
	return pages.ExecuteTemplate(out, "listing", v)
}

func containsAll(path string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(path, w) {
			return false
		}
	}
	return true
}

func (s *Server) serveCells(ctx context.Context, r *http.Request, out io.Writer) error {
	row, err := s.rowOf(r)
	if err != nil {
		return err
	}
	c, err := s.set.cells(ctx, row)
	if err != nil {
		return err
	}
	return pages.ExecuteTemplate(out, "cells", c)
}

func (s *Server) serveDetail(ctx context.Context, r *http.Request, out io.Writer) error {
	row, err := s.rowOf(r)
	if err != nil {
		return err
	}
	d, err := s.set.detail(ctx, row, true)
	if err != nil {
		return err
	}
	return pages.ExecuteTemplate(out, "detail", d)
}

func (s *Server) serveChanges(ctx context.Context, _ *http.Request, out io.Writer) error {
	if s.set.Mode() != Pair {
		return errRequest
	}
	c, err := s.set.changes(ctx)
	if err != nil {
		return err
	}
	return pages.ExecuteTemplate(out, "changes", c)
}

func (s *Server) serveNorms(ctx context.Context, _ *http.Request, out io.Writer) error {
	if s.set.Mode() != Run {
		return errRequest
	}
	m, err := s.set.norms(ctx)
	if err != nil {
		return err
	}
	return pages.ExecuteTemplate(out, "chart", m)
}

// serveHeat draws a slice of a tensor.
func (s *Server) serveHeat(w http.ResponseWriter, r *http.Request) {
	h, err := s.heatOf(r)
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(h.png) // an error means that the client has gone
}

func (s *Server) heatOf(r *http.Request) (*heat, error) {
	row, err := s.rowOf(r)
	if err != nil {
		return nil, err
	}
	source, err := integer(r, "source")
	if err != nil || source >= len(s.set.sources) || s.set.entry(row, source) == nil {
		return nil, errRequest
	}
	shape := s.set.entry(row, source).Shape
	var at []int
	if list := r.URL.Query().Get("at"); list != "" {
		for i, field := range strings.Split(list, ",") {
			n, err := strconv.Atoi(field)
			if err != nil || i >= len(shape)-2 || n < 0 || n >= shape[i] {
				return nil, fmt.Errorf("no slice of %v is at [%s]: %w", shape, text.Visible(list), errRequest)
			}
			at = append(at, n)
		}
	}
	h, err := s.set.heat(r.Context(), row, source, at)
	if err == nil && h == nil {
		err = errRequest
	}
	return h, err
}
