package layers

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawnGraph returns the JSON of a model with an input x, [… 4 4 6], and the names of all its layers, which are its outputs. It
// calls layers that a model joins, layers that return their input, and others, on earlier results.
func drawnGraph(t *rapid.T) (description string, names []string) {
	var list, outputs []string
	at := []string{"x"} // the results with the input's shape
	for i := range rapid.IntRange(1, 14).Draw(t, "layers") {
		name := fmt.Sprintf("l%d", i)
		class := rapid.SampledFrom([]string{
			"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense", "BatchNormalization", "ReLU", "Activation", "Add", "LayerNormalization", "Dropout", "Softmax",
			"Reshape", "Conv2DTranspose", "MaxPooling2D", "EinsumDense", "ZeroPadding2D",
		}).Draw(t, "class")
		from := func() string { return tensorJSON(at[max(len(at)-rapid.IntRange(1, 3).Draw(t, "back"), 0)]) }
		input, options := from(), ""
		switch class {
		case "Conv2D":
			options = `, "filters": 6, "padding": "same", "kernel_size": ` + rapid.SampledFrom([]string{"1", "3", "[3, 1]"}).Draw(t, "size")
		case "SeparableConv2D", "Conv2DTranspose":
			options = `, "filters": 6, "padding": "same", "kernel_size": 3`
		case "DepthwiseConv2D":
			options = `, "padding": "same", "kernel_size": 3`
		case "MaxPooling2D":
			options = `, "padding": "same", "pool_size": 3, "strides": 1`
		case "Dense":
			options = `, "units": 6`
		case "EinsumDense":
			options = `, "equation": "abcd,de->abce", "output_shape": [null, null, 6], "bias_axes": "e", "activation": "gelu"`
		case "Activation":
			options = `, "activation": ` + rapid.SampledFrom([]string{`"tanh"`, `"softmax"`, `"relu6"`}).Draw(t, "activation")
		case "Dropout":
			options = `, "rate": 0.5`
		case "Reshape":
			options = `, "target_shape": [4, 4, 6]`
		case "ZeroPadding2D": // followed by a layer that restores the shape
			padded := "p" + name
			padding, size := rapid.SampledFrom([]string{"[[1, 1], [1, 1]]", "[[0, 2], [2, 0]]", "[[2, 0], [1, 1]]"}).Draw(t, "padding"), "3"
			list, outputs, names = append(list, layerJSON(class, padded, `, "padding": `+padding, input)), append(outputs, fmt.Sprintf(`[%q, 0, 0]`, padded)), append(names, padded)
			input, class = tensorJSON(padded), rapid.SampledFrom([]string{"Conv2D", "DepthwiseConv2D"}).Draw(t, "behind")
			options = `, "filters": 6, "kernel_size": ` + size
			if class == "DepthwiseConv2D" {
				options = `, "activation": "relu", "kernel_size": ` + size
			}
		case "Add":
			input = "[" + input + "," + from() + "]"
		}
		list, outputs = append(list, layerJSON(class, name, options, input)), append(outputs, fmt.Sprintf(`[%q, 0, 0]`, name))
		at, names = append(at, name), append(names, name)
	}
	return strings.ReplaceAll(functional(strings.Join(list, ""), "["+strings.Join(outputs, ",")+"]"), "[null, 3]", "[null, 4, 4, 6]"), names
}

// vary gives all weights different values, so that the test notices a layer that confuses them.
func vary(m *Model) {
	for _, w := range builtTensors(reflect.ValueOf(m.Operations)) {
		for i := range w.Data() {
			w.Data()[i] += 0.1 * float32(math.Abs(math.Sin(float64(3*i+len(w.Data())))))
		}
	}
}

