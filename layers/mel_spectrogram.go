package layers

import (
	"cmp"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// MelSpectrogram is keras.layers.MelSpectrogram: the strengths of bands of frequencies in frames of a signal. Keras's default
// stands for an option of zero if zero would not be meaningful.
type MelSpectrogram struct {
	FFTLength      int     // 0: 2048
	SequenceStride int     // 0: 512
	SequenceLength int     // of the window; 0: FFTLength
	Window         Window  // Hann by default
	SamplingRate   float32 // 0: 16000
	NumMelBins     int     // 0: 128
	MinFreq        *float32
	MaxFreq        float32  // 0: half the sampling rate
	NoDecibels     bool     // leave powers as they are
	TopDB          *float32 // nil: 80
	MagExp         *float32 // nil: 2
	MinPower       *float32 // nil: 1e-10
	RefPower       *float32 // nil: 1
	Name           string
}

// A Window is the function by which [MelSpectrogram] multiplies the samples of a frame.
type Window uint8

// The windows of Keras.
const (
	Hann    Window = iota
	Hamming        // wider than Hann
	NoWindow
)

// maxFFT is the largest length of a frame.
const maxFFT = 1 << 22

func (m *MelSpectrogram) id() id { return id{"mel_spectrogram", m.Name} }

// sizes returns the options for sizes.
func (m *MelSpectrogram) sizes() (fft, stride, length, bins int, err error) {
	fft, stride, bins = cmp.Or(m.FFTLength, 2048), cmp.Or(m.SequenceStride, 512), cmp.Or(m.NumMelBins, 128)
	length = cmp.Or(m.SequenceLength, fft)
	if fft < 1 || fft > maxFFT || stride < 1 || length < 1 || length > fft || bins < 1 || bins > maxOption {
		err = errorf(m.id(), "a window of %d samples in frames of %d, stride %d, %d bins: want 1 or more, the window within the frame", length, fft, stride, bins)
	}
	return fft, stride, length, bins, err
}

// Call returns the spectrogram of x, of shape [batch samples] or [samples]: [batch bins frames] or [bins frames].
func (m *MelSpectrogram) Call(x *Tensor) (*Tensor, error) { return m.Forward(nil, x) }

// Forward is Call with a [Context].
func (m *MelSpectrogram) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	who := m.id()
	if err := checkInput(who, x, 1, 2); err != nil {
		return nil, err
	}
	fft, stride, length, bins, err := m.sizes()
	if err != nil {
		return nil, err
	}
	shape := x.Shape()
	samples := shape[len(shape)-1]
	if samples <= fft/2 {
		return nil, shapeErrorf(who, "input", shape, "more than %d samples, which are reflected at both ends", fft/2)
	}
	frames := 1 + (samples+fft/2*2-fft)/stride
	out := append(append(tensor.Shape{}, shape[:len(shape)-1]...), bins, frames)
	y, err := newGrown(who, x.Len()*bins, out...)
	if err != nil {
		return nil, err
	}
	matrix, window := m.matrix(fft/2+1, bins), m.Window.values(fft, length)
	exponent := float64(orDefault(m.MagExp, 2))
	for i := range x.Len() / samples {
		signal, to := x.Data()[i*samples:(i+1)*samples], y.Data()[i*bins*frames:(i+1)*bins*frames]
		kernel.Parallel(frames, fft*16, func(_, lo, hi int) {
			transform, frame := fourier.NewFFT(fft), make([]float64, fft)
			coefficients, strengths := make([]complex128, fft/2+1), make([]float64, fft/2+1)
			for t := lo; t < hi; t++ {
				for k := range frame {
					frame[k] = float64(signal[reflected(t*stride+k-fft/2, samples)]) * window[k]
				}
				transform.Coefficients(coefficients, frame)
				for k, v := range coefficients {
					strengths[k] = math.Pow(math.Hypot(real(v), imag(v)), exponent)
				}
				for b := range bins {
					band, sum := matrix[b], 0.0
					for k, w := range band.weights {
						sum += w * strengths[band.from+k]
					}
					to[b*frames+t] = float32(sum)
				}
			}
		})
	}
	if !m.NoDecibels {
		m.decibels(y.Data())
	}
	return y, nil
}

