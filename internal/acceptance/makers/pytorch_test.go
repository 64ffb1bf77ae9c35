package makers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

type floats = tensor.Tensor[float32]

// A layerCall is the method that all layers with one input have.
type layerCall interface {
	Call(*floats) (*floats, error)
}

// through calls the layers one after another, starting with x, and returns the last output.
func through(t *testing.T, x *floats, calls ...layerCall) *floats {
	t.Helper()
	for _, c := range calls {
		var err error
		x, err = c.Call(x)
		require.NoError(t, err)
	}
	return x
}

// channelsLast moves axis 1 to the end. channelsFirst moves the last axis to position 1.
func channelsLast(t *testing.T, x *floats) *floats  { return moved(t, x, 1, len(x.Shape())-1) }
func channelsFirst(t *testing.T, x *floats) *floats { return moved(t, x, len(x.Shape())-1, 1) }

func moved(t *testing.T, x *floats, from, to int) *floats {
	t.Helper()
	var axes []int
	for i := range x.Shape() {
		if i != from {
			axes = append(axes, i)
		}
	}
	axes = append(axes[:to], append([]int{from}, axes[to:]...)...)
	shape := make([]int, len(axes))
	for i, a := range axes {
		shape[i] = x.Shape()[a]
	}
	y := tensor.New[float32](shape...)
	require.NoError(t, layout.Permute(y, x, axes...))
	return y
}

// onImages runs layers that expect channels last on an input with channels first.
func onImages(t *testing.T, x *floats, calls ...layerCall) []*floats {
	return []*floats{channelsFirst(t, through(t, channelsLast(t, x), calls...))}
}

