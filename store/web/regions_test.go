package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/web"
	"github.com/gockpt/ckpt/tensor"
)

// Reading a region of a tensor, in a file of any format, transfers at most 1.1 times the region's bytes in
// addition to the names and shapes in the file.
func TestRegions(t *testing.T) {
	type model struct{ Kernel, Other tensor.Tensor[float32] }
	ctx, m := t.Context(), store.Memory()
	saved := model{*tensor.New[float32](800, 2500), *tensor.New[float32](1000, 500)}
	for i := range saved.Kernel.Data() {
		saved.Kernel.Data()[i] = float32(i)
	}
	f := &files{contents: map[string][]byte{}}
	base := serve(t, f)
	for path, key := range map[string]string{"w": "kernel/.ATTRIBUTES/VARIABLE_VALUE", "m.safetensors": "kernel", "m.weights.h5": "vars/0", "m.npz": "kernel"} {
		t.Run(path, func(t *testing.T) {
			require.NoError(t, ckpt.SaveWeights(ctx, path, &saved, ckpt.In(m)))
			for o := range m.List(ctx, "") {
				f.contents[o.Name], _, _ = store.ReadAll(ctx, m, o.Name, 1<<30)
			}
			for name, region := range map[string]tensor.Slice{
				"rows":    {{Start: 300, Length: 50}, {Length: 2500}},
				"columns": {{Length: 800}, {Start: 1000, Length: 500}},
				"block":   {{Start: 100, Length: 200}, {Start: 2000, Length: 400}},
				"element": {{Start: 799, Length: 1}, {Start: 2499, Length: 1}},
			} {
				r, err := ckpt.Open(path, ckpt.In(open(t, base, web.Options{})))
				require.NoError(t, err)
				opened := f.sent.Load()
				f.requests.Store(0)
				part, err := r.Slice(ctx, key, region)
				require.NoError(t, err)
				got := part.(*tensor.Tensor[float32])
				require.Equal(t, float32(region[0].Start*2500+region[1].Start), got.Data()[0])
				last := (region[0].Start+region[0].Length-1)*2500 + region[1].Start + region[1].Length - 1
				require.Equal(t, float32(last), got.Data()[got.Len()-1])
				sent, asked := f.sent.Load()-opened, int64(4*got.Len())
				t.Logf("%s: %d bytes in %d requests for %d", name, sent, f.requests.Load(), asked)
				const tables = 2 << 10 // bytes of names and shapes that Open does not read, and of neighbouring elements
				require.LessOrEqual(t, sent, asked*11/10+tables, name)
				require.LessOrEqual(t, f.requests.Load(), int64(1024+10), name)
				require.NoError(t, r.Close())
			}
		})
	}
}
