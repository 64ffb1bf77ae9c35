package layers

import (
	"cmp"
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// STFTSpectrogram is keras.layers.STFTSpectrogram: the frequencies in frames of a signal. Its kernels, which Keras makes of the options
// and may train, come from a checkpoint.
type STFTSpectrogram struct {
	RealKernel Tensor `ckpt:"real_kernel,optional,cast"` // [frame 1 frequencies]; not needed for the mode "imag"
	ImagKernel Tensor `ckpt:"imag_kernel,optional,cast"` // [frame 1 frequencies]; not needed for the mode "real"

	Mode          string // "log", "magnitude", "psd", "real", "imag", "angle" or "stft"; "": "log"
	FrameStep     int    // 0: half a frame
	Padding       Padding
	ExpandDims    bool // [batch frames frequencies channels] instead of [batch frames channels*frequencies]
	ChannelsFirst bool // [batch channels samples], and frames last, instead of [batch samples channels]
	Name          string
}

func (s *STFTSpectrogram) id() id { return id{"stft_spectrogram", s.Name} }

// stftEpsilon is Keras's, below which powers and magnitudes do not go.
const stftEpsilon = 1e-7

// stftModes are the modes that compute one value from a real and an imaginary part.
var stftModes = map[string]func(re, im float32) float32{
	"real":      func(re, _ float32) float32 { return re },
	"imag":      func(_, im float32) float32 { return im },
	"angle":     func(re, im float32) float32 { return float32(math.Atan2(float64(im), float64(re))) },
	"psd":       func(re, im float32) float32 { return re*re + im*im },
	"magnitude": stftMagnitude,
	"log": func(re, im float32) float32 {
		return float32(math.Log(float64(max(stftMagnitude(re, im), stftEpsilon))))
	},
}

func stftMagnitude(re, im float32) float32 {
	return float32(math.Sqrt(float64(max(re*re+im*im, stftEpsilon))))
}

// Call returns the spectrogram of x, of shape [batch samples channels].
func (s *STFTSpectrogram) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

// Forward is Call with a [Context].
func (s *STFTSpectrogram) Forward(c *Context, x *Tensor) (*Tensor, error) {
	who := s.id()
	if err := checkInput(who, x, 3, 3); err != nil {
		return nil, err
	}
	mode := cmp.Or(s.Mode, "log")
	f := stftModes[mode]
	if f == nil && mode != "stft" {
		return nil, errorf(who, "mode %q: want log, magnitude, psd, real, imag, angle or stft", mode)
	}
	shape := x.Shape()
	batch, samples, channels := shape[0], shape[1], shape[2]
	if s.ChannelsFirst {
		samples, channels = channels, samples
	}
	signals, err := tensor.FromSlice(x.Data(), batch*channels, samples, 1)
	if err != nil {
		return nil, err
	}
	if !s.ChannelsFirst && channels != 1 {
		signals = tensor.New[float32](batch*channels, samples, 1)
		kernel.Transpose(signals.Data(), x.Data(), shape, []int{0, 2, 1})
	}
	var re, im *Tensor // [batch*channels frames frequencies]
	if mode != "imag" {
		if re, err = s.part(c, signals, &s.RealKernel, "real_kernel"); err != nil {
			return nil, err
		}
	}
	if mode != "real" {
		if im, err = s.part(c, signals, &s.ImagKernel, "imag_kernel"); err != nil {
			return nil, err
		}
	}
	return s.arranged(joined(mode, f, re, im), batch, channels)
}

// part returns the products of the signals' frames with a kernel.
func (s *STFTSpectrogram) part(c *Context, signals, w *Tensor, name string) (*Tensor, error) {
	if !w.Built() {
		return nil, errorf(s.id(), "%s: %w", name, ErrNotBuilt)
	}
	if err := checkWeight(s.id(), name, w, "for signals of one channel", -1, 1, -1); err != nil {
		return nil, err
	}
	step := s.FrameStep
	if step == 0 {
		step = max(w.Shape()[0]/2, 1)
	}
	conv := Conv1D{Kernel: *w, Strides: []int{step}, Padding: s.Padding, Name: s.Name}
	return conv.Forward(c, signals)
}

// joined returns the values of a mode; f is nil for both parts one after the other.
func joined(mode string, f func(re, im float32) float32, re, im *Tensor) *Tensor {
	some := re
	if some == nil {
		some = im
	}
	shape := some.Shape()
	n := shape[2]
	if f == nil {
		return kernel.Join(tensor.Shape{shape[0], shape[1], 2 * n}, 2, []*Tensor{re, im})
	}
	y := tensor.New[float32](shape...)
	for i := range y.Data() {
		var a, b float32
		if re != nil {
			a = re.Data()[i]
		}
		if im != nil {
			b = im.Data()[i]
		}
		v := f(a, b)
		if at := i % n; mode == "psd" && at > 0 && at < n-1 { // of the negative frequency, too
			v *= 2
		}
		y.Data()[i] = v
	}
	return y
}

// arranged returns y, of shape [batch*channels frames frequencies], in the order of the output's axes.
func (s *STFTSpectrogram) arranged(y *Tensor, batch, channels int) (*Tensor, error) {
	frames, n := y.Shape()[1], y.Shape()[2]
	perm, shape := []int{0, 2, 1, 3}, []int{batch, frames, channels * n} // from [batch channels frames frequencies]
	switch {
	case s.ExpandDims && s.ChannelsFirst:
		perm, shape = []int{0, 1, 2, 3}, []int{batch, channels, frames, n}
	case s.ExpandDims:
		perm, shape = []int{0, 2, 3, 1}, []int{batch, frames, n, channels}
	case s.ChannelsFirst:
		perm, shape = []int{0, 1, 3, 2}, []int{batch, channels * n, frames}
	}
	out, err := newOutput(s.id(), shape...)
	if err != nil {
		return nil, err
	}
	kernel.Transpose(out.Data(), y.Data(), tensor.Shape{batch, channels, frames, n}, perm)
	return out, nil
}

func spectrogramMaker(class string) config.Maker {
	switch class {
	case "STFTSpectrogram":
		return func(c *config.Config) any {
			c.Skip("window", "periodic", "scaling", "fft_length") // by which the kernels are made
			s := &STFTSpectrogram{
				Mode:          c.Text("mode", "log"),
				FrameStep:     c.Int("frame_step", 0),
				Padding:       paddingOption(c),
				ExpandDims:    c.Bool("expand_dims", false),
				ChannelsFirst: c.ChannelsFirst(),
				Name:          c.Name(),
			}
			if frame := c.Int("frame_length", 256); s.FrameStep == 0 {
				s.FrameStep = frame / 2
			}
			if stftModes[s.Mode] == nil && s.Mode != "stft" {
				c.Fail("mode %q: want log, magnitude, psd, real, imag, angle or stft", s.Mode)
			}
			return s
		}
	case "MelSpectrogram":
		return makeMelSpectrogram
	}
	return nil
}
