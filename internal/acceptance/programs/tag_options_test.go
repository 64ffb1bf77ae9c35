package programs

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestTagOptions(t *testing.T) {
	t.Run("alias: another name is accepted if the first is missing", func(t *testing.T) {
		type model struct {
			Table ckpttest.Variable `ckpt:"table,alias=embeddings,alias=_embeddings"`
		}
		for _, name := range []string{"table", "embeddings", "_embeddings"} {
			m := &model{ckpttest.Scalar(0)}
			require.NoError(t, ckpttest.Read(t, ckpttest.New(t, m), ckpttest.Written(t, ckpttest.NodeOf(name, ckpttest.Scalar(1)))).AssertConsumed(), name)
			require.EqualValues(t, 1, ckpttest.Value(m.Table), name)
		}
		m := &model{ckpttest.Scalar(0)}
		ckpttest.Read(t, ckpttest.New(t, m), ckpttest.Written(t, ckpttest.NodeOf("embeddings", ckpttest.Scalar(1), "table", ckpttest.Scalar(2))))
		require.EqualValues(t, 2, ckpttest.Value(m.Table), "the name takes precedence over aliases, in any order in the checkpoint")
		require.Equal(t, []string{"table/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, ckpttest.Written(t, m)), "saving uses the name")
	})
	t.Run("optional: a missing value is accepted, an existing one is used", func(t *testing.T) {
		type head struct{ W, B ckpttest.Variable }
		type model struct {
			V     ckpttest.Variable
			Extra ckpttest.Variable `ckpt:"extra,optional"`
			Head  *head             `ckpt:"head,optional"`
		}
		build := func() *model {
			return &model{ckpttest.Scalar(0), ckpttest.Scalar(0), &head{ckpttest.Scalar(0), ckpttest.Scalar(0)}}
		}
		bare := ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1)))
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, build()), bare).Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
		require.NoError(t, ckpt.LoadWeights(ctx, bare, build(), ckpt.Strict()))
		full := build()
		require.NoError(t, ckpt.LoadWeights(ctx, ckpttest.Written(t, &model{ckpttest.Scalar(1), ckpttest.Scalar(2), &head{ckpttest.Scalar(3), ckpttest.Scalar(4)}}), full, ckpt.Strict()))
		require.Equal(t, &model{ckpttest.Scalar(1), ckpttest.Scalar(2), &head{ckpttest.Scalar(3), ckpttest.Scalar(4)}}, full)
		half := ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1), "head", ckpttest.NodeOf("w", ckpttest.Scalar(2))))
		require.ErrorContains(t, ckpt.LoadWeights(ctx, half, build()), "head.b: missing", "an object in the checkpoint must be complete")
		require.Error(t, ckpttest.Read(t, ckpttest.New(t, build()), half).AssertExistingObjectsMatched())
	})
	t.Run("cast: values are converted from the stored dtype if all fit", func(t *testing.T) {
		type model struct {
			F tensor.Tensor[float64]   `ckpt:"f,cast"`
			H []tensor.BFloat16        `ckpt:"h,cast"`
			N int32                    `ckpt:"n,cast"`
			U [][]uint8                `ckpt:"u,cast,alloc"`
			L []tensor.Tensor[float64] `ckpt:"l,cast"`
			S string                   `ckpt:"s,cast"`
		}
		path := ckpttest.Written(t, ckpttest.NodeOf("f", ckpttest.Vector(0.5, 2), "h", ckpttest.Vector(1, 3), "n", tensor.Scalar(int64(-7)), "u", ckpttest.Must(tensor.FromSlice([]int64{0, 255}, 1, 2)),
			"l", []ckpttest.Variable{ckpttest.Vector(4)}, "s", tensor.Scalar("text")))
		m := &model{H: make([]tensor.BFloat16, 2), L: make([]tensor.Tensor[float64], 1)}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, m), path).AssertConsumed())
		require.Equal(t, []float64{0.5, 2}, m.F.Data())
		require.Equal(t, []tensor.BFloat16{tensor.BFloat16FromFloat32(1), tensor.BFloat16FromFloat32(3)}, m.H)
		require.EqualValues(t, -7, m.N)
		require.Equal(t, [][]uint8{{0, 255}}, m.U)
		require.Equal(t, []float64{4}, m.L[0].Data())
	})
	t.Run("cast: a value that does not fit or has another kind fails the restore", func(t *testing.T) {
		type model struct {
			N int8 `ckpt:"n,cast"`
			V ckpttest.Variable
		}
		m := &model{N: 1, V: ckpttest.Scalar(0)}
		err := func() error {
			_, err := ckpttest.New(t, m).Read(ctx, ckpttest.Written(t, ckpttest.NodeOf("n", tensor.Scalar(int64(300)), "v", ckpttest.Scalar(1))))
			return err
		}()
		require.ErrorContains(t, err, "n (N)")
		require.ErrorContains(t, err, "300")
		require.EqualValues(t, 1, m.N)
		_, err = ckpttest.New(t, m).Read(ctx, ckpttest.Written(t, ckpttest.NodeOf("n", ckpttest.Scalar(1), "v", ckpttest.Scalar(1))))
		var wrong *ckpt.ValueError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, "dtype float32 in the checkpoint, int8 in the model", wrong.Problem, "the error does not suggest an option that is already set")
	})
	t.Run("inline: the edges become the parent's", func(t *testing.T) {
		type parts struct{ A, B ckpttest.Variable }
		type model struct {
			Parts parts  `ckpt:",inline"`
			More  *parts `ckpt:"more"`
		}
		path := ckpttest.Written(t, &model{parts{ckpttest.Scalar(1), ckpttest.Scalar(2)}, nil})
		require.Equal(t, "0 a:1 b:2 root:0", ckpttest.GraphOf(t, path)[0])
	})
	t.Run("shape: a flat slice has a shape for TensorFlow", func(t *testing.T) {
		type model struct {
			Kernel []float32 `ckpt:"kernel,shape=2x3"`
		}
		kernel := ckpttest.Must(tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
		ckpttest.RequireSameFiles(t, ckpttest.Written(t, &model{kernel.Data()}), ckpttest.Written(t, ckpttest.NodeOf("kernel", kernel)))
	})
}
