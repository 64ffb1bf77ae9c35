package view

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/names"
)

// separator separates the edges of a path. In byte order, all paths below an edge are adjacent.
const separator = "/"

// An index holds the entries of a Set's checkpoints, sorted by path.
type index struct {
	paths []string
	at    []int32 // for each path (a row of the page) its entry in each source, or -1
	n     int     // sources
	// sums[i] holds the totals of the rows before row i.
	sums []sums
}

// sums holds totals over rows: of the newest checkpoint's tensors, and of tensors that only one of two checkpoints has.
type sums struct {
	values, bytes  int64
	added, removed int32
	reshaped       int32 // with different dtypes or shapes
}

func (s sums) minus(o sums) sums {
	return sums{s.values - o.values, s.bytes - o.bytes, s.added - o.added, s.removed - o.removed, s.reshaped - o.reshaped}
}

// A placed is an entry with its path.
type placed struct {
	path  string
	entry int32
}

func newIndex(sources []*source) index {
	x := index{n: len(sources)}
	lists := make([][]placed, len(sources))
	for i, src := range sources {
		list := make([]placed, src.entries.n)
		paths := names.Paths{Format: src.r.Format()}
		for j, e := range src.entries.all() {
			list[j] = placed{paths.Of(e.Key), int32(j)}
		}
		slices.SortFunc(list, func(a, b placed) int { return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.entry, b.entry)) })
		lists[i] = list
	}
	x.merge(lists)
	x.sum(sources)
	return x
}

// merge makes rows from lists that are sorted by path. A path that occurs twice in a list gets two rows.
func (x *index) merge(lists [][]placed) {
	longest := 0
	for _, l := range lists {
		longest = max(longest, len(l))
	}
	x.paths, x.at = make([]string, 0, longest), make([]int32, 0, longest*x.n)
	for {
		first, found := "", false
		for _, l := range lists {
			if len(l) > 0 && (!found || l[0].path < first) {
				first, found = l[0].path, true
			}
		}
		if !found {
			return
		}
		x.paths = append(x.paths, first)
		for i, l := range lists {
			if len(l) > 0 && l[0].path == first {
				x.at = append(x.at, l[0].entry)
				lists[i] = l[1:]
			} else {
				x.at = append(x.at, -1)
			}
		}
	}
}

func (x *index) sum(sources []*source) {
	x.sums = make([]sums, len(x.paths)+1)
	for i := range x.paths {
		s := x.sums[i]
		first, last := entryAt(sources, x, i, 0), entryAt(sources, x, i, x.n-1)
		if e := last; e != nil {
			s.values += int64(e.Shape.Len())
			s.bytes += e.Bytes
		}
		switch {
		case first == nil && last != nil:
			s.added++
		case first != nil && last == nil:
			s.removed++
		case first != nil && !sameForm(first, last):
			s.reshaped++
		}
		x.sums[i+1] = s
	}
}

func entryAt(sources []*source, x *index, row, source int) *ckpt.VariableInfo {
	if at := x.at[row*x.n+source]; at >= 0 {
		return sources[source].entries.at(int(at))
	}
	return nil
}

// entry returns a row's entry in a source, nil if the source lacks it.
func (s *Set) entry(row, source int) *ckpt.VariableInfo {
	return entryAt(s.sources, &s.index, row, source)
}

// shown returns the row's entry in the newest source that has it, and the source.
func (s *Set) shown(row int) (*ckpt.VariableInfo, int) {
	for i := s.latest(); ; i-- {
		if e := s.entry(row, i); e != nil {
			return e, i
		}
	}
}

func sameForm(a, b *ckpt.VariableInfo) bool { return a.DType == b.DType && a.Shape.Equal(b.Shape) }
