package layers

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRecurrentGolden(t *testing.T) { runGolden(t, "recurrent", nil) }

func TestConvLSTMGolden(t *testing.T) { runGolden(t, "convlstm", nil) }

// recurrentLayers returns a new layer of each kind.
func recurrentLayers(sequences, state bool) map[string]RecurrentLayer {
	return map[string]RecurrentLayer{
		"SimpleRNN": &SimpleRNN{Cell: SimpleRNNCell{Units: 4}, ReturnSequences: sequences, ReturnState: state},
		"LSTM":      &LSTM{Cell: LSTMCell{Units: 4}, ReturnSequences: sequences, ReturnState: state},
		"GRU":       &GRU{Cell: GRUCell{Units: 4}, ReturnSequences: sequences, ReturnState: state},
		"GRU that resets before the product": &GRU{
			Cell: GRUCell{Units: 4, ResetBefore: true}, ReturnSequences: sequences, ReturnState: state,
		},
		"a stack": &RNN{
			Cell:            &StackedRNNCells{Cells: []Cell{&LSTMCell{Units: 3}, &GRUCell{Units: 4}}},
			ReturnSequences: sequences, ReturnState: state,
		},
	}
}

func TestRecurrentLaws(t *testing.T) {
	for name, layer := range recurrentLayers(true, true) {
		t.Run(name+": a sequence in two parts gives the same result", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				batch, steps := rapid.IntRange(1, 4).Draw(rt, "batch"), rapid.IntRange(2, 9).Draw(rt, "steps")
				cut := rapid.IntRange(1, steps-1).Draw(rt, "cut")
				x := random(t, uint64(steps), batch, steps, 3)
				whole, err := layer.ForwardAll(nil, []*Tensor{x})
				require.NoError(t, err)
				first, err := layer.ForwardAll(nil, []*Tensor{between(t, x, 0, cut)})
				require.NoError(t, err)
				second, err := layer.ForwardAll(nil, append([]*Tensor{between(t, x, cut, steps)}, first[1:]...))
				require.NoError(t, err)
				requireClose(t, between(t, whole[0], 0, cut), first[0])
				requireClose(t, between(t, whole[0], cut, steps), second[0])
				for i := range whole[1:] {
					requireClose(t, whole[1+i], second[1+i])
				}
			})
		})
		t.Run(name+": masked steps have no effect", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				keep := rapid.SliceOfN(rapid.Bool(), 1, 9).Draw(rt, "keep")
				if !slices.Contains(keep, true) {
					keep[0] = true
				}
				x := random(t, uint64(len(keep)), 1, len(keep), 3)
				var kept []float32
				for i, k := range keep {
					if k {
						kept = append(kept, x.Data()[3*i:3*i+3]...)
					}
				}
				mask, err := tensor.FromSlice(keep, 1, len(keep))
				require.NoError(t, err)
				got, err := layer.ForwardAll(&Context{Masks: []*Mask{mask}}, []*Tensor{x})
				require.NoError(t, err)
				want, err := layer.ForwardAll(nil, []*Tensor{newTensor(t, kept, 1, len(kept)/3, 3)})
				require.NoError(t, err)
				for i := range want[1:] {
					requireClose(t, want[1+i], got[1+i])
				}
			})
		})
		t.Run(name+": the examples of a batch are independent", func(t *testing.T) {
			x := random(t, 7, 3, 5, 3)
			all, err := layer.Call(x)
			require.NoError(t, err)
			for i := range 3 {
				one, err := layer.Call(newTensor(t, x.Data()[i*15:(i+1)*15], 1, 5, 3))
				require.NoError(t, err)
				requireClose(t, newTensor(t, all.Data()[i*20:(i+1)*20], 1, 5, 4), one)
			}
		})
		t.Run(name+": step by step with the cell gives the same result", func(t *testing.T) {
			x := random(t, 3, 2, 4, 3)
			want, err := layer.ForwardAll(nil, []*Tensor{x})
			require.NoError(t, err)
			var states []*Tensor
			for i := range 4 {
				ys, err := layer.recurrence().cell.ForwardAll(nil, append([]*Tensor{step(t, x, i)}, states...))
				require.NoError(t, err)
				requireClose(t, step(t, want[0], i), ys[0])
				states = ys[1:]
			}
		})
	}
}

