package layers

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// An encoding is the form in which a layer returns categories: keras.src.utils.numerical_utils.encode_categorical_inputs.
type encoding string

const (
	asInt      encoding = "int"
	asOneHot   encoding = "one_hot"
	asMultiHot encoding = "multi_hot"
	asCount    encoding = "count"
	asTFIDF    encoding = "tf_idf"
)

// encode encodes indices: as one-hot vectors, or as the number of times that each index occurs along the second axis, or, with
// weights, as the sum of its weights. Indices that are not below depth do not count.
func (e encoding) encode(who id, indices *tensor.Tensor[int64], depth int, weights *Tensor) (*Tensor, error) {
	s := slices.Clone(indices.Shape())
	if len(s) == 0 {
		s = tensor.Shape{1}
	}
	if depth <= 0 {
		return nil, errorf(who, "%d categories: %w", depth, ErrNotBuilt)
	}
	if e == asOneHot {
		if len(s) > 1 && s[len(s)-1] == 1 {
			s = s[:len(s)-1]
		}
		y, err := newGrown(who, indices.Len(), append(s, depth)...)
		if err != nil {
			return nil, err
		}
		for i, at := range indices.Data() {
			if at >= 0 && at < int64(depth) {
				y.Data()[i*depth+int(at)] = 1
			}
		}
		return y, nil
	}
	if e != asMultiHot && e != asCount && e != asTFIDF {
		return nil, errorf(who, `output mode %q, want "int", "one_hot", "multi_hot", "count" or "tf_idf"`, string(e))
	}
	if weights != nil && !weights.Shape().Equal(indices.Shape()) {
		return nil, shapeErrorf(who, "count weights", weights.Shape(), "%v, the shape of the input", indices.Shape())
	}
	axis := min(1, len(s)-1) // the axis along which indices are counted
	outer, n, inner := s[:axis].Len(), s[axis], s[axis+1:].Len()
	y, err := newGrown(who, indices.Len(), append(slices.Delete(slices.Clone(s), axis, axis+1), depth)...)
	if err != nil {
		return nil, err
	}
	for i, at := range indices.Data() {
		if at < 0 || at >= int64(depth) || outer*n == 0 {
			continue
		}
		to := &y.Data()[(i/(n*inner)*inner+i%inner)*depth+int(at)]
		switch {
		case e == asMultiHot:
			*to = 1
		case weights != nil:
			*to += weights.Data()[i]
		default:
			*to++
		}
	}
	return y, nil
}

// CategoryEncoding is keras.layers.CategoryEncoding.
type CategoryEncoding struct {
	NumTokens  int
	OutputMode string // "multi_hot", which "" is too, "one_hot" or "count"
	Name       string // for error messages
}

func (l *CategoryEncoding) id() id { return id{"category_encoding", l.Name} }

// Call encodes the indices in x as Keras does. Indices that are not below NumTokens do not count.
func (l *CategoryEncoding) Call(x *Tensor) (*Tensor, error) { return l.Forward(nil, x) }

// Forward is Call with a [Context].
func (l *CategoryEncoding) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return one(l.ForwardAll(c, []*Tensor{x}))
}

// ForwardAll is Call with a [Context]. In mode "count" a second input may have the weights of the indices.
func (l *CategoryEncoding) ForwardAll(_ *Context, xs []*Tensor) ([]*Tensor, error) {
	mode := encoding(l.OutputMode)
	if mode == "" {
		mode = asMultiHot
	}
	if len(xs) == 0 || len(xs) > 2 || len(xs) == 2 && mode != asCount {
		return nil, errorf(l.id(), "%d inputs in mode %q, want 1, or 2 in mode %q", len(xs), mode, asCount)
	}
	var weights *Tensor
	for i, x := range xs {
		if err := checkInput(l.id(), x, 0, 0); err != nil {
			return nil, err
		}
		if i == 1 {
			weights = x
		}
	}
	if mode == asInt || mode == asTFIDF {
		return nil, errorf(l.id(), "this layer does not support output mode %q", mode)
	}
	indices, err := ops.FloatValue(xs[0]).Ints()
	if err != nil {
		return nil, errorf(l.id(), "%w", err)
	}
	y, err := mode.encode(l.id(), indices, l.NumTokens, weights)
	return []*Tensor{y}, err
}

