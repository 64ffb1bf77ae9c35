package layers

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// ReversibleEmbedding is keras.layers.ReversibleEmbedding: an [Embedding] that also computes scores of all indices, such as the logits of
// a language model.
type ReversibleEmbedding struct {
	Embedding
	ReverseEmbeddings Tensor `ckpt:"reverse_embeddings,optional,cast"` // [values indices]; not built: the table, transposed

	LogitSoftCap float32 // the largest score, which they approach; 0: none
}

// Reverse returns the scores of all indices for each row of x: x's shape with the indices as its last axis.
func (e *ReversibleEmbedding) Reverse(x *Tensor) (*Tensor, error) {
	if err := checkInput(e.id(), x, 1, 0); err != nil {
		return nil, err
	}
	if err := e.Build(nil); err != nil {
		return nil, err
	}
	rows, width := e.Embeddings.Shape()[0], e.Embeddings.Shape()[1]
	s := x.Shape()
	if s[len(s)-1] != width {
		return nil, shapeErrorf(e.id(), "input", s, "%d values in the last axis", width)
	}
	y, err := newOutput(e.id(), append(append([]int{}, s[:len(s)-1]...), rows)...)
	if err != nil || y.Len() == 0 {
		return y, err
	}
	table := e.ReverseEmbeddings.Data()
	if e.ReverseEmbeddings.Built() {
		if err := checkWeight(e.id(), "reverse_embeddings", &e.ReverseEmbeddings, "as the table has", width, rows); err != nil {
			return nil, err
		}
	} else {
		table = make([]float32, rows*width)
		kernel.Transpose(table, e.Embeddings.Data(), tensor.Shape{rows, width}, []int{1, 0})
	}
	n := x.Len() / width
	kernel.Mul(kernel.Matrix(y.Data(), n, rows), kernel.Matrix(x.Data(), n, width), kernel.Matrix(table, width, rows), nil)
	if softCap := float64(e.LogitSoftCap); softCap != 0 {
		for i, v := range y.Data() {
			y.Data()[i] = float32(math.Tanh(float64(v)/softCap) * softCap)
		}
	}
	return y, nil
}

func (e *ReversibleEmbedding) callKeras(a *ops.Arguments) ([]*ops.Value, error) {
	if a.Get(1, "reverse") != true {
		return e.Embedding.callKeras(a)
	}
	v, ok := a.First().(*ops.Value)
	if !ok {
		return nil, errorf(e.id(), "argument %s, want a tensor", ops.DescribeArg(a.First()))
	}
	x, err := v.Float()
	if err != nil {
		return nil, errorf(e.id(), "%w", err)
	}
	y, err := e.Reverse(x)
	if err != nil {
		return nil, err
	}
	return []*ops.Value{ops.FloatValue(y)}, nil
}

func makeReversibleEmbedding(c *config.Config) any {
	c.Skip("reverse_dtype", "tie_weights") // logits are float32, and the weights say the other
	embedding, ok := embeddingMaker("Embedding")(c).(*Embedding)
	if !ok || embedding.policy != "" {
		c.Fail("a quantized layer is not computed")
		return new(ReversibleEmbedding)
	}
	return &ReversibleEmbedding{Embedding: Embedding{
		InputDim: embedding.InputDim, OutputDim: embedding.OutputDim, LoRAAlpha: embedding.LoRAAlpha, MaskZero: embedding.MaskZero, Name: embedding.Name,
	}, LogitSoftCap: c.Number("logit_soft_cap", 0)}
}
