package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

const (
	sampleRate   = 22050
	hop          = 256 // samples from frame to frame
	octave       = 36  // pitches, thirds of semitones
	octaves      = 9
	allPitches   = 309 // pitches up to half the sample rate
	pianoPitches = 264 // 88 keys
	lowest       = 27.5
)

// Spectrogram is the constant-Q transform before the network (nnAudio's CQT2010v2), with the kernels of the highest octave. Lower
// octaves use them too, on audio at half the rate each.
type Spectrogram struct {
	Real    tensor.Tensor[float32] `ckpt:"real"`    // [36 1 256]
	Imag    tensor.Tensor[float32] `ckpt:"imag"`    // [36 1 256]
	Lowpass tensor.Tensor[float32] `ckpt:"lowpass"` // [256]
}

// Call returns the loudness of each pitch in each frame, in decibels scaled to 0 to 1: [1 frames 309 1].
func (s *Spectrogram) Call(audio []float32) (*tensor.Tensor[float32], error) {
	kernel, err := s.kernel()
	if err != nil {
		return nil, err
	}
	lowpass, err := s.Lowpass.Reshape(s.Lowpass.Len(), 1, 1)
	if err != nil {
		return nil, err
	}
	frames := len(audio)/hop + 1
	y := tensor.New[float32](1, frames, allPitches, 1)
	x, width := audio, kernel.Shape()[0]
	for o := range octaves {
		step := hop >> o
		waves, err := convolve(reflected(x, width/2), kernel, step)
		if err != nil {
			return nil, err
		}
		if got := waves.Shape()[1]; got != frames {
			return nil, fmt.Errorf("%d samples make %d frames in octave %d, but %d in the first: the number of samples must be a multiple of %d", len(audio), got, o, frames, hop)
		}
		first := allPitches - (o+1)*octave // first pitch of this octave; pitches below 0 are skipped
		for frame := range frames {
			for i := max(0, -first); i < octave; i++ {
				wave := waves.Data()[frame*2*octave:]
				y.Data()[frame*allPitches+first+i] = float32(math.Hypot(float64(wave[i]), float64(wave[octave+i])) * scale(first+i))
			}
		}
		if o == octaves-1 {
			break
		}
		margin := make([]float32, (s.Lowpass.Len()-1)/2)
		half, err := convolve(slices.Concat(margin, x, margin), lowpass, 2)
		if err != nil {
			return nil, err
		}
		x = half.Data()
	}
	decibels(y.Data())
	return y, nil
}

// kernel returns both parts of the kernels as the kernel of one convolution, [256 1 72].
func (s *Spectrogram) kernel() (*tensor.Tensor[float32], error) {
	shape := s.Real.Shape()
	if len(shape) != 3 || shape[0] != octave || !s.Imag.Shape().Equal(shape) {
		return nil, fmt.Errorf("got kernels of shapes %v and %v, want [%d 1 …] for both", shape, s.Imag.Shape(), octave)
	}
	k := tensor.New[float32](shape[2], 1, 2*octave)
	for i := range octave {
		for at := range shape[2] {
			k.Set(s.Real.At(i, 0, at), at, 0, i)
			k.Set(s.Imag.At(i, 0, at), at, 0, octave+i)
		}
	}
	return k, nil
}

// convolve returns the convolution of audio with a kernel, at every step-th sample.
func convolve(audio []float32, kernel *tensor.Tensor[float32], step int) (*tensor.Tensor[float32], error) {
	x, err := tensor.FromSlice(audio, 1, len(audio), 1)
	if err != nil {
		return nil, err
	}
	return (&layers.Conv1D{Kernel: *kernel, Strides: []int{step}, NoBias: true}).Call(x)
}

// reflected returns audio padded at both ends with n mirrored samples.
func reflected(audio []float32, n int) []float32 {
	out := make([]float32, 0, len(audio)+2*n)
	for i := n; i > 0; i-- {
		out = append(out, audio[min(i, len(audio)-1)])
	}
	out = append(out, audio...)
	for i := 1; i <= n; i++ {
		out = append(out, audio[max(len(audio)-1-i, 0)])
	}
	return out
}

// scale returns the square root of the length in samples of a pitch's kernel.
func scale(pitch int) float64 {
	q := 1 / (math.Exp2(1.0/octave) - 1)
	return math.Sqrt(math.Ceil(q * sampleRate / (lowest * math.Exp2(float64(pitch)/octave))))
}

// decibels converts magnitudes to decibels, scaled from 0 (the least) to 1 (the most).
func decibels(x []float32) {
	for i, v := range x {
		x[i] = float32(10 * math.Log10(float64(v*v+1e-10)))
	}
	low, high := slices.Min(x), slices.Max(x)
	for i, v := range x {
		if high > low {
			x[i] = (v - low) / (high - low)
		} else {
			x[i] = 0
		}
	}
}
