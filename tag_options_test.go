package ckpt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestTagOptions(t *testing.T) {
	t.Run("alias: another name is accepted where the first is not there", func(t *testing.T) {
		type model struct {
			Table variable `ckpt:"table,alias=embeddings,alias=_embeddings"`
		}
		for _, name := range []string{"table", "embeddings", "_embeddings"} {
			m := &model{scalar(0)}
			require.NoError(t, mustRead(t, mustNew(t, m), written(t, groupOf(name, scalar(1)))).AssertConsumed(), name)
			require.EqualValues(t, 1, value0(m.Table), name)
		}
		m := &model{scalar(0)}
		mustRead(t, mustNew(t, m), written(t, groupOf("embeddings", scalar(1), "table", scalar(2))))
		require.EqualValues(t, 2, value0(m.Table), "the name itself comes first, whatever the order in the checkpoint")
		require.Equal(t, []string{"table/.ATTRIBUTES/VARIABLE_VALUE"}, keysOf(t, written(t, m)), "saving uses the name")
	})
	t.Run("optional: its absence is no mismatch, its presence is used", func(t *testing.T) {
		type head struct{ W, B variable }
		type model struct {
			V     variable
			Extra variable `ckpt:"extra,optional"`
			Head  *head    `ckpt:"head,optional"`
		}
		build := func() *model { return &model{scalar(0), scalar(0), &head{scalar(0), scalar(0)}} }
		bare := written(t, groupOf("v", scalar(1)))
		require.NoError(t, mustRead(t, mustNew(t, build()), bare).Assert(Consumed, ExistingObjectsMatched))
		require.NoError(t, LoadWeights(ctx, bare, build(), Strict()))
		full := build()
		require.NoError(t, LoadWeights(ctx, written(t, &model{scalar(1), scalar(2), &head{scalar(3), scalar(4)}}), full, Strict()))
		require.Equal(t, &model{scalar(1), scalar(2), &head{scalar(3), scalar(4)}}, full)
		half := written(t, groupOf("v", scalar(1), "head", groupOf("w", scalar(2))))
		require.ErrorContains(t, LoadWeights(ctx, half, build()), "head.b: missing", "what is there must be whole")
		require.Error(t, mustRead(t, mustNew(t, build()), half).AssertExistingObjectsMatched())
	})
	t.Run("cast: values are converted from the stored dtype where each fits", func(t *testing.T) {
		type model struct {
			F tensor.Tensor[float64]   `ckpt:"f,cast"`
			H []tensor.BFloat16        `ckpt:"h,cast"`
			N int32                    `ckpt:"n,cast"`
			U [][]uint8                `ckpt:"u,cast,alloc"`
			L []tensor.Tensor[float64] `ckpt:"l,cast"`
			S string                   `ckpt:"s,cast"`
		}
		path := written(t, groupOf("f", f32(0.5, 2), "h", f32(1, 3), "n", tensor.Scalar(int64(-7)), "u", must(tensor.FromSlice([]int64{0, 255}, 1, 2)),
			"l", []variable{f32(4)}, "s", tensor.Scalar("text")))
		m := &model{H: make([]tensor.BFloat16, 2), L: make([]tensor.Tensor[float64], 1)}
		require.NoError(t, mustRead(t, mustNew(t, m), path).AssertConsumed())
		require.Equal(t, []float64{0.5, 2}, m.F.Data())
		require.Equal(t, []tensor.BFloat16{tensor.BFloat16FromFloat32(1), tensor.BFloat16FromFloat32(3)}, m.H)
		require.EqualValues(t, -7, m.N)
		require.Equal(t, [][]uint8{{0, 255}}, m.U)
		require.Equal(t, []float64{4}, m.L[0].Data())
	})
	t.Run("cast: a value that does not fit fails the restore, one of another kind is refused", func(t *testing.T) {
		type model struct {
			N int8 `ckpt:"n,cast"`
			V variable
		}
		m := &model{N: 1, V: scalar(0)}
		err := func() error {
			_, err := mustNew(t, m).Read(ctx, written(t, groupOf("n", tensor.Scalar(int64(300)), "v", scalar(1))))
			return err
		}()
		require.ErrorContains(t, err, "n (N)")
		require.ErrorContains(t, err, "300")
		require.EqualValues(t, 1, m.N)
		_, err = mustNew(t, m).Read(ctx, written(t, groupOf("n", scalar(1), "v", scalar(1))))
		var wrong *ValueError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, "dtype float32 in the checkpoint, int8 in the model", wrong.Problem, "there is no hint at what is asked for already")
	})
	t.Run("inline: the edges are the parent's own", func(t *testing.T) {
		type parts struct{ A, B variable }
		type model struct {
			Parts parts  `ckpt:",inline"`
			More  *parts `ckpt:"more"`
		}
		path := written(t, &model{parts{scalar(1), scalar(2)}, nil})
		require.Equal(t, "0 a:1 b:2 root:0", graphOf(t, path)[0])
	})
	t.Run("shape: a flat slice has the shape that TensorFlow knows", func(t *testing.T) {
		type model struct {
			Kernel []float32 `ckpt:"kernel,shape=2x3"`
		}
		kernel := must(tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
		requireSameFiles(t, written(t, &model{kernel.Data()}), written(t, groupOf("kernel", kernel)))
	})
}
