package view

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"sort"
	"strings"

	"github.com/gockpt/ckpt/internal/cli/names"
)

// A span is the rows from lo to hi-1, below the first depth edges of their paths.
type span struct{ lo, hi, depth int }

// A group is the tensors below one edge, or below the first of several similar edges.
type group struct {
	name string // the edge
	span
	alike []group // if it represents several groups, all of them, beginning with this one
}

// A listing is the contents below a path: tensors and groups, each sorted by name.
type listing struct {
	tensors  []int // rows
	groups   []group
	unfolded bool // it lists similar groups one by one
}

// whole returns the span of all rows.
func (x *index) whole() span { return span{0, len(x.paths), 0} }

// holds reports whether p is a valid span of x.
func (x *index) holds(p span) bool {
	if p.lo < 0 || p.hi > len(x.paths) || p.lo >= p.hi || p.depth < 0 {
		return false
	}
	below := x.prefix(p)
	return strings.Count(below, separator) == p.depth && strings.HasPrefix(x.paths[p.hi-1], below)
}

// prefix returns the common prefix of the paths of a span.
func (x *index) prefix(p span) string {
	if p.lo >= p.hi {
		return "" // a checkpoint without tensors
	}
	path, end := x.paths[p.lo], 0
	for range p.depth {
		i := strings.Index(path[end:], separator)
		if i < 0 {
			return path[:end]
		}
		end += i + 1
	}
	return path[:end]
}

// list returns the contents of a span, with similar groups folded.
func (x *index) list(p span, form func(h *maphash.Hash, row int)) listing {
	var l listing
	skip := len(x.prefix(p))
	for i := p.lo; i < p.hi; {
		rest := x.paths[i][skip:]
		edge, _, deeper := strings.Cut(rest, separator)
		if !deeper {
			l.tensors = append(l.tensors, i)
			i++
			continue
		}
		end := x.after(i, p.hi, x.paths[i][:skip+len(edge)+1])
		if end == i+1 {
			l.tensors = append(l.tensors, i) // a group with a single tensor is not useful
		} else {
			l.groups = append(l.groups, x.shorten(group{name: edge, span: span{i, end, p.depth + 1}}))
		}
		i = end
	}
	slices.SortFunc(l.tensors, func(a, b int) int {
		if c := names.Compare(x.paths[a][skip:], x.paths[b][skip:]); c != 0 {
			return c
		}
		return a - b
	})
	slices.SortFunc(l.groups, func(a, b group) int { return names.Compare(a.name, b.name) })
	l.groups = x.fold(l.groups, form)
	return l
}

// shorten joins a group with its only child group, under the names of both.
func (x *index) shorten(g group) group {
	skip := len(x.prefix(g.span))
	for {
		edge, _, deeper := strings.Cut(x.paths[g.lo][skip:], separator)
		if !deeper || !strings.HasPrefix(x.paths[g.hi-1][skip:], edge+separator) {
			return g
		}
		g.name += separator + edge
		g.depth++
		skip += len(edge) + 1
	}
}

// after returns the first row between lo and hi with a path that does not begin with prefix. It searches with growing steps,
// because most groups are small.
func (x *index) after(lo, hi int, prefix string) int {
	step := 1
	for lo+step < hi && strings.HasPrefix(x.paths[lo+step], prefix) {
		lo += step
		step *= 2
	}
	end := min(lo+step, hi)
	return lo + sort.Search(end-lo, func(i int) bool { return !strings.HasPrefix(x.paths[lo+i], prefix) })
}

// minAlike is the smallest number of similar groups that are folded.
const minAlike = 3

// fold replaces each run of groups that differ only in a number of their names, such as a model's blocks, by one group.
func (x *index) fold(groups []group, form func(h *maphash.Hash, row int)) []group {
	seed := maphash.MakeSeed()
	var folded []group
	for i := 0; i < len(groups); {
		run := 1
		pattern := number.ReplaceAllString(groups[i].name, "#")
		if pattern != groups[i].name {
			first := x.shape(seed, groups[i].span, form)
			for i+run < len(groups) && number.ReplaceAllString(groups[i+run].name, "#") == pattern && x.shape(seed, groups[i+run].span, form) == first {
				run++
			}
		}
		if run < minAlike {
			folded = append(folded, groups[i])
			i++
			continue
		}
		first := groups[i]
		first.alike = groups[i : i+run]
		folded = append(folded, first)
		i += run
	}
	return folded
}

// shape returns a hash of the paths below a span, and of their tensors' dtypes and shapes.
func (x *index) shape(seed maphash.Seed, p span, form func(h *maphash.Hash, row int)) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	skip := len(x.prefix(p))
	for i := p.lo; i < p.hi; i++ {
		h.WriteString(x.paths[i][skip:])
		h.WriteByte(1)
		form(&h, i)
		h.WriteByte(1)
	}
	return h.Sum64()
}

// form adds the dtype and shape of a row's tensor in every source to a hash.
func (s *Set) form(h *maphash.Hash, row int) {
	number := func(n int) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	for i := range s.sources {
		e := s.entry(row, i)
		if e == nil {
			number(-1)
			continue
		}
		number(int(e.DType))
		number(len(e.Shape))
		for _, n := range e.Shape {
			number(n)
		}
	}
}
