package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// Attention is keras.layers.Attention: Luong's dot-product attention.
type Attention struct {
	Scale             Tensor `ckpt:"scale,optional,cast"`               // []; not built: 1
	ConcatScoreWeight Tensor `ckpt:"concat_score_weight,optional,cast"` // []; built: the score mode is "concat"

	UseScale  bool   // make a scale
	ScoreMode string // "dot", which "" is too, or "concat"
	Name      string // for error messages

	first firstCall
}

func (a *Attention) id() id { return id{"attention", a.Name} }

// Call returns the attention of query to value, of shape [batch queries width of value].
func (a *Attention) Call(query, value *Tensor) (*Tensor, error) {
	y, _, err := a.Attend(nil, AttentionCall{Query: query, Value: value})
	return y, err
}

// CheckpointOptional reports whether the options leave the layer without weights: see [lay.Optional].
func (a *Attention) CheckpointOptional() bool { return !a.UseScale && a.ScoreMode != "concat" }

// ForwardAll is Call for query, value and optionally key, with the masks of the first two in c.
func (a *Attention) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	call, err := attentionCall(a.id(), c, xs)
	if err != nil {
		return nil, err
	}
	y, _, err := a.Attend(c, call)
	return []*Tensor{y}, err
}

// OutputMask returns the mask of the query.
func (a *Attention) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

// Build makes the weights that the options require, with value 1.
func (a *Attention) Build(tensor.Shape) (err error) {
	defer a.first.begin().end(&err)
	who := a.id()
	if a.ScoreMode != "" && a.ScoreMode != "dot" && a.ScoreMode != "concat" {
		return errorf(who, `score mode %q, want "dot" or "concat"`, a.ScoreMode)
	}
	if a.UseScale {
		if err := buildWeight(who, "scale", &a.Scale, 0, ones); err != nil {
			return err
		}
	}
	if a.ScoreMode == "concat" {
		if err := buildWeight(who, "concat score weight", &a.ConcatScoreWeight, 0, ones); err != nil {
			return err
		}
	}
	for name, w := range map[string]*Tensor{"scale": &a.Scale, "concat score weight": &a.ConcatScoreWeight} {
		if w.Built() && len(w.Shape()) != 0 {
			return shapeErrorf(who, name, w.Shape(), "a scalar")
		}
	}
	return nil
}

// Attend calls the layer. If the call asks for scores, their shape is [batch queries values]. The key's mask and the attention
// mask are ignored.
func (a *Attention) Attend(c *Context, call AttentionCall) (y, scores *Tensor, err error) {
	if err := a.Build(nil); err != nil {
		return nil, nil, err
	}
	scale := float32(1)
	if a.Scale.Built() {
		scale = a.Scale.Data()[0]
	}
	if !a.ConcatScoreWeight.Built() {
		return attend(a.id(), c, &call, func(q, k []float32, work []float32) float32 {
			sum := float32(0)
			for i, v := range q {
				sum += v * k[i]
			}
			return scale * sum
		})
	}
	weight := a.ConcatScoreWeight.Data()[0]
	return attend(a.id(), c, &call, func(q, k []float32, row []float32) float32 {
		for i, v := range q {
			row[i] = scale * (v + k[i])
		}
		return weight * sumTanh(row, nil)
	})
}

// sumTanh returns the sum of the hyperbolic tangents of row, each multiplied by its weight if there are weights. It overwrites
// row.
func sumTanh(row, weights []float32) float32 {
	_, _ = activation.Tanh().Apply(row, len(row)) // one row: no error
	sum := 0.0
	for i, v := range row {
		if weights != nil {
			v *= weights[i]
		}
		sum += float64(v)
	}
	return float32(sum)
}

// AdditiveAttention is keras.layers.AdditiveAttention, Bahdanau's attention.
type AdditiveAttention struct {
	Scale Tensor `ckpt:"scale,optional,cast"` // [width]; not built: 1

	NoScale bool   // make no scale
	Name    string // for error messages
	Seed    uint64 // of the scale's initial values

	first firstCall
}

// CheckpointOptional reports whether the options leave the layer without a scale: see [lay.Optional].
func (a *AdditiveAttention) CheckpointOptional() bool { return a.NoScale }

