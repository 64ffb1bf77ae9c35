package layers

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAttentionGolden(t *testing.T) { runGolden(t, "attention", callAttention) }

// attender is the interface that the attention layers share.
type attender interface {
	Attend(c *Context, call AttentionCall) (y, scores *Tensor, err error)
}

// callAttention calls an attention layer with a case's keyword arguments.
func callAttention(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	call := AttentionCall{
		Query: xs[0], Value: xs[1],
		AttentionMask: c.mask(t, "attention_mask"), ValueMask: c.mask(t, "value_mask"), KeyMask: c.mask(t, "key_mask"),
		Causal: string(c.Kwargs["use_causal_mask"]) == "true",
		Scores: string(c.Kwargs["return_attention_scores"]) == "true",
	}
	if len(xs) == 3 {
		call.Key = xs[2]
	}
	if raw, ok := c.Kwargs["mask"]; ok { // [query's, value's]
		var masks []json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &masks))
		for i, to := range []**Mask{&call.QueryMask, &call.ValueMask} {
			if string(masks[i]) != "null" {
				m, err := config.ParseArray(masks[i])
				require.NoError(t, err)
				*to = kernel.Map(m, func(v float32) bool { return v != 0 })
			}
		}
	}
	y, scores, err := layer.(attender).Attend(ctx, call)
	if call.Scores {
		return []*Tensor{y, scores}, err
	}
	return []*Tensor{y}, err
}

// attenders returns one layer of each kind, for queries and values of width 6.
func attenders() map[string]attender {
	return map[string]attender{
		"Attention":           &Attention{UseScale: true},
		"concat":              &Attention{ScoreMode: "concat"},
		"AdditiveAttention":   new(AdditiveAttention),
		"MultiHeadAttention":  NewMultiHeadAttention(2, 3),
		"GroupQueryAttention": NewGroupQueryAttention(3, 4, 2),
	}
}

func TestAttentionLaws(t *testing.T) {
	for name, layer := range attenders() {
		t.Run(name, func(t *testing.T) {
			attend := func(call AttentionCall) *Tensor {
				y, _, err := layer.Attend(nil, call)
				require.NoError(t, err)
				return y
			}
			attend(AttentionCall{Query: random(t, 0, 1, 1, 6), Value: random(t, 0, 1, 1, 6)}) // builds
			rapid.Check(t, func(rt *rapid.T) {
				seed := rapid.Uint64().Draw(rt, "seed")
				batch, queries := rapid.IntRange(1, 3).Draw(rt, "batch"), rapid.IntRange(1, 5).Draw(rt, "queries")
				values := rapid.IntRange(2, 5).Draw(rt, "values")
				q, v := random(t, seed, batch, queries, 6), random(t, seed+1, batch, values, 6)

				both, alone := attend(AttentionCall{Query: q, Value: v}), attend(AttentionCall{Query: part(q, 0), Value: part(v, 0)})
				requireClose(t, alone, part(both, 0)) // each entry of a batch is independent of the others

				swapped := v.Clone()
				row := 6
				for b := range batch {
					at := b * values * row
					copy(swapped.Data()[at:at+row], v.Data()[at+row:at+2*row])
					copy(swapped.Data()[at+row:at+2*row], v.Data()[at:at+row])
				}
				requireClose(t, both, attend(AttentionCall{Query: q, Value: swapped})) // values have no order

				later := v.Clone() // values that a query does not see do not matter
				for b := range batch {
					for i := range row {
						later.Data()[((b+1)*values-1)*row+i] += 100
					}
				}
				seen := min(queries, values-1)
				a := attend(AttentionCall{Query: q, Value: v, Causal: true})
				b := attend(AttentionCall{Query: q, Value: later, Causal: true})
				for i := range seen {
					width := a.Shape()[2]
					require.InDeltaSlice(t, a.Data()[i*width:(i+1)*width], b.Data()[i*width:(i+1)*width], 1e-5)
				}

				keep := tensor.New[bool](batch, values)
				for i := range keep.Data() {
					keep.Data()[i] = i%values != values-1
				}
				requireClose(t, attend(AttentionCall{Query: q, Value: v, ValueMask: keep}), attend(AttentionCall{Query: q, Value: later, ValueMask: keep}))
			})
		})
	}
}

// part returns one entry of a batch.
func part(x *Tensor, i int) *Tensor {
	n := x.Shape()[1:].Len()
	y := tensor.New[float32](append(tensor.Shape{1}, x.Shape()[1:]...)...)
	copy(y.Data(), x.Data()[i*n:(i+1)*n])
	return y
}

