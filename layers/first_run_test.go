package layers

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// TestFirstRunsAtOnce is for the race detector. Many goroutines run a model that is not built.
func TestFirstRunsAtOnce(t *testing.T) {
	m, err := FromKeras(strings.NewReader(`{"class_name": "Sequential", "config": {"name": "s", "layers": [
		{"class_name": "InputLayer", "config": {"batch_shape": [null, 6, 6, 4], "name": "in"}},
		{"class_name": "Conv2D", "config": {"filters": 5, "kernel_size": [3, 3], "name": "c", "activation": "gelu"}},
		{"class_name": "BatchNormalization", "config": {"name": "b"}},
		{"class_name": "DepthwiseConv2D", "config": {"kernel_size": [3, 3], "name": "d"}},
		{"class_name": "Reshape", "config": {"target_shape": [4, 5], "name": "r"}},
		{"class_name": "LSTM", "config": {"units": 7, "return_sequences": true, "name": "l"}},
		{"class_name": "GRU", "config": {"units": 6, "name": "g"}},
		{"class_name": "Dense", "config": {"units": 3, "activation": "softmax", "name": "e"}}]}}`))
	require.NoError(t, err)
	x := tensor.New[float32](2, 6, 6, 4)
	for i := range x.Data() {
		x.Data()[i] = float32(i%13) - 6
	}
	ys := make([]*Tensor, 8)
	var wg sync.WaitGroup
	for i := range ys {
		wg.Go(func() {
			y, err := m.Call(x)
			if err != nil {
				t.Error(err)
				return
			}
			ys[i] = y
		})
	}
	wg.Wait()
	for _, y := range ys[1:] {
		require.Equal(t, ys[0], y)
	}
}

// The number of goroutines that a layer uses does not change its results.
func TestResultsDoNotDependOnThreads(t *testing.T) {
	x := tensor.New[float32](3, 70, 96)
	for i := range x.Data() {
		x.Data()[i] = float32(i%29)/7 - 2
	}
	attention := NewMultiHeadAttention(4, 24)
	for name, call := range map[string]func() (*Tensor, error){
		"dense":     func() (*Tensor, error) { return (&Dense{Units: 500, Activation: activation.GELU()}).Call(x) },
		"softmax":   func() (*Tensor, error) { return (&Dense{Units: 500, Activation: activation.Softmax()}).Call(x) },
		"conv":      func() (*Tensor, error) { return (&Conv1D{Filters: 130, KernelSize: []int{5}}).Call(x) },
		"lstm":      func() (*Tensor, error) { return NewLSTM(130).Call(x) },
		"gru":       func() (*Tensor, error) { return NewGRU(130).Call(x) },
		"attention": func() (*Tensor, error) { return attention.Call(x, x) },
	} {
		before := runtime.GOMAXPROCS(1)
		want, err := call()
		require.NoError(t, err)
		for _, n := range []int{2, 3, 7} {
			runtime.GOMAXPROCS(n)
			got, err := call()
			require.NoError(t, err)
			require.Equal(t, want, got, "%s with %d", name, n)
		}
		runtime.GOMAXPROCS(before)
	}
}
