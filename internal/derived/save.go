package derived

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A Named is a value that will be written under a name.
type Named struct {
	Name   string // edges joined by dots
	Path   string // path of the value in the program; of the first value if there are several
	Source format.Source
}

// Save returns the values of a program in the layout of a maker. Values that the rules name are returned as the maker stores
// them, all others under their own names. lossy lists the values that a load of the result cannot restore.
func Save(g *object.Graph, maker layout.Maker, rules func(v reflect.Value) []layout.Rule) (values []Named, lossy []string, err error) {
	s := saving{taken: make(map[*object.Node]bool)}
	for _, n := range g.Nodes {
		for _, rule := range rules(n.Obj) {
			if rule.Maker != maker || rule.Save.Shapes == nil {
				continue
			}
			if err := s.apply(n, &rule); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, n := range g.Nodes {
		if len(n.Values) == 1 && n.Values[0].Built() && !s.taken[n] {
			s.values = append(s.values, Named{Name: strings.Join(n.EdgePath(), "."), Path: n.Path(), Source: n.Values[0].Source()})
		}
	}
	return s.values, s.lossy, nil
}

type saving struct {
	taken  map[*object.Node]bool // nodes with values that a rule used
	values []Named
	lossy  []string
}

// apply uses a rule for the object n if all of its values exist and no earlier rule used one of them.
func (s *saving) apply(n *object.Node, rule *layout.Rule) error {
	own := make([]*object.Node, len(rule.Own))
	shapes := make([]tensor.Shape, len(rule.Own))
	for i, path := range rule.Own {
		if own[i] = below(n, path); own[i] == nil || len(own[i].Values) != 1 || !own[i].Values[0].Built() || s.taken[own[i]] {
			return nil
		}
		shapes[i] = own[i].Values[0].Shape
	}
	stored, err := rule.Save.Shapes(shapes)
	if err != nil {
		return nil // another rule may fit: query, key and value of different widths are stored separately
	}
	dtype, path := tensor.DTInt64, n.Path()
	for i, node := range own {
		if i == 0 {
			dtype, path = node.Values[0].DType, node.Path()
		} else if node.Values[0].DType != dtype {
			return fmt.Errorf("%s is %v and %s is %v: %s stores them as one tensor, so they must have the same dtype", path, dtype, node.Path(), node.Values[0].DType, rule.Maker)
		}
		s.taken[node] = true
	}
	from := &source{rule: rule, own: own, shapes: stored, dtype: dtype}
	prefix := n.EdgePath()
	for i, name := range rule.Stored {
		s.values = append(s.values, Named{
			Name: strings.Join(append(slices.Clone(prefix), strings.Split(name, "/")...), "."), Path: path,
			Source: format.Source{DType: dtype, Shape: stored[i], Load: func() (tensor.Any, error) { return from.load(i) }},
		})
	}
	if rule.Lossy != "" {
		s.lossy = append(s.lossy, path+": "+rule.Lossy)
	}
	return nil
}

// below returns the node to which a path of edges leads from n, or nil if there is none.
func below(n *object.Node, path string) *object.Node {
	for _, name := range strings.Split(path, "/") {
		e := n.Find(name)
		if e == nil || e.Node == nil {
			return nil
		}
		n = e.Node
	}
	return n
}

// A source makes the tensors that a rule stores.
type source struct {
	rule   *layout.Rule
	own    []*object.Node
	shapes []tensor.Shape
	dtype  tensor.DType
	made   batch
}

// load returns tensor i.
func (s *source) load(i int) (tensor.Any, error) {
	return s.made.take(i, func() ([]tensor.Any, error) {
		from := make([]tensor.Any, len(s.own))
		for i, n := range s.own {
			var err error
			if from[i], err = n.Values[0].Load(); err != nil {
				return nil, err
			}
		}
		return move(s.rule.Save, s.dtype, s.shapes, from)
	})
}
