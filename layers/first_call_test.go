package layers

import (
	"sync"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// TestFirstCallsAtOnce says more under the race detector: goroutines make the first calls of one layer of each class that the golden files
// have, without weights, and get what another layer gives that was called alone.
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
		if err != nil { // weights that no call makes, such as those of LoRA or of a policy
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

// atOnce calls f for 0 to n-1, each on a goroutine of its own, and waits.
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

// First calls that fail make no weights, and leave those that come at once with them to make theirs.
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

	d.Kernel, d.Units = Tensor{}, 2 // taken out again
	require.NoError(t, d.Build(tensor.Shape{1, 5}))
	require.Equal(t, tensor.Shape{5, 2}, d.Kernel.Shape())
}

// The layer that goes the other way is new, though it is made of one that was called.
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
