package view

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/internal/cli/text"
)

// A page is the data of the template "page", above the tensors.
type page struct {
	Title    string
	Mode     string // "single", "pair" or "run"
	Several  bool
	Sources  []sourceRow
	Warnings []string
	Overview *overview
	Live     bool // a server shows the page
	Policy   string
	Style    template.CSS
}

type sourceRow struct{ Label, Format, Tensors, Values, Size, Path string }

// An overview is the section about all tensors together. It holds its contents or their address.
type overview struct {
	Title  string
	Table  template.HTML
	Button string // label of the button that requests slow contents
	Src    string
}

func (m Mode) String() string { return [...]string{"single", "pair", "run"}[m] }

// autoBytes is the largest number of bytes that a page reads without a request.
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
			continue // the sources are similar: the first and the last suffice
		}
		p.Sources = append(p.Sources, sourceRow{s.label(i), src.r.Format(), grouped(int64(src.entries.n)), grouped(values), text.Size(size), text.Visible(src.path)})
	}
	for _, src := range s.sources {
		if src.damage != nil {
			p.Warnings = append(p.Warnings, "The index is damaged. The tensors after the damage are not shown: "+text.OneLine(src.damage))
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

// label returns the name of a source in a table of several.
func (s *Set) label(source int) string {
	if s.Mode() != Pair {
		return s.sources[source].name()
	}
	return [...]string{"A", "B"}[source]
}

// pathText formats a row's path for people.
func (s *Set) pathText(row int) string {
	return text.Visible(names.Text(s.paths[row]))
}

// nameText returns the part of a row's path after depth edges.
func (s *Set) nameText(row, depth int) string {
	parts := strings.Split(s.paths[row], separator)
	return edgesText(strings.Join(parts[min(depth, len(parts)-1):], separator))
}

// edgesText formats a part of a path for people.
func edgesText(edges string) string {
	if edges == "" {
		return `""`
	}
	return text.Visible(names.Text(edges))
}
