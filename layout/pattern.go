package layout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// Sizes maps the names of a pattern's joined axes to their lengths.
type Sizes map[string]int

// A pattern names the axes of a stored tensor and of a value, as einops does.
type pattern struct {
	stored, own [][]string // the names that each axis joins; an axis of length 1 has no names
	sizes       Sizes
}

// Pattern is the rule for a value that has the stored tensor's axes in another order, and may join some of them. The pattern names
// the axes of both, as einops's rearrange does. Parentheses join axes, the last one fastest, and 1 is an axis of length 1:
//
//	Pattern(PyTorch, "_kernel", "weight", "o (c h w) -> (h w c) o", Sizes{"c": 3, "h": 4, "w": 4})
//
// Among joined axes, all but one need a size. Pattern panics if the pattern is malformed, because the pattern is part of the
// program.
func Pattern(maker Maker, own, stored, axes string, sizes Sizes) Rule {
	p := mustParse(axes, sizes)
	r := Rule{
		Maker: maker, Own: []string{own}, Stored: []string{stored},
		Load: p.transform(), Save: p.reversed().transform(),
	}
	r.Square = func(stored []tensor.Shape) bool {
		shapes, err := r.Load.Shapes(stored)
		return err == nil && len(stored[0]) > 1 && shapes[0].Equal(stored[0]) && stored[0].Len() > 1 && !p.identical()
	}
	return r
}

// Split is the rule for values that are stored as blocks of equal size along the first axis of one tensor, each with the axes of a
// [Pattern].
func Split(maker Maker, own []string, stored, axes string, sizes Sizes) Rule {
	p := mustParse(axes, sizes)
	load, save := p.transform(), p.reversed().transform()
	return Rule{
		Maker: maker, Own: own, Stored: []string{stored},
		Load: Transform{
			Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) {
				block := slices.Clone(from[0])
				if len(block) == 0 || block[0]%len(own) != 0 {
					return nil, fmt.Errorf("shape %v does not hold %d blocks along its first axis", from[0], len(own))
				}
				block[0] /= len(own)
				shapes, err := load.Shapes([]tensor.Shape{block})
				for err == nil && len(shapes) < len(own) {
					shapes = append(shapes, shapes[0])
				}
				return shapes, err
			},
			Move: func(to, from []tensor.Any) error {
				return eachBlock(from[0], len(own), func(block tensor.Any, i int) error {
					return load.Move(to[i:i+1], []tensor.Any{block})
				})
			},
		},
		Save: Transform{
			Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) {
				for i := range from {
					if !from[i].Equal(from[0]) {
						return nil, fmt.Errorf("%s has shape %v, %s has %v: they must have the same shape to be stored as one tensor", own[0], from[0], own[i], from[i])
					}
				}
				shapes, err := save.Shapes(from[:1])
				if err == nil {
					shapes[0] = slices.Clone(shapes[0])
					shapes[0][0] *= len(own)
				}
				return shapes, err
			},
			Move: func(to, from []tensor.Any) error {
				return eachBlock(to[0], len(own), func(block tensor.Any, i int) error {
					return save.Move([]tensor.Any{block}, from[i:i+1])
				})
			},
		},
	}
}

func mustParse(text string, sizes Sizes) pattern {
	left, right, ok := strings.Cut(text, "->")
	p := pattern{axesOf(left), axesOf(right), sizes}
	l, r := slices.Sorted(slices.Values(slices.Concat(p.stored...))), slices.Sorted(slices.Values(slices.Concat(p.own...)))
	if !ok || !slices.Equal(l, r) || len(slices.Compact(slices.Clone(l))) != len(l) {
		panic(fmt.Sprintf("layout: malformed pattern %q", text)) // a rule is written by a programmer, not read from a file
	}
	return p
}