func TestAttentionErrors(t *testing.T) {
	x := func(shape ...int) *Tensor { return tensor.New[float32](shape...) }
	mask := func(shape ...int) *Mask { return tensor.New[bool](shape...) }
	built := func() *MultiHeadAttention {
		m := &MultiHeadAttention{NumHeads: 2, KeyDim: 3, Name: "m"}
		require.NoError(t, m.BuildFor(tensor.Shape{1, 1, 6}, tensor.Shape{1, 1, 4}, tensor.Shape{1, 1, 4}))
		return m
	}
	narrow := built()
	narrow.KeyDense.Kernel = *x(4, 2, 5)
	for _, tt := range []struct {
		name  string
		layer attender
		call  AttentionCall
		want  string
	}{
		{"no query", built(), AttentionCall{Value: x(2, 3, 4)}, `layers: multi_head_attention "m": input has no values, want a tensor of rank 3 or more`},
		{"no value", new(Attention), AttentionCall{Query: x(2, 3, 4)}, `layers: attention: input has no values, want a tensor of rank 3 or more`},
		{"no weights and no sizes", new(MultiHeadAttention), AttentionCall{Query: x(2, 3, 4), Value: x(2, 3, 4)}, "layers: multi_head_attention: query: not built: the weights were not loaded, and the options do not give their sizes"},
		{"a query of another width", built(), AttentionCall{Query: x(2, 3, 5), Value: x(2, 3, 4)}, `layers: multi_head_attention "m": query kernel shape [6 2 3], want [5 2 3] for input shape [2 3 5] by the layer's options`},
		{"a key of another length", built(), AttentionCall{Query: x(2, 3, 6), Value: x(2, 3, 4), Key: x(2, 5, 4)}, `layers: multi_head_attention "m": key shape [2 5 4], want [2 3 4] except for the last axis, like value`},
		{"a value of another batch", built(), AttentionCall{Query: x(2, 3, 6), Value: x(3, 3, 4)}, `layers: multi_head_attention "m": value shape [3 3 4], want axis 0 of length 2, like query shape [2 3 6]`},
		{"a value of another rank", built(), AttentionCall{Query: x(2, 3, 6), Value: x(2, 3, 3, 4)}, `layers: multi_head_attention "m": value shape [2 3 3 4], want rank 3, like query shape [2 3 6]`},
		{"weights that do not fit each other", narrow, AttentionCall{Query: x(2, 3, 6), Value: x(2, 3, 4)}, `layers: multi_head_attention "m": key kernel shape [4 2 5], want [4 2 3] for input shape [2 3 4] by the layer's options`},
		{"an attention mask of another length", built(), AttentionCall{Query: x(2, 3, 6), Value: x(2, 5, 4), AttentionMask: mask(2, 3, 4)}, `layers: multi_head_attention "m": mask shape [2 1 3 4], want one that broadcasts to scores of shape [2 2 3 5]`},
		{"an attention mask of too many axes", built(), AttentionCall{Query: x(2, 3, 6), Value: x(2, 5, 4), AttentionMask: mask(1, 1, 1, 3, 5)}, `layers: multi_head_attention "m": mask shape [1 1 1 3 5], want rank 2 to 4`},
		{"masks that do not fit each other", built(), AttentionCall{Query: x(2, 3, 6), Value: x(2, 5, 4), ValueMask: mask(2, 5), KeyMask: mask(2, 4)}, `layers: multi_head_attention "m": key mask shape [2 1 4], want one that broadcasts with the other masks' [2 1 5]`},
		{"a mask without values", built(), AttentionCall{Query: x(2, 3, 6), Value: x(2, 5, 4), ValueMask: new(Mask)}, `layers: multi_head_attention "m": value mask has no values, want a mask`},
		{"the batch as an attention axis", &MultiHeadAttention{NumHeads: 1, KeyDim: 1, AttentionAxes: []int{0}}, AttentionCall{Query: x(2, 3, 4), Value: x(2, 3, 4)}, "layers: multi_head_attention: attention axes [0]: want axes between the first and the last of input shape [2 3 4], each once"},
		{"a number of heads that cannot share keys", &GroupQueryAttention{HeadDim: 2, NumQueryHeads: 3, NumKeyValueHeads: 2}, AttentionCall{Query: x(2, 3, 4), Value: x(2, 3, 4)}, "layers: group_query_attention: key kernel shape [4 2 2], want [… heads 2] with a number of heads that divides the query's 3"},
		{"a query of rank 4 for groups", NewGroupQueryAttention(1, 1, 1), AttentionCall{Query: x(2, 3, 4, 5), Value: x(2, 3, 4)}, "layers: group_query_attention: input shape [2 3 4 5], want rank 3"},
		{"an unknown score mode", &Attention{ScoreMode: "cosine"}, AttentionCall{Query: x(2, 3, 4), Value: x(2, 3, 4)}, `layers: attention: score mode "cosine", want "dot" or "concat"`},
		{"a key of another width", new(Attention), AttentionCall{Query: x(2, 3, 4), Value: x(2, 3, 5)}, "layers: attention: key shape [2 3 5], want [2 … 4] for query shape [2 3 4]"},
		{"a mask of other steps", new(Attention), AttentionCall{Query: x(2, 3, 4), Value: x(2, 3, 4), ValueMask: mask(2, 4)}, "layers: attention: value mask shape [2 4], want [2 3]"},
		{"a scale of another width", &AdditiveAttention{Scale: *x(5)}, AttentionCall{Query: x(2, 3, 4), Value: x(2, 3, 4)}, "layers: additive_attention: scale shape [5], want [4] for query shape [2 3 4]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := tt.layer.Attend(nil, tt.call)
			require.EqualError(t, err, tt.want)
		})
	}
	t.Run("no queries or no values", func(t *testing.T) {
		for name, layer := range attenders() {
			y, _, err := layer.Attend(nil, AttentionCall{Query: x(2, 3, 6), Value: x(2, 0, 6)})
			require.NoError(t, err, name)
			require.Equal(t, []int{2, 3}, []int(y.Shape()[:2]))
			y, _, err = layer.Attend(nil, AttentionCall{Query: x(2, 0, 6), Value: x(2, 3, 6)})
			require.NoError(t, err, name)
			require.Zero(t, y.Len())
		}
	})
}

