package keras

import (
	"strconv"
	"strings"
)

// ReadableNames returns readable names for keys in which Keras uses numbers or repeats names: the names of layers and
// variable, joined by dots, such as block1_conv.kernel for layers/conv2d/vars/0. It leaves out the keys of layers
// with names that the file does not have. It leaves out keys that would have the same name as another, and all keys of
// files that Keras did not write.
func (r *Reader) ReadableNames() (map[string]string, error) {
	n := readable{names: make(map[string]string), keys: make(map[string]string)}
	about := parseConfig(r.config)
	switch {
	case r.plain:
	case r.legacy:
		layers, err := readLegacy(r.files[0])
		if err != nil {
			return nil, err
		}
		for _, l := range layers {
			attributes := newInnerNames(l.weights)
			for _, w := range l.weights {
				steps := attributes.of(w.steps)
				if steps[0] != l.name && l.name != "" {
					steps = append([]string{l.name}, steps...)
				}
				for len(steps) > 2 && steps[0] == steps[1] { // dense/dense/kernel
					steps = steps[1:]
				}
				n.add(w.key, steps)
			}
		}
	default:
		root, err := objects(r.files)
		if err != nil {
			return nil, err
		}
		root.understand(about)
		n.object(root, nil)
	}
	for key, name := range n.names {
		if n.keys[name] != key {
			delete(n.names, key)
		}
	}
	return n.names, nil
}

type readable struct {
	names map[string]string // by key
	keys  map[string]string // the key of each name; "" if several keys have it
}

func (n *readable) add(key string, steps []string) {
	name := strings.Join(steps, ".")
	n.names[key] = name
	if _, twice := n.keys[name]; twice {
		key = ""
	}
	n.keys[name] = key
}

// object adds the variables of o and of the objects in it. It treats the layers of a model as objects in the model.
func (n *readable) object(o *object, steps []string) {
	to := func(more ...string) []string {
		return append(append(make([]string, 0, len(steps)+2), steps...), more...)
	}
	for _, v := range o.values {
		n.add(v.key, to(v.name))
	}
	names := o.variableNames()
	if o.class != "" && slotsOf(o.class) == nil && o.class != "attention" {
		names = nil // guesses
	}
	for i, v := range o.vars {
		switch {
		case i < len(names) && len(names[i]) > 0:
			n.add(v.key, to(names[i][0]))
		case len(v.given) > 0:
			n.add(v.key, to(v.given...))
		default:
			if _, err := strconv.Atoi(v.name); err == nil {
				n.add(v.key, to("vars", v.name))
			} else {
				n.add(v.key, to(v.name))
			}
		}
	}
	layers := o.layers()
	for _, c := range o.children {
		if c == layers {
			for _, l := range c.children {
				if l.label != "" { // otherwise its number could be mistaken for the name of another layer
					n.object(l, to(l.label))
				}
			}
			continue
		}
		n.object(c, to(c.name))
	}
}
