package layers

import (
	"fmt"
	"reflect"
)

// Sequential is keras.Sequential: a chain of layers.
//
//	type Scorer struct {
//		Body layers.Sequential
//	}
//	s := Scorer{Body: layers.NewSequential(layers.NewDense(64), &layers.ReLU{}, layers.NewDense(1))}
//	err := ckpt.LoadWeights(ctx, "training/ckpt-7", &s)
//
// Its edges are those that Keras 3 saves; [Sequential.TF2] returns those of TF 2.0's Keras. The layers keep their types: keep
// pointers to them, or read them from the slice.
type Sequential struct {
	Functional Chain `ckpt:"_functional"`
	Name       string
}

// A Chain is the Functional model that Keras 3 makes from a Sequential one.
type Chain struct {
	// Operations are the layers, pointers to them, in Keras's order. The first is nil and stands for the input. Another nil stands
	// for each operator that Keras adds to compute a mask. [NewSequential] fills it in.
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

// classOf returns the name of a layer's Keras class, which is that of its Go type.
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

// Layers returns the layers without the nil entries for Keras's input and operators.
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

// Call applies the layers to x, one after another.
func (s *Sequential) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

// Forward is Call with a [Context]: masks pass from layer to layer, beginning with the input's mask.
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

// callOne calls one layer of a chain. It also returns the mask of its output.
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
		return nil, nil, fmt.Errorf("cannot call a value of type %T: want a Layer or a MultiLayer", l)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(ys) != 1 {
		return nil, nil, fmt.Errorf("a %T returns %d outputs, but the next layer takes one", l, len(ys))
	}
	m, ok := l.(Masker)
	if !ok {
		return ys[0], nil, nil
	}
	mask, err := m.OutputMask(ctx, x)
	return ys[0], mask, err
}

// TF2 returns the layers that have weights, under the names in checkpoints of TF 2.0's Keras: "layer_with_weights-0", … In a
// checkpoint a map is an object like any other, so
//
//	err := ckpt.LoadWeights(ctx, "weights/ckpt", ckpt.Group(s.TF2()))
//
// fills s. A field of type map[string]any can stand for a Sequential within a model.
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

// tf2Layer returns a layer, or a model with Keras 2's names for its layers, or nil if there are no weights.
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

// hasWeights reports whether a type has a tagged field that is a tensor or leads to one. It skips types in seen.
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
