package main

import (
	"math"

	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A Model is BERT as the authors of all-MiniLM-L6-v2 use it. The tags are the names in its safetensors file. newModel sets the
// options that the file does not hold (heads, epsilon, activation).
type Model struct {
	Embeddings struct {
		Words     layers.Embedding          `ckpt:"word_embeddings"`
		Positions layers.Embedding          `ckpt:"position_embeddings"`
		Types     layers.Embedding          `ckpt:"token_type_embeddings"`
		Norm      layers.LayerNormalization `ckpt:"LayerNorm"`
	}
	Encoder struct {
		Layer []Block
	}
}

// A Block is one layer of the encoder.
type Block struct {
	Attention    Attention
	Intermediate struct{ Dense layers.Dense }
	Output       struct {
		Dense layers.Dense
		Norm  layers.LayerNormalization `ckpt:"LayerNorm"`
	}
}

// Attention is layers.MultiHeadAttention in BERT's storage layout.
type Attention struct {
	layers.MultiHeadAttention
	Output struct {
		Norm layers.LayerNormalization `ckpt:"LayerNorm"`
	}
}

// CheckpointLayouts converts the file's matrices, [outputs inputs], to the attention's, which have an axis for the heads.
func (a *Attention) CheckpointLayouts() []layout.Rule {
	heads := layout.Sizes{"head": a.NumHeads}
	rules := []layout.Rule{
		layout.Pattern(layout.PyTorch, "_output_dense/_kernel", "output/dense/weight", "out (head x) -> head x out", heads),
		layout.Renamed(layout.PyTorch, "_output_dense/bias", "output/dense/bias"),
	}
	for _, name := range []string{"query", "key", "value"} {
		own, stored := "_"+name+"_dense/", "self/"+name+"/"
		rules = append(rules,
			layout.Pattern(layout.PyTorch, own+"_kernel", stored+"weight", "(head x) in -> in head x", heads),
			layout.Pattern(layout.PyTorch, own+"bias", stored+"bias", "(head x) -> head x", heads))
	}
	return rules
}

// newModel returns the model without weights.
func newModel() *Model {
	const epsilon = 1e-12
	m := new(Model)
	m.Embeddings.Norm.Epsilon = epsilon
	m.Encoder.Layer = make([]Block, 6)
	for i := range m.Encoder.Layer {
		b := &m.Encoder.Layer[i]
		b.Attention.NumHeads = 12
		b.Attention.Output.Norm.Epsilon = epsilon
		b.Intermediate.Dense.Activation = activation.GELU()
		b.Output.Norm.Epsilon = epsilon
	}
	return m
}

// longest is the largest number of pieces with which the model was trained.
const longest = 256

// Embed takes texts as numbers of word pieces, and returns a unit vector for each: [texts 384].
func (m *Model) Embed(texts [][]int) (*tensor.Tensor[float32], error) {
	length := 0
	for _, ids := range texts {
		length = max(length, len(ids))
	}
	words := tensor.New[float32](len(texts), length)
	positions := tensor.New[float32](len(texts), length)
	types := tensor.New[float32](len(texts), length)
	mask := tensor.New[bool](len(texts), length)
	for i, ids := range texts {
		for j := range length {
			positions.Set(float32(j), i, j)
			if j < len(ids) {
				words.Set(float32(ids[j]), i, j)
				mask.Set(true, i, j)
			}
		}
	}
	x, err := m.embed(words, positions, types)
	for i := 0; err == nil && i < len(m.Encoder.Layer); i++ {
		x, err = m.Encoder.Layer[i].call(x, mask)
	}
	if err != nil {
		return nil, err
	}
	return pool(x, mask), nil
}

// embed adds the rows of the three tables.
func (m *Model) embed(words, positions, types *tensor.Tensor[float32]) (*tensor.Tensor[float32], error) {
	e := &m.Embeddings
	sum, err := e.Words.Call(words)
	if err != nil {
		return nil, err
	}
	p, err := e.Positions.Call(positions)
	if err != nil {
		return nil, err
	}
	t, err := e.Types.Call(types)
	if err != nil {
		return nil, err
	}
	add(sum, p)
	add(sum, t)
	return e.Norm.Call(sum)
}

// call runs one layer of the encoder.
func (b *Block) call(x *tensor.Tensor[float32], mask *tensor.Tensor[bool]) (*tensor.Tensor[float32], error) {
	attended, _, err := b.Attention.Attend(nil, layers.AttentionCall{Query: x, Value: x, ValueMask: mask})
	if err != nil {
		return nil, err
	}
	add(attended, x)
	x, err = b.Attention.Output.Norm.Call(attended)
	if err != nil {
		return nil, err
	}
	inner, err := b.Intermediate.Dense.Call(x)
	if err != nil {
		return nil, err
	}
	y, err := b.Output.Dense.Call(inner)
	if err != nil {
		return nil, err
	}
	add(y, x)
	return b.Output.Norm.Call(y)
}

func add(x, y *tensor.Tensor[float32]) {
	for i, v := range y.Data() {
		x.Data()[i] += v
	}
}

// pool returns the mean of each text's vectors, without padding, scaled to length 1.
func pool(x *tensor.Tensor[float32], mask *tensor.Tensor[bool]) *tensor.Tensor[float32] {
	texts, length, width := x.Shape()[0], x.Shape()[1], x.Shape()[2]
	pooled := tensor.New[float32](texts, width)
	for i := range texts {
		sum := make([]float64, width)
		for j := range length {
			if mask.At(i, j) {
				for k, v := range x.Data()[(i*length+j)*width:][:width] {
					sum[k] += float64(v)
				}
			}
		}
		squares := 0.0
		for _, v := range sum {
			squares += v * v
		}
		for k, v := range sum {
			pooled.Set(float32(v/math.Sqrt(squares)), i, k)
		}
	}
	return pooled
}
