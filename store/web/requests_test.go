package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/web"
	"github.com/gockpt/ckpt/tensor"
)

// Loading a file of any format transfers at most 1.1 times the bytes of its tensors. The number of requests
// does not grow with the number of tensors. NumPy's archives are an exception, because the shape of each
// array is in front of its values.
func TestRequests(t *testing.T) {
	type layer struct{ Kernel, Bias tensor.Tensor[float32] }
	type model struct{ Layers []layer }
	ctx, m := t.Context(), store.Memory()
	f := &files{contents: map[string][]byte{}}
	base := serve(t, f)
	const layers = 50
	saved, size := model{make([]layer, layers)}, int64(0)
	for i := range saved.Layers {
		saved.Layers[i] = layer{*tensor.New[float32](100, 100), *tensor.New[float32](100)}
		saved.Layers[i].Bias.Data()[i] = float32(i)
		size += 4 * (100*100 + 100)
	}
	for path, most := range map[string]int64{"w": 10, "m.safetensors": 20, "m.weights.h5": 40, "m.npz": 2*layers + 20} {
		t.Run(path, func(t *testing.T) {
			require.NoError(t, ckpt.SaveWeights(ctx, path, &saved, ckpt.In(m)))
			for o := range m.List(ctx, "") {
				f.contents[o.Name], _, _ = store.ReadAll(ctx, m, o.Name, 1<<30)
			}
			f.requests.Store(0)
			f.sent.Store(0)
			got := model{make([]layer, layers)}
			require.NoError(t, ckpt.LoadWeights(ctx, path, &got, ckpt.In(open(t, base, web.Options{}))))
			for i, l := range got.Layers {
				require.EqualValues(t, i, l.Bias.Data()[i])
			}
			const tables = 40_000 // bytes of names and shapes
			require.LessOrEqual(t, f.sent.Load(), (size+tables)*11/10)
			require.LessOrEqual(t, f.requests.Load(), most)
		})
	}
}