func (a *AdditiveAttention) id() id { return id{"additive_attention", a.Name} }

// Call returns the attention of query to value, of shape [batch queries width of value].
func (a *AdditiveAttention) Call(query, value *Tensor) (*Tensor, error) {
	y, _, err := a.Attend(nil, AttentionCall{Query: query, Value: value})
	return y, err
}

// ForwardAll is Call for query, value and optionally key, with the masks of the first two in c.
func (a *AdditiveAttention) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	call, err := attentionCall(a.id(), c, xs)
	if err != nil {
		return nil, err
	}
	y, _, err := a.Attend(c, call)
	return []*Tensor{y}, err
}

// OutputMask returns the mask of the query.
func (a *AdditiveAttention) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

// Build makes the scale (Glorot uniform) for queries of the given shape if there is none.
func (a *AdditiveAttention) Build(query tensor.Shape) (err error) {
	defer a.first.begin().end(&err)
	if len(query) == 0 {
		return shapeErrorf(a.id(), "query", query, "rank 3")
	}
	width := query[len(query)-1]
	if !a.NoScale {
		if err := buildWeight(a.id(), "scale", &a.Scale, a.Seed, glorotUniform, width); err != nil {
			return err
		}
	}
	if a.Scale.Built() {
		return checkWeight(a.id(), "scale", &a.Scale, "for query shape "+query.String(), width)
	}
	return nil
}

// Attend calls the layer. If the call asks for scores, their shape is [batch queries values]. The key's mask and the attention
// mask are ignored.
func (a *AdditiveAttention) Attend(c *Context, call AttentionCall) (y, scores *Tensor, err error) {
	if err := checkInput(a.id(), call.Query, 3, 3); err != nil {
		return nil, nil, err
	}
	if err := a.Build(call.Query.Shape()); err != nil {
		return nil, nil, err
	}
	var scale []float32
	if a.Scale.Built() {
		scale = a.Scale.Data()
	}
	return attend(a.id(), c, &call, func(q, k []float32, row []float32) float32 {
		for i, v := range q {
			row[i] = v + k[i]
		}
		return sumTanh(row, scale)
	})
}

// attend computes attention with any function of a query and a key as the score; row is scratch memory of their width
// (keras.src.layers.attention.attention).
func attend(who id, c *Context, call *AttentionCall, score func(q, k, row []float32) float32) (y, scores *Tensor, err error) {
	if call.Key == nil {
		call.Key = call.Value
	}
	for _, x := range []*Tensor{call.Query, call.Value, call.Key} {
		if err := checkInput(who, x, 3, 3); err != nil {
			return nil, nil, err
		}
	}
	qs, ks, vs := call.Query.Shape(), call.Key.Shape(), call.Value.Shape()
	switch {
	case ks[0] != qs[0] || ks[2] != qs[2]:
		return nil, nil, shapeErrorf(who, "key", ks, "[%d … %d] for query shape %v", qs[0], qs[2], qs)
	case vs[0] != qs[0] || vs[1] != ks[1]:
		return nil, nil, shapeErrorf(who, "value", vs, "[%d %d …] for key shape %v", ks[0], ks[1], ks)
	}
	batch, queries, values, width := qs[0], qs[1], ks[1], qs[2]
	keep, err := scoreMask(who, call, batch, queries, values)
	if err != nil {
		return nil, nil, err
	}
	if call.QueryMask != nil {
		if err := checkSteps(who, "query mask", call.QueryMask, batch, queries); err != nil {
			return nil, nil, err
		}
	}
	if y, err = newOutput(who, batch, queries, vs[2]); err != nil {
		return nil, nil, err
	}
	work := c.workspace()
	defer work.Release(work.Mark())
	var weights []float32
	if call.Scores {
		if scores, err = newOutput(who, batch, queries, values); err != nil {
			return nil, nil, err
		}
		weights = scores.Data()
	} else {
		weights = work.Floats(batch * queries * values)
	}
	if values == 0 || queries == 0 {
		return y, scores, nil
	}
	cost := values * (width*8 + vs[2])
	runs := kernel.Ranges(batch*queries, cost)
	scratch := work.Floats(runs * width)
	kernel.Parallel(batch*queries, cost, func(run, lo, hi int) {
		row := scratch[run*width : (run+1)*width]
		for i := lo; i < hi; i++ {
			b := i / queries
			q, w := call.Query.Data()[i*width:(i+1)*width], weights[i*values:(i+1)*values]
			for j := range w {
				at := (b*values + j) * width
				w[j] = score(q, call.Key.Data()[at:at+width], row)
				if keep != nil && !keep(b, i%queries, j) {
					w[j] -= 1e9 // as Keras: if all values are masked, all count the same
				}
			}
			_, _ = activation.Softmax().Apply(w, values) // one row: no error
			if call.QueryMask != nil && !call.QueryMask.Data()[i] {
				continue // the output stays 0
			}
			kernel.MulAdd(kernel.Matrix(y.Data()[i*vs[2]:(i+1)*vs[2]], 1, vs[2]), kernel.Matrix(w, 1, values),
				kernel.Matrix(call.Value.Data()[b*values*vs[2]:(b+1)*values*vs[2]], values, vs[2]))
		}
	})
	return y, scores, nil
}