// between returns the steps lo to hi-1 of x.
func between(t testing.TB, x *Tensor, lo, hi int) *Tensor {
	t.Helper()
	s := x.Shape()
	var data []float32
	for b := range s[0] {
		data = append(data, x.Data()[(b*s[1]+lo)*s[2]:(b*s[1]+hi)*s[2]]...)
	}
	return newTensor(t, data, s[0], hi-lo, s[2])
}

// step returns the i-th step of x, without the axis of steps.
func step(t testing.TB, x *Tensor, i int) *Tensor {
	t.Helper()
	y, err := between(t, x, i, i+1).Reshape(x.Shape()[0], x.Shape()[2])
	require.NoError(t, err)
	return y
}

// A long sequence uses several chunks of steps, and examples on several goroutines.
func TestLongSequences(t *testing.T) {
	// A chunk of one example's LSTM has 16384 steps.
	batch, steps := thorough.Pick(3, 2), thorough.Pick(40000, 17000)
	const far = 1000 // the layer forgets distant steps
	for name, layer := range recurrentLayers(true, true) {
		x := random(t, 5, batch, steps, 2)
		t.Run(name+" forward", func(t *testing.T) {
			got, err := layer.ForwardAll(&Context{Workspace: new(Workspace)}, []*Tensor{x})
			require.NoError(t, err)
			first, err := layer.Call(between(t, x, 0, 30))
			require.NoError(t, err)
			requireClose(t, first, between(t, got[0], 0, 30))
			last, err := layer.ForwardAll(nil, []*Tensor{between(t, x, steps-far, steps)})
			require.NoError(t, err)
			requireClose(t, last[1], got[1])
		})
		t.Run(name+" backward", func(t *testing.T) {
			layer := layer.reversed()
			got, err := layer.ForwardAll(&Context{Workspace: new(Workspace)}, []*Tensor{x})
			require.NoError(t, err)
			first, err := layer.Call(between(t, x, steps-30, steps))
			require.NoError(t, err)
			requireClose(t, first, between(t, got[0], 0, 30))
			last, err := layer.ForwardAll(nil, []*Tensor{between(t, x, 0, far)})
			require.NoError(t, err)
			requireClose(t, last[1], got[1])
		})
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestRecurrentBuild(t *testing.T) {
	shape := tensor.Shape{2, 3, 5}
	t.Run("an LSTM's weights have Keras's shapes", func(t *testing.T) {
		l := NewLSTM(4)
		require.NoError(t, l.Build(shape))
		require.Equal(t, tensor.Shape{5, 16}, l.Cell.Kernel.Shape())
		require.Equal(t, []float32{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, l.Cell.Bias.Data(), "the forget gate starts open")
	})
	t.Run("rows of a recurrent kernel are orthogonal", func(t *testing.T) {
		l := NewGRU(4)
		require.NoError(t, l.Build(shape))
		requireOrthogonal(t, l.Cell.RecurrentKernel.Data(), 4, 12, 12, 1)
	})
	t.Run("columns are orthogonal if there are fewer", func(t *testing.T) {
		c := new(ConvLSTMCell)
		c.Filters, c.KernelSize = 2, []int{3, 5}
		require.NoError(t, c.Build(tensor.Shape{1, 7, 7, 1}))
		require.Equal(t, tensor.Shape{3, 5, 2, 8}, c.RecurrentKernel.Shape())
		requireOrthogonal(t, c.RecurrentKernel.Data(), 8, 30, 1, 8)
	})
	t.Run("options remove biases, or leave the forget gate's bias at 0", func(t *testing.T) {
		s := &SimpleRNN{Cell: SimpleRNNCell{Units: 4, NoBias: true}}
		require.NoError(t, s.Build(shape))
		require.False(t, s.Cell.Bias.Built())
		l := &LSTM{Cell: LSTMCell{Units: 4, NoUnitForgetBias: true}}
		require.NoError(t, l.Build(shape))
		require.Equal(t, make([]float32, 16), l.Cell.Bias.Data())
	})
	t.Run("in both directions, the second layer is a copy with separate weights", func(t *testing.T) {
		for name, layer := range recurrentLayers(true, false) {
			b := NewBidirectional(layer)
			require.NoError(t, b.Build(shape), name)
			require.IsType(t, layer, b.BackwardLayer)
			y, err := b.Call(random(t, 1, shape...))
			require.NoError(t, err)
			require.Equal(t, tensor.Shape{2, 3, 8}, y.Shape())
		}
	})
}

// requireOrthogonal fails the test if vectors of n values are not orthogonal and of length 1. The vectors are step apart, and
// their values inc apart.
func requireOrthogonal(t *testing.T, w []float32, count, n, step, inc int) {
	t.Helper()
	for i := range count {
		for j := range count {
			dot := 0.0
			for k := range n {
				dot += float64(w[i*step+k*inc]) * float64(w[j*step+k*inc])
			}
			require.InDelta(t, float64(boolInt(i == j)), dot, 1e-6)
		}
	}
}

func TestRecurrentErrors(t *testing.T) {
	weight := func(shape ...int) Tensor { return *tensor.New[float32](shape...) }
	x := tensor.New[float32](2, 3, 5)
	glu := activation.GLU()
	for _, tt := range []struct {
		name  string
		layer MultiLayer
		xs    []*Tensor
		want  string
	}{
		{"no input", NewLSTM(4), nil, "layers: lstm: no input"},
		{"no sequence", NewLSTM(4), []*Tensor{tensor.New[float32](2, 3)}, "layers: lstm: input shape [2 3], want rank 3 or more"},
		{"images", NewLSTM(4), []*Tensor{tensor.New[float32](2, 3, 4, 5)}, "layers: lstm: step of the input shape [2 4 5], want rank 2"},
		{"no size", new(GRU), []*Tensor{x}, "layers: gru: not built: the weights were not loaded, and the options do not give their sizes"},
		{
			"a kernel for other inputs", &LSTM{Cell: LSTMCell{Kernel: weight(6, 16), RecurrentKernel: weight(4, 16)}, Name: "enc"}, []*Tensor{x},
			`layers: lstm "enc": kernel shape [6 16], want [5 16] for 4 units and 5 inputs`,
		},
		{
			"a kernel without a recurrent one", &SimpleRNN{Cell: SimpleRNNCell{Kernel: weight(5, 4), Units: 4}}, []*Tensor{x},
			"layers: simple_rnn: recurrent_kernel has no values, want [4 4] for 4 units",
		},
		{
			"a GRU's kernel in an LSTM", &LSTM{Cell: LSTMCell{Kernel: weight(5, 12), RecurrentKernel: weight(4, 12)}}, []*Tensor{x},
			"layers: lstm: recurrent_kernel shape [4 12], want [4 16] for 4 units",
		},
		{
			"the bias of a GRU that resets before the product", &GRU{Cell: GRUCell{Kernel: weight(5, 12), RecurrentKernel: weight(4, 12), Bias: weight(12)}}, []*Tensor{x},
			"layers: gru: bias shape [12], want [2 12] for 4 units and 5 inputs",
		},
		{"an activation that halves the width", &LSTM{Cell: LSTMCell{Units: 4, Activation: &glu}}, []*Tensor{x}, "layers: lstm: activation glu is not possible in a cell: it changes the number of values"},
		{"negative units", NewSimpleRNN(-1), []*Tensor{x}, "layers: simple_rnn: -1 units"},
		{"a missing state", NewLSTM(4), []*Tensor{x, tensor.New[float32](2, 4)}, "layers: lstm: 1 initial states, want 2"},
		{
			"a state of another shape", NewGRU(4), []*Tensor{x, tensor.New[float32](3, 4)},
			"layers: gru: initial state 0 shape [3 4], want [2 4] for input shape [2 3 5]",
		},
		{"no cell", new(RNN), []*Tensor{x}, "layers: rnn: Cell must be set"},
		{"an empty stack", &RNN{Cell: new(StackedRNNCells), Name: "r"}, []*Tensor{x}, `layers: rnn "r": Cells is empty`},
		{"a stack with a nil cell", &RNN{Cell: &StackedRNNCells{Cells: []Cell{nil}}}, []*Tensor{x}, "layers: rnn: cell 0 of the stack is nil"},
		{"a stack of images", &RNN{Cell: &StackedRNNCells{Cells: []Cell{&ConvLSTMCell{Filters: 1, KernelSize: []int{1}}}}}, []*Tensor{tensor.New[float32](2, 3, 4, 5)}, "layers: rnn: cell 0, a conv_lstm_cell, cannot be stacked"},
		{"only one direction", &Bidirectional{ForwardLayer: NewLSTM(4)}, []*Tensor{x}, "layers: bidirectional: no wrapped layer: ForwardLayer and BackwardLayer must be set"},
		{"the same direction twice", &Bidirectional{ForwardLayer: NewLSTM(4), BackwardLayer: NewLSTM(4)}, []*Tensor{x}, "layers: bidirectional: both layers have the same direction, want one with GoBackwards"},
		{
			"only one layer returns states", &Bidirectional{ForwardLayer: NewLSTM(4), BackwardLayer: &LSTM{GoBackwards: true, ReturnState: true}}, []*Tensor{x},
			"layers: bidirectional: one layer returns sequences or states, the other does not",
		},
		{
			"a sum of two sizes", &Bidirectional{ForwardLayer: NewLSTM(4), BackwardLayer: NewLSTM(3).reversed(), MergeMode: MergeSum}, []*Tensor{x},
			"layers: bidirectional: output of the backward layer shape [2 3], want one that merges by sum with the forward layer's [2 4]",
		},
		{"three states for two layers", NewBidirectional(NewGRU(4)), []*Tensor{x, x, x, x}, "layers: bidirectional: got 3 initial states, want an even number, half for each layer"},
		{"a step without spatial axes", NewConvLSTM(2, 3), []*Tensor{tensor.New[float32](2, 3, 5)}, "layers: conv_lstm: step of the input shape [2 5], want one to three spatial axes besides batch and channels"},
		{
			"an image that is smaller than the window", NewConvLSTM(2, 4, 4), []*Tensor{tensor.New[float32](2, 3, 5, 2, 1)},
			"layers: conv_lstm: input shape [2 5 2 1], want 4 or more along each axis for a window of [4 4] at dilation [1 1]",
		},
		{
			"a window for lines", NewConvLSTM(2, 3, 3), []*Tensor{tensor.New[float32](2, 3, 5, 1)}, "layers: conv_lstm: kernel size [3 3]: want 1, one for each axis",
		},
		{"a cell without a step", new(LSTMCell), []*Tensor{tensor.New[float32](5)}, "layers: lstm_cell: input shape [5], want rank 2 or more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layer.ForwardAll(nil, tt.xs)
			require.EqualError(t, err, tt.want)
		})
	}
	t.Run("a mask of other steps", func(t *testing.T) {
		_, err := NewLSTM(4).Forward(&Context{Masks: []*Mask{tensor.New[bool](2, 4)}}, x)
		require.EqualError(t, err, "layers: lstm: mask shape [2 4], want [2 3] for input shape [2 3 5]")
	})
	t.Run("without a merge mode there are two outputs", func(t *testing.T) {
		b := NewBidirectional(NewLSTM(4))
		b.MergeMode = MergeNone
		_, err := b.Call(x)
		require.EqualError(t, err, "layers: bidirectional: the layer has two outputs: call ForwardAll")
	})
	t.Run("TimeDistributed needs a sequence and a layer", func(t *testing.T) {
		_, err := (&TimeDistributed{Layer: NewDense(3)}).Call(tensor.New[float32](2, 3))
		require.EqualError(t, err, "layers: time_distributed: input shape [2 3], want rank 3 or more")
		_, err = new(TimeDistributed).Call(x)
		require.EqualError(t, err, "layers: time_distributed: no wrapped layer")
	})
}

func TestRecurrentOfNothing(t *testing.T) {
	for name, layer := range recurrentLayers(true, true) {
		for _, shape := range []tensor.Shape{{0, 3, 5}, {2, 0, 5}} {
			t.Run(fmt.Sprint(name, shape), func(t *testing.T) {
				y, err := layer.Call(tensor.New[float32](shape...))
				require.NoError(t, err)
				require.Equal(t, tensor.Shape{shape[0], shape[1], 4}, y.Shape())
			})
		}
	}
	l := NewConvLSTM(2, 1)
	y, err := l.Call(tensor.New[float32](0, 2, 4, 3))
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{0, 4, 2}, y.Shape())
}

func TestRecurrentConfig(t *testing.T) {
	t.Run("TF 2.0's Keras does not write a backward layer that is a copy", func(t *testing.T) {
		layer, err := kerasLibrary{}.Make("Bidirectional", json.RawMessage(`{"name": "b", "merge_mode": null, "layer": {"class_name": "GRU", "config": {"units": 3, "time_major": false, "implementation": 2}}}`))
		require.NoError(t, err)
		b := layer.(*Bidirectional)
		require.True(t, b.BackwardLayer.(*GRU).GoBackwards)
		require.Equal(t, MergeNone, b.MergeMode)
	})
	for _, tt := range []struct{ name, class, config, want string }{
		{"time as the first axis", "LSTM", `{"units": 3, "time_major": true}`, "layers: LSTM: config: time_major is not supported: the first axis must be the batch"},
		{"a layer for a cell", "RNN", `{"cell": {"class_name": "Dense", "config": {}}}`, `layers: RNN: config: option "cell" is a "Dense", want a cell`},
		{"a layer in a stack", "StackedRNNCells", `{"cells": [{"class_name": "Dense", "config": {}}]}`, `layers: StackedRNNCells: config: cell 0 is a "Dense", want a cell`},
		{
			"both directions of Dense", "Bidirectional", `{"layer": {"class_name": "Dense", "config": {}}}`,
			`layers: Bidirectional: config: option "layer" is a "Dense", want a recurrent layer`,
		},
		{"another merge", "Bidirectional", `{"merge_mode": "max"}`, `layers: Bidirectional: config: merge mode "max" is not one of [concat sum mul ave None]`},
		{"no layer in TimeDistributed", "TimeDistributed", `{}`, `layers: TimeDistributed: config: option "layer" is a "", want a layer of one input`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kerasLibrary{}.Make(tt.class, json.RawMessage(tt.config))
			require.EqualError(t, err, tt.want)
		})
	}
}

