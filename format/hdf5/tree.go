package hdf5

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// A File is the structure of an HDF5 file: everything except the elements of its datasets.
type File struct {
	Name string // for errors
	Root *Group
}

// A Group holds groups and datasets, each under a name.
type Group struct {
	Path       string   // the names from the root, joined by "/"; the root's is empty
	Groups     []*Group // sorted by name in byte order, as are datasets and attributes
	Datasets   []*Dataset
	Attributes []Attribute
}

// A Dataset is a tensor in the file.
type Dataset struct {
	Path       string
	DType      tensor.DType // InvalidDType if it is unknown: see Err
	Shape      tensor.Shape
	BigEndian  bool
	Offset     int64 // of the first element in the file
	Size       int64 // in bytes
	Attributes []Attribute
	Err        error // why the elements cannot be read; nil if they can

	class  string // of the datatype, if DType is unknown
	shared bool   // another path leads to it too
	place  uint64 // where the output of Encode holds the address of the elements
}

func lastName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Name returns the last name of g's path.
func (g *Group) Name() string { return lastName(g.Path) }

// Name returns the last name of d's path.
func (d *Dataset) Name() string { return lastName(d.Path) }

// Group returns the group of the given name in g, nil if there is none.
func (g *Group) Group(name string) *Group {
	i, ok := slices.BinarySearchFunc(g.Groups, name, func(c *Group, name string) int { return cmp.Compare(c.Name(), name) })
	if !ok {
		return nil
	}
	return g.Groups[i]
}

// Dataset returns the dataset of the given name in g, nil if there is none.
func (g *Group) Dataset(name string) *Dataset {
	i, ok := slices.BinarySearchFunc(g.Datasets, name, func(c *Dataset, name string) int { return cmp.Compare(c.Name(), name) })
	if !ok {
		return nil
	}
	return g.Datasets[i]
}

// Attribute returns the attribute of the given name, nil if there is none.
func (g *Group) Attribute(name string) *Attribute { return findAttribute(g.Attributes, name) }

// Attribute returns the attribute of the given name, nil if there is none.
func (d *Dataset) Attribute(name string) *Attribute { return findAttribute(d.Attributes, name) }

func findAttribute(all []Attribute, name string) *Attribute {
	i, ok := slices.BinarySearchFunc(all, name, func(a Attribute, name string) int { return cmp.Compare(a.Name, name) })
	if !ok {
		return nil
	}
	return &all[i]
}

// All yields g and the groups below it, parents first and siblings in the byte order of their names.
func (g *Group) All() iter.Seq[*Group] {
	return func(yield func(*Group) bool) {
		for stack := []*Group{g}; len(stack) > 0; {
			g := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if !yield(g) {
				return
			}
			for _, child := range slices.Backward(g.Groups) {
				stack = append(stack, child)
			}
		}
	}
}
