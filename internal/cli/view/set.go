package view

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/text"
)

// A Set holds the checkpoints that a page shows. Several goroutines may use it at once.
type Set struct {
	sources []*source
	index
	cache   cache
	run     bool // the checkpoints are those of a run, not two to compare
	skipped int  // checkpoints of a run that are not shown
	// drawn reports whether measuring a row's tensor also draws its heat map. If it is nil, heat maps are drawn on request.
	drawn func(row int) bool
}

// An Opener opens the checkpoint that a path names, and returns its name for the page.
type Opener func(path string) (r *ckpt.Reader, name string, err error)

// A source is one checkpoint of a Set.
type source struct {
	path    string // as shown to people
	r       *ckpt.Reader
	entries entries
	damage  error // the error that ended reading the index early

	readableOnce  sync.Once
	readableNames map[string]string
}

// readable returns the name of a layer's variable for a key that Keras numbers, such as block1_conv.kernel. For other keys it returns "".
func (s *source) readable(key string) string {
	s.readableOnce.Do(func() {
		s.readableNames, _ = s.r.ReadableNames() // without readable names the page shows keys
	})
	return s.readableNames[key]
}

// name returns the name of a source on the page: the last part of its path.
func (s *source) name() string { return text.Visible(filepath.Base(s.path)) }

// longName is name with the directory before it.
func (s *source) longName() string {
	return text.Visible(filepath.Join(filepath.Base(filepath.Dir(s.path)), filepath.Base(s.path)))
}

// Open opens the checkpoints that paths name with open, and reads their indexes. One checkpoint is shown, two are compared, and more, in the
// given order, are a run. Paths that name the same checkpoint count once. A single path may be the directory of a run: of checkpoints with
// names that differ in a number.
func Open(open Opener, paths ...string) (*Set, error) {
	s := &Set{run: len(paths) > 2}
	if len(paths) == 1 {
		found, err := runIn(paths[0])
		if err != nil {
			return nil, err
		}
		if len(found) > 1 {
			s.run, paths = true, found
		}
	}
	seen := make(map[string]bool)
	paths, s.skipped = thin(paths, maxCheckpoints)
	for _, path := range paths {
		r, name, err := open(path)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		if seen[r.Prefix()] {
			if err := r.Close(); err != nil {
				return nil, errors.Join(err, s.Close())
			}
			continue
		}
		seen[r.Prefix()] = true
		s.sources = append(s.sources, &source{path: name, r: r})
	}
	for _, src := range s.sources {
		for e, err := range src.r.All() {
			if err != nil {
				src.damage = err
				break
			}
			src.entries.add(e)
		}
	}
	s.run = s.run && len(s.sources) > 1
	s.index = newIndex(s.sources)
	return s, nil
}

// Close closes the checkpoints' files.
func (s *Set) Close() error {
	var errs []error
	for _, src := range s.sources {
		errs = append(errs, src.r.Close())
	}
	return errors.Join(errs...)
}

// A Mode is the kind of page that a Set shows.
type Mode int

const (
	Single Mode = iota // one checkpoint
	Pair               // two, and how they differ
	Run                // the checkpoints of a run, and how they change
)

// Mode returns the kind of page that s shows.
func (s *Set) Mode() Mode {
	switch {
	case s.run:
		return Run
	case len(s.sources) == 2:
		return Pair
	}
	return Single
}

// Title returns the page's title.
func (s *Set) Title() string {
	first, last := s.sources[0].name(), s.sources[len(s.sources)-1].name()
	if first == last && len(s.sources) > 1 { // checkpoints of two runs may have the same name
		first, last = s.sources[0].longName(), s.sources[len(s.sources)-1].longName()
	}
	switch s.Mode() {
	case Pair:
		return first + " and " + last
	case Run:
		return fmt.Sprintf("%s to %s", first, last)
	}
	return last
}

// latest returns the number of the checkpoint that a page shows if it shows only one: the last.
func (s *Set) latest() int { return len(s.sources) - 1 }