// pyTorchCases has, for each module that testdata/pytorch/gen.py saved, the struct that a user writes. Only indices need tags.
var pyTorchCases = []struct {
	name  string
	model func(t *testing.T) (model any, run func(xs []*floats) []*floats)
}{
	{"linear", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Fc1, Fc2 layers.Dense }
		m.Fc1.Activation = activation.Tanh()
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], &m.Fc1, &m.Fc2)} }
	}},
	{"sequential", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct {
			First layers.Dense `ckpt:"0"`
			Last  layers.Dense `ckpt:"2"`
		}
		m.First.Activation = activation.ReLU()
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], &m.First, &m.Last)} }
	}},
	{"sequential", func(t *testing.T) (any, func([]*floats) []*floats) {
		m := map[string]*layers.Dense{"0": {Activation: activation.ReLU()}, "2": {}}
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], m["0"], m["2"])} }
	}},
	{"conv1d", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Conv layers.Conv1D }
		m.Conv.DilationRate = []int{2}
		return &m, func(xs []*floats) []*floats { return onImages(t, xs[0], &m.Conv) }
	}},
	{"conv2d", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Conv1, Conv2 layers.Conv2D }
		m.Conv1.Strides, m.Conv1.Activation = []int{2, 1}, activation.ReLU()
		return &m, func(xs []*floats) []*floats { return onImages(t, xs[0], &m.Conv1, &m.Conv2) }
	}},
	{"conv2d_groups", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct {
			Dw layers.DepthwiseConv2D
			G  layers.Conv2D
		}
		m.Dw.DepthMultiplier, m.G.Groups = 2, 2
		return &m, func(xs []*floats) []*floats { return onImages(t, xs[0], &m.Dw, &m.G) }
	}},
	{"conv2d_groups", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Dw, G layers.Conv2D }
		m.Dw.Groups, m.G.Groups = 3, 2
		return &m, func(xs []*floats) []*floats { return onImages(t, xs[0], &m.Dw, &m.G) }
	}},
	{"conv3d", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Conv layers.Conv3D }
		return &m, func(xs []*floats) []*floats { return onImages(t, xs[0], &m.Conv) }
	}},
	{"conv_transpose1d", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Up layers.Conv1DTranspose }
		m.Up.Strides = []int{3}
		return &m, func(xs []*floats) []*floats { return onImages(t, xs[0], &m.Up) }
	}},
	{"conv_transpose2d", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Up layers.Conv2DTranspose }
		m.Up.Strides = []int{2, 3}
		return &m, func(xs []*floats) []*floats { return onImages(t, xs[0], &m.Up) }
	}},
	{"flattened", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct {
			Conv layers.Conv2D `ckpt:"0"`
			Fc   layers.Dense  `ckpt:"3"`
		}
		m.Conv.Activation = activation.ReLU()
		m.Fc.FlattenedFrom = []int{3, 3, 4}
		return &m, func(xs []*floats) []*floats {
			return []*floats{through(t, channelsLast(t, xs[0]), &m.Conv, new(layers.Flatten), &m.Fc)}
		}
	}},
	{"norms", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct {
			Bn    layers.BatchNormalization
			Plain layers.BatchNormalization
			Ln    layers.LayerNormalization
			Gn    layers.GroupNormalization
			RMS   layers.RMSNormalization
		}
		m.Bn.Epsilon, m.Plain.Epsilon, m.Ln.Epsilon, m.Gn.Epsilon, m.RMS.Epsilon = 1e-5, 1e-5, 1e-5, 1e-5, 1e-6
		m.Plain.NoScale, m.Plain.NoCenter = true, true
		m.Gn.Groups = 2
		return &m, func(xs []*floats) []*floats {
			ys := append(onImages(t, xs[0], &m.Bn), onImages(t, xs[0], &m.Plain)...)
			ys = append(ys, through(t, xs[0], &m.Ln))
			ys = append(ys, onImages(t, xs[0], &m.Gn)...)
			return append(ys, through(t, xs[0], &m.RMS))
		}
	}},
	{"embedding", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Emb layers.Embedding }
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], &m.Emb)} }
	}},
	{"prelu", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ A, B layers.PReLU }
		return &m, func(xs []*floats) []*floats { return onImages(t, xs[0], &m.A, &m.B) }
	}},
	{"rnn", func(t *testing.T) (any, func([]*floats) []*floats) {
		m := struct{ RNN layers.SimpleRNN }{layers.SimpleRNN{ReturnSequences: true}}
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], &m.RNN)} }
	}},
	{"lstm", func(t *testing.T) (any, func([]*floats) []*floats) {
		m := struct{ RNN layers.LSTM }{layers.LSTM{ReturnSequences: true}}
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], &m.RNN)} }
	}},
	{"gru", func(t *testing.T) (any, func([]*floats) []*floats) {
		m := struct{ RNN layers.GRU }{layers.GRU{ReturnSequences: true}}
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], &m.RNN)} }
	}},
	{"rnn_stacked", func(t *testing.T) (any, func([]*floats) []*floats) {
		m := struct{ RNN [2]layers.SimpleRNN }{[2]layers.SimpleRNN{{ReturnSequences: true}, {ReturnSequences: true}}}
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], &m.RNN[0], &m.RNN[1])} }
	}},
	{"lstm_stacked", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ RNN []layers.LSTM } // made from the file
		return &m, func(xs []*floats) []*floats {
			require.Len(t, m.RNN, 2)
			m.RNN[0].ReturnSequences, m.RNN[1].ReturnSequences = true, true
			return []*floats{through(t, xs[0], &m.RNN[0], &m.RNN[1])}
		}
	}},
	{"gru_stacked", func(t *testing.T) (any, func([]*floats) []*floats) {
		m := struct{ RNN []*layers.GRU }{[]*layers.GRU{{ReturnSequences: true}, {ReturnSequences: true}}}
		return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], m.RNN[0], m.RNN[1])} }
	}},
	{"rnn_bidirectional", func(t *testing.T) (any, func([]*floats) []*floats) {
		return bidirectional(t, func() layers.RecurrentLayer { return &layers.SimpleRNN{ReturnSequences: true} })
	}},
	{"lstm_bidirectional", func(t *testing.T) (any, func([]*floats) []*floats) {
		return bidirectional(t, func() layers.RecurrentLayer { return &layers.LSTM{ReturnSequences: true} })
	}},
	{"gru_bidirectional", func(t *testing.T) (any, func([]*floats) []*floats) {
		return bidirectional(t, func() layers.RecurrentLayer { return &layers.GRU{ReturnSequences: true} })
	}},
	{"lstm_cell", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Cell layers.LSTMCell }
		return &m, func(xs []*floats) []*floats {
			y, _, err := m.Cell.Call(xs[0])
			require.NoError(t, err)
			return []*floats{y}
		}
	}},
	{"conv_transpose_groups", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct {
			Up   layers.Conv1DTranspose
			Wide layers.Conv2DTranspose
		}
		m.Up.Strides, m.Up.OutputPadding, m.Up.Groups = []int{2}, []int{1}, 2
		m.Wide.Strides, m.Wide.DilationRate, m.Wide.Groups = []int{3, 1}, []int{1, 2}, 3
		m.Wide.OutputPadding = []int{0} // PyTorch's default; Keras's output has at least a stride for each input
		return &m, func(xs []*floats) []*floats {
			return append(onImages(t, xs[0], &m.Up, &layers.Cropping1D{Cropping: [][2]int{{1, 1}}}), onImages(t, xs[1], &m.Wide)...)
		}
	}},
	{"norms_bare", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct {
			Plain, Scaled   layers.LayerNormalization
			Group, Instance layers.GroupNormalization
		}
		m.Plain.Axis, m.Scaled.Axis = []int{-2, -1}, []int{-2, -1}
		m.Plain.Epsilon, m.Scaled.Epsilon, m.Group.Epsilon, m.Instance.Epsilon = 1e-5, 1e-5, 1e-5, 1e-5
		m.Plain.NoScale, m.Plain.NoCenter, m.Group.NoScale, m.Group.NoCenter = true, true, true, true
		m.Group.Groups, m.Instance.Groups = 2, -1
		return &m, func(xs []*floats) []*floats {
			ys := []*floats{through(t, xs[0], &m.Plain), through(t, xs[0], &m.Scaled)}
			return append(append(ys, onImages(t, xs[0], &m.Group)...), onImages(t, xs[0], &m.Instance)...)
		}
	}},
	{"sequential_gaps", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct{ Net []layers.Dense } // made from the file; the positions of Tanh are empty
		return &m, func(xs []*floats) []*floats {
			require.Len(t, m.Net, 5)
			for i := range 2 {
				m.Net[2*i].Activation = activation.Tanh()
			}
			return []*floats{through(t, xs[0], &m.Net[0], &m.Net[2], &m.Net[4])}
		}
	}},
	{"encoder", func(t *testing.T) (any, func([]*floats) []*floats) {
		type block struct {
			SelfAttn         layers.MultiHeadAttention
			Linear1, Linear2 layers.Dense
			Norm1, Norm2     layers.LayerNormalization
		}
		var m struct {
			Enc struct {
				Layers [2]block
				Norm   layers.LayerNormalization
			}
		}
		m.Enc.Norm.Epsilon = 1e-5
		for i := range m.Enc.Layers {
			b := &m.Enc.Layers[i]
			b.SelfAttn.NumHeads, b.Linear1.Activation = 2, activation.GELU()
			b.Norm1.Epsilon, b.Norm2.Epsilon = 1e-5, 1e-5
		}
		return &m, func(xs []*floats) []*floats {
			h := xs[0].Clone()
			for i := range m.Enc.Layers {
				b := &m.Enc.Layers[i]
				n := through(t, h, &b.Norm1)
				a, err := b.SelfAttn.Call(n, n)
				require.NoError(t, err)
				h = sum(a, h)
				h = sum(through(t, h, &b.Norm2, &b.Linear1, &b.Linear2), h)
			}
			return []*floats{through(t, h, &m.Enc.Norm)}
		}
	}},
	{"attention", func(t *testing.T) (any, func([]*floats) []*floats) { return attention(t, 3) }},
	{"attention_widths", func(t *testing.T) (any, func([]*floats) []*floats) { return attention(t, 2) }},
	{"encoder_layer", func(t *testing.T) (any, func([]*floats) []*floats) {
		var m struct {
			Enc struct {
				SelfAttn         layers.MultiHeadAttention
				Linear1, Linear2 layers.Dense
				Norm1, Norm2     layers.LayerNormalization
			}
		}
		e := &m.Enc
		e.SelfAttn.NumHeads = 3
		e.Linear1.Activation = activation.ReLU()
		e.Norm1.Epsilon, e.Norm2.Epsilon = 1e-5, 1e-5
		return &m, func(xs []*floats) []*floats {
			a, err := e.SelfAttn.Call(xs[0], xs[0])
			require.NoError(t, err)
			h := through(t, sum(a, xs[0]), &e.Norm1)
			return []*floats{through(t, sum(through(t, h, &e.Linear1, &e.Linear2), h), &e.Norm2)}
		}
	}},
}

