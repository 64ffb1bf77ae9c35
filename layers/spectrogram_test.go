package layers

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

func TestSpectrogramGolden(t *testing.T) { runGolden(t, "spectrogram", nil) }

// With channels first, inputs and outputs are the transposed ones of channels last. Keras does not compute this case on CPUs.
func TestSTFTSpectrogramChannelsFirst(t *testing.T) {
	x := tensor.New[float32](2, 20, 3)
	for i := range x.Data() {
		x.Data()[i] = float32(i*i%17) - 8
	}
	w := tensor.New[float32](6, 1, 4)
	for i := range w.Data() {
		w.Data()[i] = float32(i%5) - 2
	}
	first := transposed(x, 0, 2, 1)
	for _, expand := range []bool{false, true} {
		last, err := (&STFTSpectrogram{RealKernel: *w, ImagKernel: *w, ExpandDims: expand}).Call(x)
		require.NoError(t, err)
		got, err := (&STFTSpectrogram{RealKernel: *w, ImagKernel: *w, ExpandDims: expand, ChannelsFirst: true}).Call(first)
		require.NoError(t, err)
		perm := []int{0, 2, 1}
		if expand {
			perm = []int{0, 3, 1, 2}
		}
		requireClose(t, transposed(last, perm...), got)
	}
}

func transposed(x *Tensor, perm ...int) *Tensor {
	y := tensor.New[float32](kernel.Permuted(x.Shape(), perm)...)
	kernel.Transpose(y.Data(), x.Data(), x.Shape(), perm)
	return y
}

func TestSpectrogramErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		layer Layer
		x     *Tensor
		want  string
	}{
		"no kernels":                {&STFTSpectrogram{Name: "s"}, tensor.New[float32](1, 20, 1), `stft_spectrogram "s": real_kernel: not built`},
		"an unknown mode":           {&STFTSpectrogram{Mode: "power"}, tensor.New[float32](1, 20, 1), `mode "power"`},
		"a sound that is too short": {&MelSpectrogram{FFTLength: 32}, tensor.New[float32](16), "more than 16 samples"},
		"a long window":             {&MelSpectrogram{FFTLength: 32, SequenceLength: 33}, tensor.New[float32](99), "the window within the frame"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tt.layer.Call(tt.x)
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err := kerasLibrary{}.Make("MelSpectrogram", json.RawMessage(`{"window": "blackman"}`))
	require.ErrorContains(t, err, `window "blackman"`)
}

func TestReversibleEmbeddingErrors(t *testing.T) {
	e := &ReversibleEmbedding{Embedding: Embedding{Embeddings: *tensor.New[float32](5, 3), Name: "e"}}
	_, err := e.Reverse(tensor.New[float32](2, 4))
	require.ErrorContains(t, err, "3 values in the last axis")
	e.ReverseEmbeddings = *tensor.New[float32](5, 3)
	_, err = e.Reverse(tensor.New[float32](2, 3))
	require.ErrorContains(t, err, "reverse_embeddings")
}
