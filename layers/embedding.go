package layers

import (
	"math"
	"math/rand/v2"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// Embedding is keras.layers.Embedding: for each index in its input, a row of a table.
//
// The zero value takes the table and its size from a checkpoint.
type Embedding struct {
	Embeddings Tensor `ckpt:"_embeddings,alias=embeddings,cast"` // [indices values]

	LoRAEmbeddingsA Tensor `ckpt:"lora_embeddings_a,optional,cast"` // [indices rank]; Keras's enable_lora adds LoRAEmbeddingsA·LoRAEmbeddingsB to the table
	LoRAEmbeddingsB Tensor `ckpt:"lora_embeddings_b,optional,cast"` // [rank values]
	EmbeddingsScale Tensor `ckpt:"embeddings_scale,optional,cast"`  // [indices]; built: the table is of Keras's policy int8, in steps of 1/EmbeddingsScale

	InputDim  int     // the number of indices; 0: the number in the table
	OutputDim int     // the number of values in a row; 0: the number in the table
	LoRAAlpha float32 // LoRAEmbeddingsA·LoRAEmbeddingsB is added LoRAAlpha/rank times, 0: once
	MaskZero  bool    // index 0 is padding: the output has a mask that is false there
	Name      string  // for error messages
	Seed      uint64  // of the table's initial values

	policy string // from the description: int8; then the table needs its scales
	first  firstCall
}

// NewEmbedding returns an Embedding of the given size. It makes its table at the first call, unless it is restored before.
func NewEmbedding(inputDim, outputDim int) *Embedding {
	return &Embedding{InputDim: inputDim, OutputDim: outputDim}
}

func (e *Embedding) lora() lowRank {
	return lowRank{"lora_embeddings", &e.LoRAEmbeddingsA, &e.LoRAEmbeddingsB, e.LoRAAlpha}
}

func (e *Embedding) id() id { return id{"embedding", e.Name} }

// Build makes the table (uniform within ±0.05) if there is none. The error is a [*ShapeError] if the table does not have the size
// in the options, or has [ErrNotBuilt] if the options do not give a size. The input may have any shape.
func (e *Embedding) Build(tensor.Shape) (err error) {
	defer e.first.begin().end(&err)
	if !e.Embeddings.Built() {
		if e.InputDim <= 0 || e.OutputDim <= 0 || e.policy == "int8" {
			return errorf(e.id(), "%w", ErrNotBuilt)
		}
		init := func(w []float32, _ tensor.Shape, r *rand.Rand) { uniform(w, 0.05, r) }
		if err := buildWeight(e.id(), "embeddings", &e.Embeddings, e.Seed, init, e.InputDim, e.OutputDim); err != nil {
			return err
		}
	}
	if err := checkWeight(e.id(), "embeddings", &e.Embeddings, "by the layer's options", anyOr(e.InputDim), anyOr(e.OutputDim)); err != nil {
		return err
	}
	if e.policy == "int8" && !e.EmbeddingsScale.Built() {
		return errorf(e.id(), "int8 embeddings without embeddings_scale: %w", ErrNotBuilt)
	}
	if err := checkScale(e.id(), "embeddings_scale", &e.EmbeddingsScale, e.Embeddings.Shape()[0]); err != nil {
		return err
	}
	return e.lora().check(e.id(), e.Embeddings.Shape())
}

// WantScales implements [tensor.Scaler]: an int8 table needs EmbeddingsScale.
func (e *Embedding) WantScales(scaled func(variable, by tensor.Any, fits func(variable, by tensor.Shape) bool)) {
	scaled(&e.Embeddings, &e.EmbeddingsScale, func(table, scale tensor.Shape) bool {
		return len(table) == 2 && len(scale) == 1 && scale[0] == table[0]
	})
}

// WantShapes implements [tensor.Shaper]: it reports the shape that InputDim and OutputDim fix.
func (e *Embedding) WantShapes(want func(variable tensor.Any, shape ...int)) {
	want(&e.Embeddings, anyOr(e.InputDim), anyOr(e.OutputDim))
}

// Call returns a row of the table for each value of x, an index. The result has x's shape with the row as an additional last axis.
// As in Keras, fractions are truncated, and an index below 0 counts from the end of the table. An index outside the table is an
// error.
func (e *Embedding) Call(x *Tensor) (*Tensor, error) { return e.Forward(nil, x) }

// Forward is Call with a [Context].
func (e *Embedding) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(e.id(), x, 0, 0); err != nil {
		return nil, err
	}
	return gather(nil, e, x, func(v float32) int {
		if !(math.Abs(float64(v)) < 1<<31) {
			return math.MinInt // NaN, or beyond int32: not in any table
		}
		return int(v)
	})
}

// Lookup is Call for indices that are integers.
func (e *Embedding) Lookup(indices *tensor.Tensor[int64]) (*Tensor, error) {
	if indices == nil || !indices.Built() {
		return nil, shapeErrorf(e.id(), "input", nil, "a tensor of indices")
	}
	return gather(nil, e, indices, func(v int64) int { return int(v) })
}