func sum(a, b *floats) *floats {
	for i, v := range b.Data() {
		a.Data()[i] += v
	}
	return a
}

func bidirectional(t *testing.T, layer func() layers.RecurrentLayer) (any, func([]*floats) []*floats) {
	m := struct{ RNN []layers.Bidirectional }{[]layers.Bidirectional{*layers.NewBidirectional(layer()), *layers.NewBidirectional(layer())}}
	return &m, func(xs []*floats) []*floats { return []*floats{through(t, xs[0], &m.RNN[0], &m.RNN[1])} }
}

func attention(t *testing.T, heads int) (any, func([]*floats) []*floats) {
	var m struct{ Attn layers.MultiHeadAttention }
	m.Attn.NumHeads = heads
	return &m, func(xs []*floats) []*floats {
		y, err := m.Attn.Call(xs[0], xs[1])
		require.NoError(t, err)
		return []*floats{y}
	}
}

// TestPyTorch loads PyTorch's modules into layers and compares their outputs with PyTorch's.
func TestPyTorch(t *testing.T) {
	for _, c := range pyTorchCases {
		for _, file := range []string{"model.safetensors", "model.pt"} {
			t.Run(c.name+"/"+file, func(t *testing.T) {
				dir := filepath.Join("testdata", "pytorch", c.name)
				xs, want := readIO(t, filepath.Join(dir, "io.json"))
				model, run := c.model(t)
				require.NoError(t, ckpt.LoadWeights(t.Context(), filepath.Join(dir, file), model, ckpt.Strict()))
				got := run(xs)
				require.Len(t, got, len(want))
				for i := range want {
					require.Equal(t, want[i].Shape(), got[i].Shape())
					for j, w := range want[i].Data() {
						require.InDelta(t, w, got[i].Data()[j], 1e-5, "output %d, value %d", i, j)
					}
				}
			})
		}
	}
}