// reflected returns the index of a sample. Samples beyond an end are reflected at it.
func reflected(i, n int) int {
	switch {
	case i < 0:
		return -i
	case i >= n:
		return 2*(n-1) - i
	}
	return i
}

// values returns the window, of the given length, in the middle of a frame.
func (w Window) values(frame, length int) []float64 {
	all := make([]float64, frame)
	period := length - length%2 // as in TensorFlow
	if length == 1 {
		w = NoWindow
	}
	for k := range length {
		v := 1.0
		switch cos := math.Cos(2 * math.Pi * float64(k) / float64(period)); w {
		case Hann:
			v = 0.5 - 0.5*cos
		case Hamming:
			v = 0.54 - 0.46*cos
		}
		all[(frame-length)/2+k] = v
	}
	return all
}

// A melBand has the weights of frequencies in a bin, from the first that counts.
type melBand struct {
	from    int
	weights []float64
}

// matrix returns the bins, triangles in the scale of mel that each reach from the middle of the bin before to that of the next.
func (m *MelSpectrogram) matrix(frequencies, bins int) []melBand {
	rate := float64(cmp.Or(m.SamplingRate, 16000))
	top := cmp.Or(float64(m.MaxFreq), math.Floor(rate/2))
	mel := func(hertz float64) float64 { return 1127 * math.Log(1+hertz/700) }
	low, high := mel(float64(orDefault(m.MinFreq, 20))), mel(top)
	edge := func(i int) float64 { return low + (high-low)*float64(i)/float64(bins+1) }
	all := make([]melBand, bins)
	for k := 1; k < frequencies; k++ { // without that of no frequency
		at := mel(rate / 2 * float64(k) / float64(frequencies-1))
		// The bins with an edge on each side of at.
		first := int((at-low)/(high-low)*float64(bins+1)) - 2
		for b := max(first, 0); b < min(first+4, bins); b++ {
			w := min((at-edge(b))/(edge(b+1)-edge(b)), (edge(b+2)-at)/(edge(b+2)-edge(b+1)))
			if !(w > 0) {
				continue
			}
			if len(all[b].weights) == 0 {
				all[b].from = k
			}
			all[b].weights = append(all[b].weights, w)
		}
	}
	return all
}

// decibels replaces powers by their logarithms, none further below the largest of all than TopDB.
func (m *MelSpectrogram) decibels(y []float32) {
	least := orDefault(m.MinPower, 1e-10)
	decibel := func(power float32) float32 { return float32(10 * math.Log10(float64(max(power, least)))) }
	reference := decibel(float32(math.Abs(float64(orDefault(m.RefPower, 1)))))
	most := float32(math.Inf(-1))
	for i := range y {
		y[i] = decibel(y[i]) - reference
		most = max(most, y[i])
	}
	for i := range y {
		y[i] = max(y[i], most-orDefault(m.TopDB, 80))
	}
}

func makeMelSpectrogram(c *config.Config) any {
	m := &MelSpectrogram{
		FFTLength:      c.Int("fft_length", 2048),
		SequenceStride: c.Int("sequence_stride", 512),
		SequenceLength: c.Int("sequence_length", 0),
		SamplingRate:   c.Number("sampling_rate", 16000),
		NumMelBins:     c.Int("num_mel_bins", 128),
		MaxFreq:        c.Number("max_freq", 0),
		NoDecibels:     !c.Bool("power_to_db", true),
		MinFreq:        new(c.Number("min_freq", 20)),
		TopDB:          new(c.Number("top_db", 80)),
		MagExp:         new(c.Number("mag_exp", 2)),
		MinPower:       new(c.Number("min_power", 1e-10)),
		RefPower:       new(c.Number("ref_power", 1)),
		Name:           c.Name(),
	}
	switch {
	case c.IsNull("window"):
		c.Skip("window")
		m.Window = NoWindow
	default:
		switch name := c.Text("window", "hann"); name {
		case "hann":
		case "hamming":
			m.Window = Hamming
		default:
			c.Fail("window %q, want \"hann\", \"hamming\" or none", name)
		}
	}
	if _, _, _, _, err := m.sizes(); err != nil {
		c.Fail("%v", err)
	}
	return m
}