// gather copies the rows with the indices in x.
func gather[T tensor.Element](c *Context, e *Embedding, x *tensor.Tensor[T], index func(T) int) (*Tensor, error) {
	if err := e.Build(nil); err != nil {
		return nil, err
	}
	rows, width := e.Embeddings.Shape()[0], e.Embeddings.Shape()[1]
	y, err := c.newOutput(e.id(), append(append(tensor.Shape{}, x.Shape()...), width)...)
	if err != nil {
		return nil, err
	}
	lora := e.lora()
	table, out := e.Embeddings.Data(), y.Data()
	for i, v := range x.Data() {
		row := index(v)
		if row < 0 {
			row += rows
		}
		if row < 0 || row >= rows {
			return nil, errorf(e.id(), "value %d of the input is %v, want an index into the table's %d rows", i, v, rows)
		}
		to := out[i*width : (i+1)*width]
		copy(to, table[row*width:])
		if e.EmbeddingsScale.Built() {
			for j := range to {
				to[j] /= e.EmbeddingsScale.Data()[row]
			}
		}
		if lora.built() {
			lora.addRow(to, row)
		}
	}
	return y, nil
}

// OutputMask returns, with MaskZero, a mask that is false where the input is 0, otherwise nil: an embedding does not pass its
// input's mask on.
func (e *Embedding) OutputMask(_ *Context, xs ...*Tensor) (*Mask, error) {
	if !e.MaskZero || len(xs) == 0 || xs[0] == nil || !xs[0].Built() {
		return nil, nil
	}
	return kernel.Map(xs[0], func(v float32) bool { return v != 0 }), nil
}

// Masking is keras.layers.Masking: it masks the steps that contain only MaskValue, and sets them to 0.
type Masking struct {
	MaskValue float32
	Name      string // for error messages
}

func (m *Masking) id() id { return id{"masking", m.Name} }

// Call returns x with masked steps set to 0. A step is a run along the last axis.
func (m *Masking) Call(x *Tensor) (*Tensor, error) { return m.Forward(nil, x) }

// Forward is Call with a [Context].
func (m *Masking) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(m.id(), x, 1, 0); err != nil {
		return nil, err
	}
	y := x.Clone()
	width := x.Shape()[len(x.Shape())-1]
	for i := 0; i+width <= y.Len() && width > 0; i += width {
		if row := y.Data()[i : i+width]; !m.keeps(row) {
			clear(row)
		}
	}
	return y, nil
}

// OutputMask returns a mask that is false for masked steps.
func (m *Masking) OutputMask(_ *Context, xs ...*Tensor) (*Mask, error) {
	if len(xs) != 1 {
		return nil, errorf(m.id(), "%d inputs, want 1", len(xs))
	}
	x := xs[0]
	if err := checkInput(m.id(), x, 1, 0); err != nil {
		return nil, err
	}
	last := len(x.Shape()) - 1
	width := x.Shape()[last]
	keep := tensor.New[bool](x.Shape()[:last]...)
	for i := range keep.Data() {
		keep.Data()[i] = m.keeps(x.Data()[i*width : (i+1)*width])
	}
	return keep, nil
}

func (m *Masking) keeps(row []float32) bool {
	for _, v := range row {
		if v != m.MaskValue {
			return true
		}
	}
	return false
}

func embeddingMaker(class string) config.Maker {
	switch class {
	case "Embedding":
		return func(c *config.Config) any {
			c.Skip("input_length", "weights")
			return &Embedding{
				InputDim:  c.Int("input_dim", 0),
				OutputDim: c.Int("output_dim", 0),
				LoRAAlpha: loraOptions(c),
				MaskZero:  c.Bool("mask_zero", false),
				policy:    policyOption(c),
				Name:      c.Name(),
			}
		}
	case "ReversibleEmbedding":
		return makeReversibleEmbedding
	case "Masking":
		return func(c *config.Config) any {
			return &Masking{MaskValue: c.Number("mask_value", 0), Name: c.Name()}
		}
	}
	return nil
}

// callKeras looks up integers without converting them: a float32 cannot hold all of them.
func (e *Embedding) callKeras(a *ops.Arguments) ([]*ops.Value, error) {
	v, ok := a.First().(*ops.Value)
	if !ok {
		return nil, errorf(e.id(), "argument %s, want a tensor", ops.DescribeArg(a.First()))
	}
	n, err := v.Ints()
	if err != nil {
		return nil, errorf(e.id(), "%w", err)
	}
	y, err := gather(contextOf(a), e, n, func(v int64) int { return int(v) })
	if err != nil {
		return nil, err
	}
	out := ops.FloatValue(y)
	if e.MaskZero {
		out.Mask = kernel.Map(n, func(i int64) bool { return i != 0 })
	}
	return []*ops.Value{out}, nil
}
