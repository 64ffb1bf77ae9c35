package main

import (
	"fmt"

	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// Sorter is the model: the fields are the attributes of the Keras model's class, and need no tags.
type Sorter struct {
	Tokens layers.Embedding // [tokens width]
	Places layers.Embedding // [length width]
	First  Block
	Second Block
	Norm   layers.LayerNormalization
	Logit  layers.Dense `ckpt:"logits"` // Go has one name for a field and a method, and Logits is the method
}

// Block is one block of the transformer.
type Block struct {
	Norm1     layers.LayerNormalization
	Attention layers.MultiHeadAttention // knows the number of its heads from its weights
	Norm2     layers.LayerNormalization
	Widen     layers.Dense
	Narrow    layers.Dense
}

func newSorter() *Sorter {
	block := Block{Widen: layers.Dense{Activation: activation.GELU()}, Norm2: layers.LayerNormalization{Epsilon: 1e-6}}
	return &Sorter{First: block, Second: block}
}

// Length returns how many tokens a row has.
func (m *Sorter) Length() int { return m.Places.Embeddings.Shape()[0] }

// Logits returns for each place of each row of tokens, [n length], how likely each token belongs there: [n length tokens].
func (m *Sorter) Logits(ids *tensor.Tensor[float32]) (*tensor.Tensor[float32], error) {
	if s := ids.Shape(); len(s) != 2 || s[1] != m.Length() {
		return nil, fmt.Errorf("tokens of shape %v, want [n %d]", s, m.Length())
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

// addTo adds to x what the block makes of it.
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

// addRows adds y to x, again and again where x is longer.
func addRows(x, y *tensor.Tensor[float32]) {
	from := y.Data()
	for i := range x.Data() {
		x.Data()[i] += from[i%len(from)]
	}
}
