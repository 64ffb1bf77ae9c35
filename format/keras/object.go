package keras

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/tensor"
)

// maxDepth is the largest number of objects on a path from the root to a variable. Backslashes of Windows add objects without
// groups.
const maxDepth = 128

// maxGiven is the largest number of edges in a variable's stored name: a name takes less memory than its nodes.
const maxGiven = 16

// An object is an object that Keras 3 saved: a group that contains a group called vars, or objects.
type object struct {
	name     string
	label    string // the object's given name, if the file has it
	children []*object
	byName   map[string]*object
	vars     []variable // in numeric order
	values   []variable // datasets that are not Keras variables
	class    string     // the object's class as stored; "" if unknown
	about    *description
	node     int // index in the graph
}

// A variable is a tensor of an object.
type variable struct {
	name  string
	given []string // the edges that lead to it, if the file has them: see [Writer.AddVariable]
	key   string
	shape tensor.Shape
	dtype tensor.DType
}

// child returns the object called name in o. It makes the object if there is none.
func (o *object) child(name string) *object {
	if c := o.byName[name]; c != nil {
		return c
	}
	if o.byName == nil {
		o.byName = make(map[string]*object)
	}
	c := &object{name: name}
	o.byName[name] = c
	o.children = append(o.children, c)
	return c
}

// objects returns the tree of the objects in files. Two shards may hold parts of one object.
func objects(files []*hdf5.File) (*object, error) {
	root := &object{}
	for _, f := range files {
		for g := range f.Root.All() {
			steps := strings.FieldsFunc(g.Path, func(c rune) bool { return c == '/' || c == '\\' })
			if len(steps) > maxDepth {
				return nil, &raw.Error{File: f.Name, Key: g.Path, Offset: -1, Reason: fmt.Sprintf("more than %d names on the way to it", maxDepth), Err: format.ErrCorrupt}
			}
			vars := len(steps) > 0 && steps[len(steps)-1] == "vars"
			if vars {
				steps = steps[:len(steps)-1]
			}
			if len(steps) == 0 && !vars && len(g.Datasets) == 0 {
				continue
			}
			o := root
			for _, step := range steps {
				o = o.child(step)
			}
			for _, d := range g.Datasets {
				v := variable{name: d.Name(), key: d.Path, shape: d.Shape, dtype: d.DType}
				if vars {
					v.given = givenName(d)
					o.vars = append(o.vars, v)
				} else {
					o.values = append(o.values, v)
				}
			}
			if a := g.Attribute(nameAttribute); a != nil && vars {
				o.label, _ = a.Text()
			}
		}
	}
	root.sort()
	return root, nil
}

// givenName returns the edges in a variable's attribute.
func givenName(d *hdf5.Dataset) []string {
	a := d.Attribute(nameAttribute)
	if a == nil {
		return nil
	}
	text, _ := a.Text()
	if strings.Count(text, "/") >= maxGiven {
		return nil
	}
	steps := strings.Split(text, "/")
	for i, step := range steps {
		name, err := objectgraph.Unescape(step)
		if err != nil || name == "" {
			return nil
		}
		steps[i] = name
	}
	return steps
}

// sort sorts variables by their numbers, and objects of one class in the order in which they were saved.
func (o *object) sort() {
	slices.SortStableFunc(o.vars, func(a, b variable) int { return compareNumbers(a.name, b.name) })
	slices.SortStableFunc(o.children, func(a, b *object) int {
		one, n := splitNumber(a.name)
		other, m := splitNumber(b.name)
		return cmp.Or(cmp.Compare(one, other), cmp.Compare(n, m))
	})
	for _, c := range o.children {
		c.sort()
	}
}

// compareNumbers compares names by their numbers. Names that are not numbers come last.
func compareNumbers(a, b string) int {
	n, err := strconv.Atoi(a)
	m, err2 := strconv.Atoi(b)
	switch {
	case err == nil && err2 == nil:
		return cmp.Compare(n, m)
	case err == nil:
		return -1
	case err2 == nil:
		return 1
	}
	return cmp.Compare(a, b)
}

// layers returns the object that holds a model's layers, or nil if o is not a model with such an object.
func (o *object) layers() *object {
	if l := o.byName["layers"]; l != nil {
		return l
	}
	return o.byName["_layer_checkpoint_dependencies"] // Keras 2.13
}

// understand finds the classes of objects. about, if it is not nil, is the description of o.
func (o *object) understand(about *description) {
	o.about = about
	if about != nil && about.class != "" {
		o.class = snakeCase(about.class)
	}
	layers := o.layers()
	if layers != nil {
		for _, c := range layers.children {
			c.class, _ = splitNumber(c.name)
		}
		if about != nil {
			names := make(counter)
			for _, d := range about.layers {
				if c := layers.byName[names.name(snakeCase(d.class))]; c != nil {
					c.about = d
					if c.label == "" {
						c.label = d.name
					}
				}
			}
		}
	}
	if layers == nil && about != nil { // names of files that Keras did not write
		for _, d := range about.layers {
			if c := o.lookup(d.name); c != nil {
				c.about = d
			}
		}
	}
	for _, c := range o.children {
		switch {
		case c == layers:
			for _, l := range c.children {
				l.understand(l.about)
			}
		case c.name == "layer" && about != nil:
			c.understand(about.inner)
		default:
			if c.class == "" && o.isList() {
				c.class, _ = splitNumber(c.name)
			}
			if c.name == "cell" && strings.HasPrefix(o.class, "conv_lstm") {
				c.class = "conv_lstm_cell"
			}
			c.understand(c.about)
		}
	}
}

// isList reports whether an object may be a list of objects: it has no variables, and all of its children are numbered and of one
// class.
func (o *object) isList() bool {
	if len(o.vars)+len(o.values) > 0 || o.label != "" || len(o.children) == 0 {
		return false
	}
	first, _ := splitNumber(o.children[0].name)
	for _, c := range o.children {
		if base, _ := splitNumber(c.name); base != first {
			return false
		}
	}
	return o.children[0].name == first
}

// at returns the object at a path, or nil if there is none.
func (o *object) at(path string) *object {
	if path == "" {
		return o
	}
	for step := range strings.SplitSeq(path, "/") {
		if o = o.byName[step]; o == nil {
			return nil
		}
	}
	return o
}

func (o *object) hasWeights() bool {
	if len(o.vars)+len(o.values) > 0 {
		return true
	}
	for _, c := range o.children {
		if c.hasWeights() {
			return true
		}
	}
	return false
}

// weighted returns how many of o's children have weights.
func (o *object) weighted() (n int) {
	for _, c := range o.children {
		if c.hasWeights() {
			n++
		}
	}
	return n
}

// lookup returns the object with the name of a layer, in o or, if names repeat or extend the name of the model, in the only
// object of o.
func (o *object) lookup(name string) *object {
	steps := strings.FieldsFunc(name, func(c rune) bool { return c == '.' || c == '/' })
	for len(steps) > 0 {
		if c := o.at(strings.Join(steps, "/")); c != nil {
			return c
		}
		if len(o.children) != 1 || len(o.vars)+len(o.values) > 0 {
			return nil
		}
		o = o.children[0]
	}
	return nil
}