// If all results of a model are outputs, it does not reuse memory or join calls. Its results must be the same.
func TestRunsUseMemoryAgain(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		description, names := drawnGraph(r)
		m, err := FromKeras(strings.NewReader(description))
		require.NoError(r, err)
		x := random(t, 1, 2, 4, 4, 6)
		_, err = m.Run(nil, x)
		require.NoError(r, err)
		vary(m)
		outputs := map[string]bool{names[len(names)-1]: true}
		for range rapid.IntRange(0, 2).Draw(r, "more outputs") {
			outputs[rapid.SampledFrom(names).Draw(r, "output")] = true
		}
		some := slices.Sorted(maps.Keys(outputs))
		tapped, err := m.Tap(some...)
		require.NoError(r, err)
		want, err := m.Run(nil, x)
		require.NoError(r, err)

		c := &Context{Workspace: new(Workspace)}
		var got [][]tensor.Any
		for range 3 {
			ys, err := tapped.Run(c, x)
			require.NoError(r, err)
			got = append(got, ys)
		}
		require.Equal(r, got[0], got[1])
		require.Equal(r, got[0], got[2], "a later run does not change earlier results")
		for _, ys := range got[:2] {
			for _, y := range ys {
				copy(y.(*Tensor).Data(), notANumber(y.Len()))
				c.Workspace.Reuse(y.(*Tensor))
			}
		}
		again, err := tapped.Run(c, x)
		require.NoError(r, err)
		require.Equal(r, got[2], again, "the results are in the given memory")
		for i, name := range some {
			requireClose(t, want[slices.Index(names, name)].(*Tensor), got[2][i].(*Tensor))
		}
		require.Equal(r, random(t, 1, 2, 4, 4, 6), x, "the input does not change")
	})
}

// deepModel returns a built model with many results. Each result has size values per example.
func deepModel(t testing.TB, size int) *Model {
	t.Helper()
	var list []string
	last := "x"
	for i := range 12 {
		conv, norm, act, sum := fmt.Sprintf("c%d", i), fmt.Sprintf("n%d", i), fmt.Sprintf("a%d", i), fmt.Sprintf("s%d", i)
		list = append(list, layerJSON("Conv2D", conv, `, "filters": 8, "kernel_size": 3, "padding": "same"`, tensorJSON(last)),
			layerJSON("BatchNormalization", norm, "", tensorJSON(conv)), layerJSON("ReLU", act, `, "max_value": 6`, tensorJSON(norm)),
			layerJSON("Add", sum, "", "["+tensorJSON(act)+","+tensorJSON(last)+"]"))
		last = sum
	}
	list = append(list, layerJSON("GlobalAveragePooling2D", "end", "", tensorJSON(last)))
	m, err := FromKeras(strings.NewReader(strings.ReplaceAll(functional(strings.Join(list, ""), `["end", 0, 0]`), "[null, 3]", fmt.Sprintf("[null, %d, 8, 8]", size/64))))
	require.NoError(t, err)
	_, err = m.Call(tensor.New[float32](1, size/64, 8, 8))
	require.NoError(t, err)
	vary(m)
	return m
}

// A run writes its results into memory that the caller gives it.
func TestReuse(t *testing.T) {
	m, err := FromKeras(strings.NewReader(functional(layerJSON("Dense", "d", `, "units": 7`, tensorJSON("x")), `["d", 0, 0]`)))
	require.NoError(t, err)
	c, x := &Context{Workspace: new(Workspace)}, random(t, 1, 5, 3)
	first, err := m.Forward(c, x)
	require.NoError(t, err)
	want, at := first.Clone(), &first.Data()[0]
	c.Workspace.Reuse(first, first)
	second, err := m.Forward(c, x)
	require.NoError(t, err)
	third, err := m.Forward(c, x)
	require.NoError(t, err)
	require.Same(t, at, &second.Data()[0])
	require.NotSame(t, at, &third.Data()[0], "each given tensor is used once")
	require.Equal(t, want, second)
	require.Equal(t, want, third)
}

// A run needs memory only for the results that exist at the same time. If its Workspace has that memory, it allocates only the outputs.
func TestMemoryOfRuns(t *testing.T) {
	const size = 1 << 16
	m := deepModel(t, size)
	x := random(t, 2, 1, size/64, 8, 8)
	allocated := func(c *Context) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := m.Forward(c, x)
		require.NoError(t, err)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	c := &Context{Workspace: new(Workspace)}
	require.Less(t, allocated(c), uint64(6*4*size), "24 results, three of them in use at a time")
	require.Less(t, allocated(c), uint64(4*size/2), "the second time")
}

