package matching

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// The error of a load suggests the names that were probably meant.
func TestHints(t *testing.T) {
	type w = tensor.Tensor[float32]
	type pair struct{ Kernel, Bias w }
	stored := ckpttest.Written(t, ckpt.Group{"model": ckpttest.NodeOf(
		"encoder", ckpttest.NodeOf("kernel", ckpttest.Vector(1), "bias", ckpttest.Vector(2)),
		"blocks", []any{ckpttest.NodeOf("kernel", ckpttest.Vector(1), "bias", ckpttest.Vector(2)), ckpttest.NodeOf("kernel", ckpttest.Vector(1), "bias", ckpttest.Vector(2))},
		"output", ckpttest.NodeOf("kernel", ckpttest.Vector(1), "bias", ckpttest.Vector(2))), "step": ckpttest.Scalar(1)})
	for _, c := range []struct {
		name  string
		model any
		at    string
		hint  string
	}{
		{"one of many names is wrong", new(struct {
			Encodr pair
			Output pair
		}), "model", `for encodr (Encodr) the checkpoint has "encoder"`},
		{"the Go path", new(struct {
			Encoder struct {
				K w `ckpt:"kernl"`
				B w `ckpt:"bias"`
			}
		}), "model", `for encoder.kernl (Encoder.K) the checkpoint has "kernel": an alias in the tag would match it`},
		{"in a list", new(struct{ Blocks [2]struct{ Kernels, Bias w } }), "model", `for blocks.0.kernels (Blocks[0].Kernels) the checkpoint has "kernel"`},
		{"no similar name", new(struct {
			Encoder    pair
			Prediction pair
		}), "model", `next to prediction (Prediction) the checkpoint has "blocks", "output", which match no field of the model`},
		{"a level is missing", new(struct{ Encoder, Output pair }), "", `the checkpoint has the names of the model's fields in "model": At("model") starts there`},
		{"two levels are missing", new(pair), "", `At("model/encoder") starts there`},
		{"a level is missing below At", new(pair), "model", `At("model/encoder") starts there`},
		{"an additional level", new(struct {
			Net struct{ Encoder, Output pair }
		}), "model", "the fields of Net without a level above them"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorContains(t, ckpt.LoadWeights(ctx, stored, c.model, ckpt.At(c.at)), c.hint)
		})
	}
	t.Run("an index is not similar to any other", func(t *testing.T) {
		err := ckpt.LoadWeights(ctx, stored, new(struct{ Blocks [4]pair }), ckpt.At("model"))
		require.ErrorContains(t, err, "blocks.2.kernel: missing from the checkpoint")
		require.NotContains(t, err.Error(), `for blocks.2`)
	})
	t.Run("an unused stored name", func(t *testing.T) {
		var m struct {
			Encoder pair
			Blocks  []pair
			Outputs *pair `ckpt:",optional"`
		}
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"model": &m}), stored)
		require.ErrorContains(t, s.AssertConsumed(), `the model has "outputs"`)
	})
}

func TestHintsByName(t *testing.T) {
	var m struct {
		W tensor.Tensor[float32] `ckpt:"w,fullname=cut/tabel"`
	}
	require.ErrorContains(t, ckpt.LoadWeights(ctx, "testdata/golden/saver-v1/one.ckpt", &m), `for cut/tabel the checkpoint has "cut/table"`)
}
