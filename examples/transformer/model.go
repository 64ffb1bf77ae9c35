package main

import (
	"fmt"

	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// Sorter is the model. Its fields match the attributes of the Keras model's class, so they do not need tags.
type Sorter struct {
	Tokens layers.Embedding // [tokens width]
	Places layers.Embedding // [length width]
	First  Block
	Second Block
	Norm   layers.LayerNormalization
	Logit  layers.Dense `ckpt:"logits"` // the method Logits has the name that the field would have
}

// Block is one block of the transformer.
type Block struct {
	Norm1     layers.LayerNormalization
	Attention layers.MultiHeadAttention // its weights determine the number of heads
	Norm2     layers.LayerNormalization
	Widen     layers.Dense
	Narrow    layers.Dense
}

func newSorter() *Sorter {
	block := Block{Widen: layers.Dense{Activation: activation.GELU()}, Norm2: layers.LayerNormalization{Epsilon: 1e-6}}
	return &Sorter{First: block, Second: block}
}

// Length returns the number of tokens of a row.
func (m *Sorter) Length() int { return m.Places.Embeddings.Shape()[0] }

// Logits takes rows of tokens, [n length], and returns the logits of each token at each position: [n length tokens].
func (m *Sorter) Logits(ids *tensor.Tensor[float32]) (*tensor.Tensor[float32], error) {
	if s := ids.Shape(); len(s) != 2 || s[1] != m.Length() {
		return nil, fmt.Errorf("got tokens of shape %v, want [n %d]", s, m.Length())
	}
	x, err := m.Tokens.Call(ids)
	if err != nil {
		return nil, err
	}
	addRows(x, &m.Places.Embeddings)

	present := tensor.New[bool](ids.Shape()[0], 1, ids.Shape()[1]) // the same for each query
	for i, id := range ids.Data() {
		present.Data()[i] = id != 0
	}
	for _, b := range []*Block{&m.First, &m.Second} {
		if err := b.addTo(x, present); err != nil {
			return nil, err
		}
	}
	if x, err = m.Norm.Call(x); err != nil {
		return nil, err
	}
	return m.Logit.Call(x)
}

// addTo adds the block's output for x to x.
func (b *Block) addTo(x *tensor.Tensor[float32], present *layers.Mask) error {
	y, err := b.Norm1.Call(x)
	if err != nil {
		return err
	}
	y, _, err = b.Attention.Attend(nil, layers.AttentionCall{Query: y, Value: y, AttentionMask: present})
	if err != nil {
		return err
	}
	addRows(x, y)
	if y, err = b.Norm2.Call(x); err != nil {
		return err
	}
	if y, err = b.Widen.Call(y); err != nil {
		return err
	}
	if y, err = b.Narrow.Call(y); err != nil {
		return err
	}
	addRows(x, y)
	return nil
}

// addRows adds y to x, and repeats y if x is longer.
func addRows(x, y *tensor.Tensor[float32]) {
	from := y.Data()
	for i := range x.Data() {
		x.Data()[i] += from[i%len(from)]
	}
}