func (l *CategoryEncoding) callKeras(a *ops.Arguments) ([]*ops.Value, error) {
	vs, err := ops.Flattened([]any{a.First(), a.Get(1, "count_weights")})
	if err != nil {
		return nil, errorf(l.id(), "%w", err)
	}
	xs := make([]*Tensor, len(vs))
	for i, v := range vs {
		if xs[i], err = v.Float(); err != nil {
			return nil, errorf(l.id(), "%w", err)
		}
	}
	ys, err := l.ForwardAll(nil, xs)
	if err != nil {
		return nil, err
	}
	return []*ops.Value{ops.FloatValue(ys[0])}, nil
}

// Discretization is keras.layers.Discretization, with boundaries from its options or from adapt.
type Discretization struct {
	BinBoundaries []float32 // ascending
	OutputMode    string    // "int", which "" is too, "one_hot", "multi_hot" or "count"
	Name          string    // for error messages
}

func (l *Discretization) id() id { return id{"discretization", l.Name} }

// Call returns, encoded, the bin of each value: the number of boundaries that are not above the value.
func (l *Discretization) Call(x *Tensor) (*Tensor, error) { return l.Forward(nil, x) }

// Forward is Call with a [Context].
func (l *Discretization) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(l.id(), x, 0, 0); err != nil {
		return nil, err
	}
	if len(l.BinBoundaries) == 0 || !slices.IsSorted(l.BinBoundaries) {
		return nil, errorf(l.id(), "bin boundaries %v, want one or more in ascending order", l.BinBoundaries)
	}
	bins := kernel.Map(x, func(v float32) int64 {
		at, _ := slices.BinarySearchFunc(l.BinBoundaries, v, func(b, v float32) int {
			if b <= v {
				return -1
			}
			return 1
		})
		return int64(at)
	})
	mode := encoding(l.OutputMode)
	if mode == "" || mode == asInt {
		return kernel.Map(bins, func(n int64) float32 { return float32(n) }), nil
	}
	return mode.encode(l.id(), bins, len(l.BinBoundaries)+1, nil)
}

func (l *Discretization) callKeras(a *ops.Arguments) ([]*ops.Value, error) {
	v, ok := a.First().(*ops.Value)
	if !ok {
		return nil, errorf(l.id(), "argument %s, want a tensor", ops.DescribeArg(a.First()))
	}
	x, err := v.Cast(tensor.DTFloat32)
	if err != nil {
		return nil, errorf(l.id(), "%w", err)
	}
	y, err := l.Forward(nil, x.X.(*Tensor))
	if err != nil {
		return nil, err
	}
	out := ops.FloatValue(y)
	if out, err = out.Cast(l.dtype()); err != nil {
		return nil, errorf(l.id(), "%w", err)
	}
	return []*ops.Value{out}, nil
}

func categoryMaker(class string) config.Maker {
	switch class {
	case "CategoryEncoding":
		return func(c *config.Config) any {
			c.Refuse("sparse")
			return &CategoryEncoding{NumTokens: c.Int("num_tokens", 0), OutputMode: c.Text("output_mode", string(asMultiHot)), Name: c.Name()}
		}
	case "Discretization":
		return func(c *config.Config) any {
			c.Refuse("sparse")
			c.Skip("num_bins", "epsilon")
			l := &Discretization{OutputMode: c.Text("output_mode", string(asInt)), Name: c.Name()}
			if x := c.Array("bin_boundaries"); x != nil {
				l.BinBoundaries = x.Data()
			}
			return l
		}
	case "StringLookup":
		return makeStringLookup
	case "IntegerLookup":
		return makeIntegerLookup
	}
	return nil
}

// dtype returns the dtype of the layer's output in a model.
func (l *Discretization) dtype() tensor.DType {
	if l.OutputMode == "" || encoding(l.OutputMode) == asInt {
		return tensor.DTInt32
	}
	return tensor.DTFloat32
}
