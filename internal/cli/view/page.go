package view

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/internal/cli/text"
)

// A page is what the template of that name shows above the tensors.
type page struct {
	Title    string
	Mode     string // "single", "pair" or "run"
	Several  bool
	Sources  []sourceRow
	Warnings []string
	Overview *overview
	Live     bool // there is a server behind it
	Policy   string
	Style    template.CSS
}

type sourceRow struct{ Label, Format, Tensors, Values, Size, Path string }

// An overview is the section about all tensors together. Either it has its contents, or says where they are.
type overview struct {
	Title  string
	Table  template.HTML
	Button string // what asks for it, where it takes long
	Src    string
}

func (m Mode) String() string { return [...]string{"single", "pair", "run"}[m] }

// autoBytes is how much a page reads without being asked.
const autoBytes = 1 << 30

// newPage returns the page that a server shows.
func newPage(s *Set) *page {
	p := &page{Title: s.Title(), Mode: s.Mode().String(), Several: len(s.sources) > 1, Live: true}
	total := int64(0)
	for i, src := range s.sources {
		values, size := int64(0), int64(0)
		for _, e := range src.entries.all() {
			values += int64(e.Shape.Len())
			size += e.Bytes
		}
		total += size
		if s.Mode() == Run && len(s.sources) > 4 && i > 0 && i < len(s.sources)-1 {
			continue // all are alike: the first and the last tell enough
		}
		p.Sources = append(p.Sources, sourceRow{s.label(i), src.r.Format(), grouped(int64(src.entries.n)), grouped(values), text.Size(size), text.Visible(src.path)})
	}
	for _, src := range s.sources {
		if src.damage != nil {
			p.Warnings = append(p.Warnings, "The index is damaged, and what follows there is not shown: "+text.OneLine(src.damage))
		}
	}
	if s.skipped > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("Of the run's %d checkpoints %d are shown, evenly spread.", len(s.sources)+s.skipped, len(s.sources)))
	}
	switch s.Mode() {
	case Pair:
		p.Overview = &overview{Title: "What changed", Src: "changes"}
	case Run:
		p.Overview = &overview{Title: "The norm of all values", Src: "norms"}
	default:
		return p
	}
	if total > autoBytes {
		p.Overview.Button = fmt.Sprintf("Read all %s", text.Size(total))
	}
	return p
}

// label returns what a source is called in a table of several.
func (s *Set) label(source int) string {
	if s.Mode() != Pair {
		return s.sources[source].name()
	}
	return [...]string{"A", "B"}[source]
}

// pathText returns a row's path as people read it.
func (s *Set) pathText(row int) string {
	return text.Visible(names.Text(s.paths[row]))
}

// nameText returns what of a row's path is below depth edges.
func (s *Set) nameText(row, depth int) string {
	parts := strings.Split(s.paths[row], separator)
	return edgesText(strings.Join(parts[min(depth, len(parts)-1):], separator))
}

// edgesText returns a part of a path as people read it.
func edgesText(edges string) string {
	if edges == "" {
		return `""`
	}
	return text.Visible(names.Text(edges))
}