func readIO(t *testing.T, file string) (inputs, outputs []*floats) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var io struct {
		Inputs, Outputs []struct {
			Shape  []int
			Values []float32
		}
	}
	require.NoError(t, json.Unmarshal(data, &io))
	for _, in := range io.Inputs {
		x, err := tensor.FromSlice(in.Values, in.Shape...)
		require.NoError(t, err)
		inputs = append(inputs, x)
	}
	for _, out := range io.Outputs {
		y, err := tensor.FromSlice(out.Values, out.Shape...)
		require.NoError(t, err)
		outputs = append(outputs, y)
	}
	return inputs, outputs
}

// TestRename loads a module with names that differ from the program's, and the module of a wrapper.
func TestRename(t *testing.T) {
	file := filepath.Join("testdata", "pytorch", "linear", "model.safetensors")
	var want, got struct{ Fc1, Fc2 layers.Dense }
	require.NoError(t, ckpt.LoadWeights(t.Context(), file, &want))
	var m struct {
		Net struct{ First, Second layers.Dense }
	}
	require.NoError(t, ckpt.LoadWeights(t.Context(), file, &m, ckpt.Strict(), ckpt.Rename("fc1", "net/first"), ckpt.Rename(`^fc(\d)\.`, "net.second.")))
	got.Fc1, got.Fc2 = m.Net.First, m.Net.Second
	require.Equal(t, want, got)

	err := ckpt.LoadWeights(t.Context(), file, &m, ckpt.Rename("fc3", "net"))
	require.ErrorContains(t, err, `Rename("fc3", "net"): no value of the checkpoint has such a path`)
	err = ckpt.LoadWeights(t.Context(), file, &m, ckpt.Rename("(", "net"))
	require.ErrorContains(t, err, "missing closing )")
}

// TestSaveAsPyTorch loads files and writes them in PyTorch's names and layouts. Names, shapes and bytes are the same, except for
// values that the load summed up.
func TestSaveAsPyTorch(t *testing.T) {
	summed := map[string]bool{"rnn": true, "rnn_stacked": true, "rnn_bidirectional": true, "lstm": true, "lstm_stacked": true, "lstm_bidirectional": true, "lstm_cell": true}
	for _, c := range pyTorchCases {
		t.Run(c.name, func(t *testing.T) {
			theirs := filepath.Join("testdata", "pytorch", c.name, "model.safetensors")
			model, _ := c.model(t)
			require.NoError(t, ckpt.LoadWeights(t.Context(), theirs, model))
			ours := filepath.Join(t.TempDir(), "model.safetensors")
			require.NoError(t, ckpt.SaveWeights(t.Context(), ours, model, ckpt.PyTorch()))

			want, got := contents(t, theirs), contents(t, ours)
			for name, w := range want {
				require.Contains(t, got, name)
				require.Equal(t, w.Shape(), got[name].Shape(), name)
				switch {
				case strings.Contains(name, "num_batches_tracked"):
					require.Equal(t, tensor.DTInt64, got[name].DType())
				case summed[c.name] && strings.Contains(name, "bias_ih"):
					other := want[strings.Replace(name, "bias_ih", "bias_hh", 1)]
					require.True(t, tensor.Equal(sum(mustFloats(t, w), mustFloats(t, other)), got[name]), name)
				case summed[c.name] && strings.Contains(name, "bias_hh"):
					require.True(t, tensor.Equal(tensor.New[float32](w.Shape()...), got[name]), name)
				default:
					require.True(t, tensor.Equal(w, got[name]), name)
				}
			}
			require.Len(t, got, len(want))
		})
	}
	var m struct{ Fc layers.Dense }
	err := ckpt.SaveWeights(t.Context(), filepath.Join(t.TempDir(), "ckpt"), &m, ckpt.PyTorch())
	require.ErrorContains(t, err, "PyTorch's names are for safetensors and npz, not for tensorflow")
}

// contents returns all tensors of a file.
func contents(t *testing.T, file string) map[string]tensor.Any {
	t.Helper()
	r, err := ckpt.Open(file)
	require.NoError(t, err)
	defer r.Close()
	all := make(map[string]tensor.Any)
	for _, v := range r.Variables() {
		all[v.Key], err = r.Tensor(v.Key)
		require.NoError(t, err)
	}
	return all
}

func mustFloats(t *testing.T, a tensor.Any) *floats {
	t.Helper()
	f, ok := tensor.As[float32](a)
	require.True(t, ok)
	return f
}