// Inference does not change a bit of the weights.
func TestRunsLeaveWeights(t *testing.T) {
	m := deepModel(t, 64)
	var before [][]float32
	weights := builtTensors(reflect.ValueOf(m.Operations))
	require.Len(t, weights, 12*6)
	for _, w := range weights {
		before = append(before, slices.Clone(w.Data()))
	}
	for range 3 {
		_, err := m.Call(random(t, 3, 2, 1, 8, 8))
		require.NoError(t, err)
	}
	for i, w := range weights {
		require.Equal(t, before[i], w.Data())
	}
	require.Equal(t, weights, builtTensors(reflect.ValueOf(m.Operations)))
}

// A run reads the current weights: new weights take effect at once.
func TestRunsReadNewWeights(t *testing.T) {
	m := deepModel(t, 64)
	x := random(t, 3, 1, 1, 8, 8)
	one, err := m.Call(x)
	require.NoError(t, err)
	vary(m)
	other, err := m.Call(x)
	require.NoError(t, err)
	require.NotEqual(t, one, other)
	layer := m.Layer("n3").(*BatchNormalization)
	layer.MovingVariance.Data()[0] = 50
	third, err := m.Call(x)
	require.NoError(t, err)
	require.NotEqual(t, other, third)
}

// TestRunsAtOnce also serves the race detector: goroutines run one model, each with its own Workspace or without one.
func TestRunsAtOnce(t *testing.T) {
	m := deepModel(t, 1<<12)
	var want, got [12]*Tensor
	for i := range want {
		y, err := m.Call(random(t, uint64(i), 1, 64, 8, 8))
		require.NoError(t, err)
		want[i] = y
	}
	var wg sync.WaitGroup
	for first := range 4 {
		wg.Go(func() {
			var c *Context
			if first > 1 {
				c = &Context{Workspace: new(Workspace)}
			}
			for i := first; i < len(got); i += 4 {
				y, err := m.Forward(c, random(t, uint64(i), 1, 64, 8, 8))
				if err != nil {
					t.Error(err)
					return
				}
				got[i] = y
			}
		})
	}
	wg.Wait()
	require.Equal(t, want, got)
}

// A keeper is a user's layer that keeps its inputs and the results of the layers that it calls.
type keeper struct {
	Inner Dense `ckpt:"inner"`
	seen  []*Tensor
}

func (k *keeper) Call(x *Tensor) (*Tensor, error) { return k.Forward(nil, x) }

func (k *keeper) Forward(c *Context, x *Tensor) (*Tensor, error) {
	y, err := k.Inner.Forward(c, x)
	k.seen = append(k.seen, x, y)
	return y, err
}

func TestCustomLayersMayKeepTensors(t *testing.T) {
	kept := &keeper{Inner: Dense{Units: 3, Kernel: *random(t, 5, 3, 3)}}
	list := layerJSON("Dense", "a", `, "units": 3`, tensorJSON("x")) + layerJSON("Reshape", "b", `, "target_shape": [3]`, tensorJSON("a")) +
		layerJSON("Keeper", "k", "", tensorJSON("b")) + layerJSON("Dense", "c", `, "units": 3`, tensorJSON("k")) +
		layerJSON("Dense", "d", `, "units": 3`, tensorJSON("c")) + layerJSON("Dense", "e", `, "units": 3`, tensorJSON("d"))
	m, err := FromKeras(strings.NewReader(functional(list, `["e", 0, 0]`)), WithLayer("Keeper", func(json.RawMessage) (any, error) { return kept, nil }))
	require.NoError(t, err)
	c := &Context{Workspace: new(Workspace)}
	var at []*Tensor
	for i := range uint64(4) {
		_, err := m.Forward(c, random(t, i, 2, 3))
		require.NoError(t, err)
		for _, x := range kept.seen[len(at):] {
			at = append(at, x.Clone())
		}
	}
	require.Equal(t, at, kept.seen)
}