func axesOf(text string) (axes [][]string) {
	text = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
	joined := false
	for _, word := range strings.Fields(text) {
		switch {
		case word == "(":
			axes, joined = append(axes, nil), true
		case word == ")":
			joined = false
		case joined:
			axes[len(axes)-1] = append(axes[len(axes)-1], word)
		case word == "1":
			axes = append(axes, nil)
		default:
			axes = append(axes, []string{word})
		}
	}
	return axes
}

func (p pattern) reversed() pattern { return pattern{p.own, p.stored, p.sizes} }

// identical reports whether the pattern changes nothing.
func (p pattern) identical() bool {
	return slices.Equal(slices.Concat(p.stored...), slices.Concat(p.own...))
}

// lengths returns how long each named axis is in a tensor of shape.
func (p pattern) lengths(shape tensor.Shape) (map[string]int, error) {
	if len(shape) != len(p.stored) {
		return nil, fmt.Errorf("shape %v has %d axes, expected %d", shape, len(shape), len(p.stored))
	}
	lengths := make(map[string]int)
	for i, names := range p.stored {
		rest, unknown := shape[i], ""
		for _, name := range names {
			switch n, ok := p.sizes[name]; {
			case !ok && unknown == "":
				unknown = name
			case !ok:
				return nil, fmt.Errorf("axis %d of shape %v joins %v: the lengths of both %s and %s are unknown", i, shape, names, unknown, name)
			case n <= 0 || rest%n != 0:
				return nil, fmt.Errorf("axis %d of shape %v is not a multiple of %d", i, shape, n)
			default:
				lengths[name] = n
				rest /= n
			}
		}
		if unknown != "" {
			lengths[unknown] = rest
		} else if rest != 1 {
			return nil, fmt.Errorf("axis %d of shape %v has length %d, expected %d", i, shape, shape[i], shape[i]/max(rest, 1))
		}
	}
	return lengths, nil
}

func (p pattern) transform() Transform {
	return Transform{
		Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) {
			lengths, err := p.lengths(from[0])
			if err != nil {
				return nil, err
			}
			shape := make(tensor.Shape, len(p.own))
			for i, names := range p.own {
				shape[i] = 1
				for _, name := range names {
					shape[i] *= lengths[name]
				}
			}
			return []tensor.Shape{shape}, nil
		},
		Move: func(to, from []tensor.Any) error {
			lengths, err := p.lengths(from[0].Shape())
			if err != nil {
				return err
			}
			before, after := slices.Concat(p.stored...), slices.Concat(p.own...)
			split, axes := make(tensor.Shape, len(before)), make([]int, len(after))
			for i, name := range before {
				split[i] = lengths[name]
			}
			for i, name := range after {
				axes[i] = slices.Index(before, name)
			}
			permuted, err := permutedShape(split, axes)
			if err != nil {
				return err
			}
			src, err := reshaped(from[0], split)
			if err != nil {
				return err
			}
			dst, err := reshaped(to[0], permuted)
			if err != nil {
				return err
			}
			return Permute(dst, src, axes...)
		},
	}
}

// reshaped returns a tensor of another shape that shares t's memory.
func reshaped(t tensor.Any, shape tensor.Shape) (tensor.Any, error) {
	b, ok := tensor.Bytes(t)
	if !ok {
		return nil, fmt.Errorf("layout: elements of %v have no fixed size", t.DType())
	}
	return tensor.FromBytes(t.DType(), b, shape...)
}

// eachBlock calls f with each of n equal blocks along t's first axis, which share t's memory.
func eachBlock(t tensor.Any, n int, f func(block tensor.Any, i int) error) error {
	b, ok := tensor.Bytes(t)
	if !ok {
		return fmt.Errorf("layout: blocks of %v have no fixed size", t.DType())
	}
	shape := slices.Clone(t.Shape())
	shape[0] /= n
	size := len(b) / n
	for i := range n {
		block, err := tensor.FromBytes(t.DType(), b[i*size:][:size:size], shape...)
		if err != nil {
			return err
		}
		if err := f(block, i); err != nil {
			return err
		}
	}
	return nil
}
