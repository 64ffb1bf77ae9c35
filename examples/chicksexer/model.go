package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// Sexer is the model. TensorFlow 1 saved its variables by name. The names are the structs' fields joined by slashes.
type Sexer struct {
	EmbeddingLayer struct {
		Embeddings tensor.Tensor[float32] // [characters 32]
	}
	CharRNNLayer struct {
		Both bidirectional `ckpt:"bidirectional_rnn"`
	} `ckpt:"char_rnn_layer"`
	WordRNNLayer struct {
		Both    bidirectional `ckpt:"bidirectional_rnn"`
		Pooling struct {
			Weight tensor.Tensor[float32] `ckpt:"weight_attention"` // [256]
			Bias   tensor.Tensor[float32] `ckpt:"bias_attention"`   // [1]
		} `ckpt:"word_pooling_layer"`
	} `ckpt:"word_rnn_layer"`
	SoftmaxLayer struct {
		Weight tensor.Tensor[float32] // [256 1]
		Bias   tensor.Tensor[float32] // [1]
	}
}

// bidirectional holds the variables of tf.nn.bidirectional_dynamic_rnn.
type bidirectional struct {
	Forward struct {
		Cell cell `ckpt:"lstm_cell"`
	} `ckpt:"fw"`
	Backward struct {
		Cell cell `ckpt:"lstm_cell"`
	} `ckpt:"bw"`
}

// cell is TensorFlow 1.1's LSTMCell.
type cell struct {
	Weights tensor.Tensor[float32] // [inputs+units 4*units], of input, candidate, forget and output gate
	Biases  tensor.Tensor[float32] // [4*units]
}

// layer converts a cell to Keras's form: one kernel for the input and one for the state, and the forget gate before the candidate. The
// bias includes the 1 that TensorFlow 1 adds to the forget gate.
func (c *cell) layer() (*layers.LSTMCell, error) {
	shape := c.Weights.Shape()
	if len(shape) != 2 || shape[1]%4 != 0 || shape[0] <= shape[1]/4 || c.Biases.Len() != shape[1] {
		return nil, fmt.Errorf("an LSTM cell cannot have weights of shape %v and biases of shape %v", shape, c.Biases.Shape())
	}
	units := shape[1] / 4
	reordered := func(row []float32) []float32 {
		out := make([]float32, 0, len(row))
		for _, gate := range []int{0, 2, 1, 3} {
			out = append(out, row[gate*units:][:units]...)
		}
		return out
	}
	inputs := shape[0] - units
	k := &layers.LSTMCell{
		Kernel: *tensor.New[float32](inputs, shape[1]), RecurrentKernel: *tensor.New[float32](units, shape[1]), Bias: *tensor.New[float32](shape[1]),
	}
	for row := range shape[0] {
		to, at := &k.Kernel, row
		if row >= inputs {
			to, at = &k.RecurrentKernel, row-inputs
		}
		copy(to.Data()[at*shape[1]:], reordered(c.Weights.Data()[row*shape[1]:][:shape[1]]))
	}
	copy(k.Bias.Data(), reordered(c.Biases.Data()))
	for i := range units {
		k.Bias.Data()[units+i]++
	}
	return k, nil
}

// layer returns both cells as a layer that returns the outputs of all steps.
func (b *bidirectional) layer() (*layers.Bidirectional, error) {
	forward, err := b.Forward.Cell.layer()
	if err != nil {
		return nil, err
	}
	backward, err := b.Backward.Cell.layer()
	if err != nil {
		return nil, err
	}
	return &layers.Bidirectional{
		ForwardLayer:  &layers.LSTM{Cell: *forward, ReturnSequences: true},
		BackwardLayer: &layers.LSTM{Cell: *backward, ReturnSequences: true, GoBackwards: true},
	}, nil
}

// Predict returns the probability that a name is a man's. characters lists the characters that the model knows, in order.
func (m *Sexer) Predict(name, characters string) (float64, error) {
	chars, err := m.CharRNNLayer.Both.layer()
	if err != nil {
		return 0, err
	}
	words, err := m.WordRNNLayer.Both.layer()
	if err != nil {
		return 0, err
	}
	number := make(map[rune]float32)
	for _, c := range characters {
		number[c] = float32(len(number))
	}
	embedding := layers.Embedding{Embeddings: m.EmbeddingLayer.Embeddings}

	var means []float32 // a row for each word
	split := strings.Split(strings.ToLower(name), " ")
	for _, word := range split {
		var ids []float32
		for _, c := range "^" + word + "$" {
			id, ok := number[c]
			if !ok {
				return 0, fmt.Errorf("%q: the model does not know %q", name, c)
			}
			ids = append(ids, id)
		}
		x, err := tensor.FromSlice(ids, 1, len(ids))
		if err != nil {
			return 0, err
		}
		for _, layer := range []layers.Layer{&embedding, chars, &layers.GlobalAveragePooling1D{}} {
			if x, err = layer.Call(x); err != nil {
				return 0, err
			}
		}
		means = append(means, x.Data()...)
	}
	x, err := tensor.FromSlice(means, 1, len(split), len(means)/len(split))
	if err != nil {
		return 0, err
	}
	if x, err = words.Call(x); err != nil {
		return 0, err
	}
	return m.answer(x.Data(), len(split))
}

// answer pools the outputs of words, weighted by attention, and returns the probability for the sum.
func (m *Sexer) answer(outputs []float32, words int) (float64, error) {
	pooling, last, width := &m.WordRNNLayer.Pooling, &m.SoftmaxLayer, len(outputs)/words
	if pooling.Weight.Len() != width || last.Weight.Len() != width || pooling.Bias.Len() != 1 || last.Bias.Len() != 1 {
		return 0, fmt.Errorf("got pooling weights of shape %v and last weights of shape %v, for outputs of width %d", pooling.Weight.Shape(), last.Weight.Shape(), width)
	}
	dot := func(x, w []float32) (sum float64) {
		for i, v := range x {
			sum += float64(v) * float64(w[i])
		}
		return sum
	}
	logit, total := 0.0, 0.0
	for word := range words {
		row := outputs[word*width:][:width]
		attention := math.Exp(dot(row, pooling.Weight.Data()) + float64(pooling.Bias.Data()[0]))
		logit += attention * dot(row, last.Weight.Data())
		total += attention
	}
	return 1 / (1 + math.Exp(-logit/total-float64(last.Bias.Data()[0]))), nil
}
