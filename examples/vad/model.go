package main

import (
	"math"

	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// The sizes with which the model was trained, in samples at 16 kHz.
const (
	sampleRate = 16000
	chunk      = 512 // length of the audio for one output
	before     = 64  // samples of the previous chunk
	mirrored   = 64  // mirrored samples at the end
)

// A Detector is Silero's voice detector. Its fields are named as in its safetensors file. newDetector sets strides and padding,
// which the file does not hold.
type Detector struct {
	STFT      layers.Conv1D `ckpt:"stft_conv"`
	Conv1     layers.Conv1D
	Conv2     layers.Conv1D
	Conv3     layers.Conv1D
	Conv4     layers.Conv1D
	LSTMCell  layers.LSTMCell
	FinalConv layers.Conv1D
}

// newDetector returns the detector without weights.
func newDetector() *Detector {
	relu := activation.ReLU()
	return &Detector{
		STFT:      layers.Conv1D{Strides: []int{128}},
		Conv1:     layers.Conv1D{Activation: relu},
		Conv2:     layers.Conv1D{Activation: relu, Strides: []int{2}},
		Conv3:     layers.Conv1D{Activation: relu, Strides: []int{2}},
		Conv4:     layers.Conv1D{Activation: relu},
		FinalConv: layers.Conv1D{Activation: activation.Sigmoid()},
	}
}

// Detect returns the probability of speech for each chunk of samples. It pads the last chunk with silence.
func (d *Detector) Detect(samples []float32) ([]float32, error) {
	chunks := (len(samples) + chunk - 1) / chunk
	padded := make([]float32, before+chunks*chunk)
	copy(padded[before:], samples)
	var state []*tensor.Tensor[float32]
	answers := make([]float32, chunks)
	for i := range answers {
		spectrum, err := d.spectrum(padded[i*chunk:][:before+chunk])
		if err != nil {
			return nil, err
		}
		if answers[i], state, err = d.step(spectrum, state); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// spectrum returns the amplitudes of the frequencies in the frames of one chunk: [1 frames frequencies].
func (d *Detector) spectrum(samples []float32) (*tensor.Tensor[float32], error) {
	n := len(samples)
	x := tensor.New[float32](1, n+mirrored, 1)
	copy(x.Data(), samples)
	for i := range mirrored {
		x.Data()[n+i] = samples[n-2-i]
	}
	waves, err := exactly(&d.STFT, x)
	if err != nil {
		return nil, err
	}
	frames, both := waves.Shape()[1], waves.Shape()[2]
	half := both / 2 // cosine parts first, then sine parts
	y := tensor.New[float32](1, frames, half)
	for i := range frames {
		row := waves.Data()[i*both:][:both]
		for j := range half {
			re, im := row[j], row[half+j]
			y.Data()[i*half+j] = float32(math.Sqrt(float64(re*re + im*im)))
		}
	}
	return y, nil
}

// step returns the output for one chunk and the state for the next chunk.
func (d *Detector) step(x *tensor.Tensor[float32], state []*tensor.Tensor[float32]) (float32, []*tensor.Tensor[float32], error) {
	var err error
	pad := layers.ZeroPadding1D{Padding: [][2]int{{1, 1}}}
	for _, conv := range []*layers.Conv1D{&d.Conv1, &d.Conv2, &d.Conv3, &d.Conv4} {
		if x, err = pad.Call(x); err == nil {
			x, err = exactly(conv, x)
		}
		if err != nil {
			return 0, nil, err
		}
	}
	step, err := (&layers.Reshape{TargetShape: []int{-1}}).Call(x) // a single frame remains
	if err != nil {
		return 0, nil, err
	}
	h, state, err := d.LSTMCell.Call(step, state...)
	if err != nil {
		return 0, nil, err
	}
	relu := tensor.New[float32](1, 1, h.Len())
	for i, v := range h.Data() {
		relu.Data()[i] = max(v, 0)
	}
	y, err := d.FinalConv.Call(relu)
	if err != nil {
		return 0, nil, err
	}
	return y.Data()[0], state, nil
}
