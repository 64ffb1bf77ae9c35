package layers

import (
	"fmt"
	"reflect"
)

// Sequential is keras.Sequential: layers one behind the other.
//
//	type Scorer struct {
//		Body layers.Sequential
//	}
//	s := Scorer{Body: layers.NewSequential(layers.NewDense(64), &layers.ReLU{}, layers.NewDense(1))}
//	err := ckpt.LoadWeights(ctx, "training/ckpt-7", &s)
//
// Its edges are those that Keras 3 saves; [Sequential.TF2] gives those of TF 2.0's Keras. The layers keep their types: the caller
// holds pointers to them, or reads them from the slice.
type Sequential struct {
	Functional Chain `ckpt:"_functional"`
	Name       string
}

// A Chain is the Functional model that Keras 3 makes of a Sequential one.
type Chain struct {
	// Operations are the layers, pointers to them, in Keras's order: a nil for the input comes first, and one for every operator
	// that Keras adds to make a mask. [NewSequential] puts them there.
	Operations []any `ckpt:"_operations"`
}

// NewSequential returns a Sequential of layers, each a [Layer] or a [MultiLayer].
func NewSequential(layers ...any) Sequential {
	links := make([]link, len(layers))
	for i, l := range layers {
		links[i] = link{classOf(l), l}
	}
	return Sequential{Functional: Chain{Operations: chainOperations(links)}}
}

// classOf returns the name of Keras's class for a layer, that of its type.
func classOf(layer any) string {
	t := reflect.TypeOf(layer)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return ""
	}
	return t.Name()
}

// Layers returns the layers without what stands between them for Keras.
func (s *Sequential) Layers() []any {
	var layers []any
	for _, l := range s.Functional.Operations {
		if l != nil {
			layers = append(layers, l)
		}
	}
	return layers
}

func (s *Sequential) id() id { return id{"sequential", s.Name} }

// Call returns what the last layer makes of what the layer before it makes, and so on, of x.
func (s *Sequential) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

// Forward is Call with a [Context]: masks go from layer to layer, from the input's on.
func (s *Sequential) Forward(c *Context, x *Tensor) (*Tensor, error) {
	y, _, err := s.forward(c, x)
	return y, err
}

func (s *Sequential) forward(c *Context, x *Tensor) (*Tensor, *Mask, error) {
	if err := checkInput(s.id(), x, 0, 0); err != nil {
		return nil, nil, err
	}
	mask := c.Mask(0)
	for i, l := range s.Layers() {
		ctx := &Context{Workspace: (*Workspace)(c.workspace())}
		if mask != nil {
			ctx.Masks = []*Mask{mask}
		}
		y, next, err := callOne(ctx, l, x)
		if err != nil {
			return nil, nil, fmt.Errorf("layers: %v: layer %d: %w", s.id(), i, err)
		}
		x, mask = y, next
	}
	return x, mask, nil
}

// callOne calls one layer of a chain, and returns the mask of its output too.
func callOne(ctx *Context, l any, x *Tensor) (*Tensor, *Mask, error) {
	var ys []*Tensor
	var err error
	switch l := l.(type) {
	case *Sequential:
		return l.forward(ctx, x)
	case Layer:
		ys, err = asList(l.Forward(ctx, x))
	case MultiLayer:
		ys, err = l.ForwardAll(ctx, []*Tensor{x})
	default:
		return nil, nil, fmt.Errorf("a %T is not a layer that can be called", l)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(ys) != 1 {
		return nil, nil, fmt.Errorf("a %T gives %d outputs, and the next layer takes one", l, len(ys))
	}
	m, ok := l.(Masker)
	if !ok {
		return ys[0], nil, nil
	}
	mask, err := m.OutputMask(ctx, x)
	return ys[0], mask, err
}

// TF2 returns the same layers under the names that TF 2.0's Keras saves them with, those that have weights:
// "layer_with_weights-0", … A map is an object like any other to a checkpoint, so that
//
//	err := ckpt.LoadWeights(ctx, "weights/ckpt", ckpt.Group(s.TF2()))
//
// fills s, and a field of type map[string]any stands for a Sequential within a model.
func (s *Sequential) TF2() map[string]any {
	return tf2Edges(s.Layers())
}

// tf2Edges returns the layers that have weights under the names that Keras 2 gives them.
func tf2Edges(layers []any) map[string]any {
	edges := make(map[string]any)
	for _, l := range layers {
		if below := tf2Layer(l); below != nil {
			edges[fmt.Sprintf("layer_with_weights-%d", len(edges))] = below
		}
	}
	return edges
}

// tf2Layer returns a layer, a model with the names of Keras 2 for its layers, or nil if there are no weights.
func tf2Layer(layer any) any {
	var edges map[string]any
	switch l := layer.(type) {
	case *Sequential:
		edges = l.TF2()
	case *Model:
		edges = l.TF2()
	case *TimeDistributed:
		inner := tf2Layer(l.Layer)
		if _, isModel := inner.(map[string]any); !isModel {
			if inner == nil {
				return nil
			}
			return l
		}
		edges = map[string]any{"layer": inner}
	default:
		if !hasLayerWeights(layer) {
			return nil
		}
		return layer
	}
	if len(edges) == 0 {
		return nil
	}
	return edges
}

// hasWeights reports a type with a tagged field that a tensor is, or leads to; a type in seen was looked at.
func hasWeights(t reflect.Type, seen map[reflect.Type]bool) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t == reflect.TypeFor[Tensor]() || t.Kind() == reflect.Interface { // an interface: a wrapped layer
		return true
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return false
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if tag, tagged := f.Tag.Lookup("ckpt"); tag != "-" && (tagged || f.Anonymous) && hasWeights(f.Type, seen) {
			return true
		}
	}
	return false
}
