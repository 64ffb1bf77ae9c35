package layers

import (
	"sync"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// TestFirstCallsAtOnce runs the first calls of one layer on many goroutines, for each class in the golden files, without weights.
// The results equal those of another layer that was called alone. The race detector makes this test stronger.
func TestFirstCallsAtOnce(t *testing.T) {
	made := make(map[string]bool)
	eachGolden(t, func(c *goldenCase, family string) bool {
		return len(c.Weights) > 0 && (!made[c.Class] || family == "model")
	}, func(t *testing.T, c *goldenCase, call goldenCall, inputs []*Tensor) {
		alone, err := kerasLibrary{}.Make(c.Class, c.Config)
		require.NoError(t, err)
		shared, err := kerasLibrary{}.Make(c.Class, c.Config)
		require.NoError(t, err)
		want, err := call(t, c, alone, new(Context), inputs)
		if err != nil { // weights that a call does not make, such as those of LoRA or of a policy
			require.ErrorIs(t, err, ErrNotBuilt)
			return
		}
		made[c.Class] = true
		got := make([][]*Tensor, 8)
		atOnce(len(got), func(i int) {
			var err error
			if got[i], err = call(t, c, shared, new(Context), inputs); err != nil {
				t.Error(err)
			}
		})
		for _, ys := range got {
			require.Len(t, ys, len(want))
			for i, y := range ys {
				require.Empty(t, differs(want[i], y, 0, 0))
			}
		}
	})
	require.Greater(t, len(made), 30)
}

// atOnce calls f for 0 to n-1, each on another goroutine, and waits.
func atOnce(n int, f func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// First calls that fail make no weights. Other calls at the same time still make the weights.
func TestFirstCallsThatFail(t *testing.T) {
	d, x := NewDense(3), tensor.New[float32](2, 4)
	errs := make([]error, 8)
	atOnce(len(errs), func(i int) {
		if i%2 == 0 {
			_, errs[i] = d.Call(tensor.New[float32]())
		} else {
			_, errs[i] = d.Call(x)
		}
	})
	for i, err := range errs {
		if i%2 == 0 {
			var shape *ShapeError
			require.ErrorAs(t, err, &shape)
		} else {
			require.NoError(t, err)
		}
	}
	require.Equal(t, tensor.Shape{4, 3}, d.Kernel.Shape())
}

func TestFirstCallsKeepWeights(t *testing.T) {
	kernel := newTensor(t, []float32{1, 2, 3, 4}, 2, 2)
	d := &Dense{Kernel: *kernel}
	x := newTensor(t, []float32{1, 1}, 1, 2)
	atOnce(8, func(int) {
		y, err := d.Call(x)
		if err != nil {
			t.Error(err)
			return
		}
		if y.Data()[0] != 4 || y.Data()[1] != 6 {
			t.Error("got", y.Data())
		}
	})
	require.False(t, d.Bias.Built())

	d.Kernel, d.Units = Tensor{}, 2 // remove the weights again
	require.NoError(t, d.Build(tensor.Shape{1, 5}))
	require.Equal(t, tensor.Shape{5, 2}, d.Kernel.Shape())
}

// The reversed layer is new, even though it is made from a layer that was called.
func TestFirstCallsOfReversedLayers(t *testing.T) {
	x := tensor.New[float32](1, 3, 2)
	for _, l := range []RecurrentLayer{NewSimpleRNN(2), NewLSTM(2), NewGRU(2), &RNN{Cell: &GRUCell{Units: 2}}} {
		_, err := l.Call(x)
		require.NoError(t, err)
		both := NewBidirectional(l)
		atOnce(8, func(int) {
			if _, err := both.Call(x); err != nil {
				t.Error(err)
			}
		})
	}
}