func ExampleLSTM() {
	// This is an LSTM with one unit, over two steps. A checkpoint would set its weights.
	l := LSTM{ReturnSequences: true, ReturnState: true}
	l.Cell.Kernel = *tensor.New[float32](1, 4)
	l.Cell.RecurrentKernel = *tensor.New[float32](1, 4)
	copy(l.Cell.Kernel.Data(), []float32{100, 100, 100, 100}) // every gate opens if the input is positive

	x, _ := tensor.FromSlice([]float32{1, 1}, 1, 2, 1)
	ys, err := l.ForwardAll(nil, []*Tensor{x}) // output, and the states: output and carry
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ys[0].Shape(), ys[2].Data())

	ys, err = l.ForwardAll(nil, []*Tensor{x, ys[1], ys[2]}) // continues from these states
	fmt.Println(ys[2].Data(), err)
	// Output:
	// [1 2 1] [2]
	// [4] <nil>
}

func ExampleNewBidirectional() {
	b := NewBidirectional(NewGRU(3))
	x, _ := tensor.FromSlice(make([]float32, 2*5*4), 2, 5, 4)
	y, err := b.Call(x)
	fmt.Println(y.Shape(), err)
	// Output: [2 6] <nil>
}

func BenchmarkRecurrent(b *testing.B) {
	for _, size := range []struct{ batch, steps, inputs, units int }{{1, 20, 16, 16}, {1, 50, 128, 128}, {32, 50, 128, 128}, {1, 50, 256, 512}} {
		for name, layer := range map[string]Layer{"LSTM": NewLSTM(size.units), "GRU": NewGRU(size.units), "Bidirectional": NewBidirectional(NewLSTM(size.units))} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d→%d", name, size.batch, size.steps, size.inputs, size.units), func(b *testing.B) {
				benchmarkLayer(b, layer, size.batch, size.steps, size.inputs)
			})
		}
	}
	b.Run("ConvLSTM/2x10x30x30x8→16", func(b *testing.B) {
		benchmarkLayer(b, NewConvLSTM(16, 3, 3), 2, 10, 30, 30, 8)
	})
}

func benchmarkLayer(b *testing.B, layer Layer, shape ...int) {
	b.Helper()
	x := random(b, 1, shape...)
	c := &Context{Workspace: new(Workspace)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := layer.Forward(c, x); err != nil {
			b.Fatal(err)
		}
	}
}
