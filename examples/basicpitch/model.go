package main

import (
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// Pitch is basic-pitch's network, as `ckpt gen` writes it except for the names: Keras in TF 2.0 saves a model's layers by number.
type Pitch struct {
	Norm        layers.BatchNormalization `ckpt:"layer_with_weights-0"`
	Contour     layers.Conv2D             `ckpt:"layer_with_weights-1"` // [3 39 8 8]
	ContourNorm layers.BatchNormalization `ckpt:"layer_with_weights-2"`
	ContourOut  layers.Conv2D             `ckpt:"layer_with_weights-3"` // [5 5 8 1]
	Note        layers.Conv2D             `ckpt:"layer_with_weights-4"` // [7 7 1 32]
	Onset       layers.Conv2D             `ckpt:"layer_with_weights-5"` // [5 5 8 32]
	OnsetNorm   layers.BatchNormalization `ckpt:"layer_with_weights-6"`
	NoteOut     layers.Conv2D             `ckpt:"layer_with_weights-7"` // [7 3 32 1]
	OnsetOut    layers.Conv2D             `ckpt:"layer_with_weights-8"` // [3 3 33 1]
}

// newPitch returns the model with the options that its weights do not determine.
func newPitch() *Pitch {
	m := new(Pitch)
	for _, conv := range []*layers.Conv2D{&m.Contour, &m.ContourOut, &m.Note, &m.Onset, &m.NoteOut, &m.OnsetOut} {
		conv.Padding = layers.Same
	}
	for _, conv := range []*layers.Conv2D{&m.Note, &m.Onset} {
		conv.Strides = []int{1, 3} // from thirds of a semitone to semitones
	}
	for _, conv := range []*layers.Conv2D{&m.ContourOut, &m.NoteOut, &m.OnsetOut} {
		conv.Activation = activation.Sigmoid()
	}
	return m
}

// A Prediction holds the probability of each pitch in each frame of the audio.
type Prediction struct {
	Contour     *tensor.Tensor[float32] // [n frames 264 1], thirds of a semitone from A0 on
	Note, Onset *tensor.Tensor[float32] // [n frames 88 1], semitones; Onset is the probability that a note begins
}

// Predict takes a [Spectrogram]'s output.
func (m *Pitch) Predict(x *tensor.Tensor[float32]) (*Prediction, error) {
	x, err := m.Norm.Call(x)
	if err != nil {
		return nil, err
	}
	harmonics := stackHarmonics(x)
	var p Prediction
	if p.Contour, err = chain(harmonics, &m.Contour, &m.ContourNorm, &layers.ReLU{}, &m.ContourOut); err != nil {
		return nil, err
	}
	if p.Note, err = chain(p.Contour, &m.Note, &layers.ReLU{}, &m.NoteOut); err != nil {
		return nil, err
	}
	onset, err := chain(harmonics, &m.Onset, &m.OnsetNorm, &layers.ReLU{})
	if err != nil {
		return nil, err
	}
	both, err := (&layers.Concatenate{}).ForwardAll(nil, []*layers.Tensor{p.Note, onset})
	if err != nil {
		return nil, err
	}
	p.Onset, err = m.OnsetOut.Call(both[0])
	return &p, err
}

// chain calls layers one after the other.
func chain(x *tensor.Tensor[float32], all ...layers.Layer) (*tensor.Tensor[float32], error) {
	for _, layer := range all {
		var err error
		if x, err = layer.Call(x); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// stackHarmonics adds channels to each pitch of x, [n frames pitches 1]: the values an octave below it and at its harmonics. It
// keeps only the piano's pitches: [n frames 264 8].
func stackHarmonics(x *tensor.Tensor[float32]) *tensor.Tensor[float32] {
	shifts := []int{-36, 0, 36, 57, 72, 84, 93, 101} // 36·log2 of ½ and 1 to 7, rounded
	rows, pitches := x.Shape()[0]*x.Shape()[1], x.Shape()[2]
	y := tensor.New[float32](x.Shape()[0], x.Shape()[1], pianoPitches, len(shifts))
	for row := range rows {
		in := x.Data()[row*pitches:][:pitches]
		out := y.Data()[row*pianoPitches*len(shifts):]
		for pitch := range pianoPitches {
			for channel, shift := range shifts {
				if from := pitch + shift; from >= 0 && from < pitches {
					out[pitch*len(shifts)+channel] = in[from]
				}
			}
		}
	}
	return y
}