// scoreMask returns a mask of the scores that count, or nil if all count.
func scoreMask(who id, call *AttentionCall, batch, queries, values int) (func(b, q, v int) bool, error) {
	m := call.ValueMask
	if m == nil && !call.Causal {
		return nil, nil
	}
	if m != nil {
		if err := checkSteps(who, "value mask", m, batch, values); err != nil {
			return nil, err
		}
	}
	return func(b, q, v int) bool {
		return (m == nil || m.Data()[b*values+v]) && !(call.Causal && v > q)
	}, nil
}

// checkSteps returns an error if the shape of m is not [batch steps].
func checkSteps(who id, name string, m *Mask, batch, steps int) error {
	if want := (tensor.Shape{batch, steps}); !m.Shape().Equal(want) || !m.Built() {
		return shapeErrorf(who, name, m.Shape(), "%v", want)
	}
	return nil
}

func attentionMaker(class string) config.Maker {
	switch class {
	case "Attention":
		return func(c *config.Config) any {
			c.Skip("dropout")
			return &Attention{UseScale: c.Bool("use_scale", false), ScoreMode: c.Text("score_mode", "dot"), Name: c.Name()}
		}
	case "AdditiveAttention":
		return func(c *config.Config) any {
			c.Skip("dropout")
			return &AdditiveAttention{NoScale: !c.Bool("use_scale", true), Name: c.Name()}
		}
	case "MultiHeadAttention":
		return func(c *config.Config) any {
			c.Skip("flash_attention", "query_shape", "key_shape", "value_shape")
			c.Refuse("softmax_robust_masking")
			return &MultiHeadAttention{
				NumHeads:      c.Int("num_heads", 0),
				KeyDim:        c.Int("key_dim", 0),
				ValueDim:      c.Int("value_dim", 0),
				Dropout:       c.Float("dropout", 0),
				NoBias:        !c.Bool("use_bias", true),
				OutputShape:   c.Ints("output_shape"),
				AttentionAxes: c.Ints("attention_axes"),
				SlidingWindow: c.Int("sliding_window", 0),
				UseGate:       c.Bool("use_gate", false),
				Name:          c.Name(),
			}
		}
	case "GroupQueryAttention", "GroupedQueryAttention":
		return func(c *config.Config) any {
			c.Skip("flash_attention")
			return &GroupQueryAttention{
				HeadDim:          c.Int("head_dim", 0),
				NumQueryHeads:    c.Int("num_query_heads", 0),
				NumKeyValueHeads: c.Int("num_key_value_heads", 0),
				Dropout:          c.Float("dropout", 0),
				NoBias:           !c.Bool("use_bias", true),
				SlidingWindow:    c.Int("sliding_window", 0),
				UseGate:          c.Bool("use_gate", false),
				Name:             c.Name(),
			}
		}
	}
	return nil
}

// callKeras calls the layer with Keras's arguments.
func (a *Attention) callKeras(args *ops.Arguments) ([]*ops.Value, error) {
	return callWithList(args, a.id(), a, a.Attend)
}

// callKeras calls the layer with Keras's arguments.
func (a *AdditiveAttention) callKeras(args *ops.Arguments) ([]*ops.Value, error) {
	return callWithList(args, a.id(), a, a.Attend)
}
