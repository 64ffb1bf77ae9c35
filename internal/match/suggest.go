package match

import "github.com/gockpt/ckpt/internal/wording"

// maxCompared limits how many pairs of names are compared for the hints of one error. If more would be needed, there are no hints:
// a model that lacks thousands of names is a different model.
const maxCompared = 1 << 17

// A suggester looks for similar names among the siblings of names without a counterpart.
type suggester struct {
	names func(place int) []string // names of the siblings of a stored node or of a node of the program
	known map[int][]string
	left  int // of maxCompared
}

func newSuggester(names func(place int) []string) *suggester {
	return &suggester{names: names, known: make(map[int][]string), left: maxCompared}
}

// beside returns the names of the siblings at a place.
func (s *suggester) beside(place int) []string {
	names, ok := s.known[place]
	if !ok {
		names = s.names(place)
		s.known[place] = names
	}
	return names
}

// near returns the names at a place of which name may be a misspelling.
func (s *suggester) near(name string, place int) []string {
	names := s.beside(place)
	if s.left -= len(names); s.left < 0 {
		return nil
	}
	return wording.Near(name, names)
}