func ExampleMultiHeadAttention() {
	m := NewMultiHeadAttention(2, 4) // or a zero value that a checkpoint fills
	x := tensor.New[float32](3, 5, 6)
	y, err := m.Call(x, x) // self-attention
	fmt.Println(y.Shape(), err)

	_, scores, err := m.Attend(nil, AttentionCall{Query: x, Value: x, Causal: true, Scores: true})
	fmt.Println(scores.Shape(), scores.Data()[:10], err)
	// Output:
	// [3 5 6] <nil>
	// [3 2 5 5] [1 0 0 0 0 0.5 0.5 0 0 0] <nil>
}

func BenchmarkMultiHeadAttention(b *testing.B) {
	for _, s := range []struct{ batch, steps, width, heads int }{{1, 16, 64, 4}, {8, 128, 256, 8}} {
		b.Run(fmt.Sprintf("%dx%dx%d", s.batch, s.steps, s.width), func(b *testing.B) {
			m := NewMultiHeadAttention(s.heads, s.width/s.heads)
			x := random(b, 1, s.batch, s.steps, s.width)
			c := &Context{Workspace: new(Workspace)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.ForwardAll(c, []*Tensor{x, x}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Keras uses -1e9 as the score of a hidden position. If the visible scores of a query are lower, it sees nothing.
func TestCausalScoresBelowThoseOfTheMask(t *testing.T) {
	m := NewMultiHeadAttention(1, 1)
	m.Dropout = 0.1
	one := tensor.New[float32](1, 2, 1)
	copy(one.Data(), []float32{1, 1})
	require.NoError(t, m.BuildFor(one.Shape(), one.Shape(), one.Shape()))
	for _, d := range []*EinsumDense{&m.QueryDense, &m.KeyDense, &m.ValueDense, &m.OutputDense} {
		d.Kernel.Data()[0] = 1
	}
	key := newTensor(t, []float32{-1e10, 3}, 1, 2, 1)
	for _, scores := range []bool{false, true} {
		y, _, err := m.Attend(nil, AttentionCall{Query: one, Key: key, Value: one, Causal: true, Scores: scores})
		require.NoError(t, err)
		require.Equal(t, []float32{0, 1}, y.Data())

		mask := tensor.New[bool](1, 2, 2)
		copy(mask.Data(), []bool{true, false, true, true})
		same, _, err := m.Attend(nil, AttentionCall{Query: one, Key: key, Value: one, AttentionMask: mask, Scores: scores})
		require.NoError(t, err)
		require.Equal(t, same, y)
	}
}
