package view

import (
	"fmt"
	"io"
)

// pageLength is the largest number of lines of a listing that a server sends at once.
const pageLength = 200

// A listView is the data of the template of listings.
type listView struct {
	Tensors []rowView
	Groups  []groupView
	More    *moreView
}

// A moreView is a button for the lines that follow.
type moreView struct{ Src, Label string }

// writeList writes a listing's lines from number start on. p is its span. fold is the number of the folded group that it
// unfolds.
func (s *Set) writeList(out io.Writer, l *listing, p span, fold *int, start int) error {
	var v listView
	total := len(l.tensors) + len(l.groups)
	end := min(total, max(start, 0)+pageLength)
	where := fmt.Sprintf("list?lo=%d&hi=%d&depth=%d", p.lo, p.hi, p.depth)
	if fold != nil {
		where += fmt.Sprintf("&fold=%d", *fold)
	}
	for i := max(start, 0); i < end; i++ {
		if i < len(l.tensors) {
			v.Tensors = append(v.Tensors, s.liveRow(l.tensors[i], p.depth))
			continue
		}
		n := i - len(l.tensors)
		g := s.group(&l.groups[n])
		if len(l.groups[n].alike) > 0 && fold == nil {
			g.Src = fmt.Sprintf("%s&fold=%d", where, n)
		} else {
			g.Src = spanURL(l.groups[n].span)
		}
		g.Open = len(l.groups) <= 4 && p.depth < 3 && fold == nil && len(l.groups[n].alike) == 0
		v.Groups = append(v.Groups, g)
	}
	if end < total {
		v.More = &moreView{fmt.Sprintf("%s&start=%d", where, end), fmt.Sprintf("Show the next of %s", grouped(int64(total-end)))}
	}
	return pages.ExecuteTemplate(out, "listing", v)
}

func spanURL(p span) string { return fmt.Sprintf("list?lo=%d&hi=%d&depth=%d", p.lo, p.hi, p.depth) }

// liveRow returns a line. The page requests its cells and details later.
func (s *Set) liveRow(row, depth int) rowView {
	v := s.row(row, depth)
	v.Src, v.Lazy = fmt.Sprintf("detail?row=%d", row), fmt.Sprintf("cells?row=%d", row)
	return v
}
