package matching

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// ignoring is a layer that lists the stored names that it does not need.
type ignoring struct{ Kernel tensor.Tensor[float32] }

func (*ignoring) CheckpointIgnores() []string { return []string{"renorm"} }

type foreignMatrix struct{ _ []float64 }

// A load does not ignore stored values inside an object of the model that would change its results.
func TestUnknownValues(t *testing.T) {
	type w = tensor.Tensor[float32]
	layer := func(more ...any) ckpt.Group {
		return ckpt.Group{"layer": ckpttest.NodeOf(append([]any{"kernel", ckpttest.Vector(1, 2)}, more...)...)}
	}
	type kernelOnly struct{ Layer struct{ Kernel w } }
	for _, c := range []struct {
		name   string
		stored any
		model  any
		unused []string // nil: it loads
		hint   string
	}{
		{"an adapter", layer("lora_kernel_a", ckpttest.Vector(1), "lora_kernel_b", ckpttest.Vector(1)), new(kernelOnly),
			[]string{"layer.lora_kernel_a", "layer.lora_kernel_b"}, `Layer does not apply the adapter "lora_kernel_a"`},
		{"an adapter that is an object", layer("lora_A", ckpttest.NodeOf("weight", ckpttest.Vector(1))), new(kernelOnly),
			[]string{"layer.lora_A"}, "adapter"},
		{"a parametrization of an optional value", layer("parametrizations", ckpttest.NodeOf("bias", ckpttest.NodeOf("original", ckpttest.Vector(1)))), new(kernelOnly),
			[]string{"layer.parametrizations"}, "Layer does not apply PyTorch's parametrizations"},
		{"unknown names in an object without required values", ckpt.Group{"w": ckpttest.Vector(1), "norm": ckpttest.NodeOf("g", ckpttest.Vector(1))}, new(struct {
			W    w
			Norm struct {
				Gamma w `ckpt:",optional"`
				Beta  w `ckpt:",optional"`
			}
		}), []string{"norm.g"}, `Norm has no field for "g"`},
		{"a scale", layer("kernel_scale", ckpttest.Scalar(2)), new(kernelOnly), []string{"layer.kernel_scale"}, `Layer has no field for "kernel_scale"`},
		{"at the root", ckpt.Group{"kernel": ckpttest.Vector(1), "scale": ckpttest.Vector(2)}, new(struct{ Kernel w }), []string{"scale"}, `the model has no field for "scale"`},
		{"a field without a tag", layer("bias", ckpttest.Vector(1)), new(struct {
			Layer struct {
				Kernel w
				Bias   []float32
			}
		}), []string{"layer.bias"}, "Layer.Bias ([]float32) is not tracked: the tag `ckpt:\"bias\"` makes it a variable"},
		{"a field without a tag of an object without other values", ckpt.Group{"net": ckpttest.NodeOf("bias", ckpttest.Vector(1), "dense", ckpttest.Vector(2)), "w": ckpttest.Vector(3)}, new(struct {
			W   w
			Net struct{ Bias [1]float32 } `ckpt:",optional"`
		}), []string{"net.bias"}, "Net.Bias ([1]float32)"},
		{"a field that cannot hold the value", layer("bias", ckpttest.Vector(1)), new(struct {
			Layer struct {
				Kernel w
				Bias   foreignMatrix
			}
		}), []string{"layer.bias"}, "cannot hold the value"},
		{"an embedded struct's field", layer("bias", ckpttest.Vector(1)), new(struct {
			Layer struct {
				Kernel w
				Biased
			}
		}), []string{"layer.bias"}, "Layer.Bias ([]float32)"},
		{"a nil interface", ckpt.Group{"w": ckpttest.Vector(1), "next": ckpttest.NodeOf("w", ckpttest.Vector(2))}, new(struct {
			W    w
			Next unit
		}), []string{"next"}, "Next is nil, and its type matching.unit cannot be allocated"},
		{"a nil interface and no other values", ckpt.Group{"w": ckpttest.Vector(1), "act": ckpttest.NodeOf()}, new(struct {
			W   w
			Act unit
		}), nil, ""},
		{"a list with fewer values", ckpt.Group{"list": []ckpttest.Variable{ckpttest.Vector(1), ckpttest.Vector(2), ckpttest.Vector(3)}}, new(struct{ List [2]w }),
			[]string{"list.2"}, `has 2 elements, but none for "2"`},
		{"below a value", ckpt.Group{"w": ckpttest.Vector(1), "x": ckpttest.NodeOf("absmax", ckpttest.Vector(3))}, new(struct {
			W w
			X w `ckpt:"x,optional"`
		}), []string{"x.absmax"}, "X (tensor.Tensor[float32]) is a single value"},
		{"a variable where the model has a list", ckpt.Group{"w": ckpttest.Vector(1), "list": ckpttest.Vector(2)}, new(struct {
			W    w
			List []struct{ W w }
		}), []string{"list"}, "List is a value in the checkpoint (VARIABLE_VALUE), but not in the model"},
		{"the same value with another name", func() any { v := ckpttest.Vector(1); return layer("weight", v, "weight_again", v) }(), new(struct {
			Layer struct{ Kernel, Weight w }
		}), nil, ""},
		{"a counter", layer("num_batches_tracked", tensor.Scalar(int64(3)), "count", tensor.Scalar(int32(3))), new(kernelOnly), nil, ""},
		{"a name that the tag - excludes", layer("position_ids", tensor.New[int64](4)), new(struct {
			Layer struct {
				Kernel      w
				PositionIds []int64 `ckpt:"-"`
			}
		}), nil, ""},
		{"a name that the type ignores", layer("renorm", ckpttest.Vector(1)), new(struct{ Layer ignoring }), nil, ""},
		{"another object", layer("head", ckpttest.NodeOf("kernel", ckpttest.Vector(1))), new(kernelOnly), nil, ""},
		{"next to objects", ckpt.Group{"layer": ckpttest.NodeOf("kernel", ckpttest.Vector(1)), "w": ckpttest.Vector(1)}, new(kernelOnly), nil, ""},
		{"a Group names the parts", ckpt.Group{"a": ckpttest.Vector(1), "b": ckpttest.Vector(1)}, ckpt.Group{"a": ckpttest.Vector(0)}, nil, ""},
		{"a map names the parts", ckpt.Group{"m": ckpttest.NodeOf("a", ckpttest.Vector(1), "b", ckpttest.Vector(2))}, &struct{ M map[string]*w }{map[string]*w{"a": ckpttest.Vector(0)}}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := ckpttest.Written(t, c.stored)
			err := ckpt.LoadWeights(ctx, path, c.model)
			require.NoError(t, ckpt.LoadWeights(ctx, path, c.model, ckpt.IgnoreUnknown()))
			if c.unused == nil {
				require.NoError(t, err)
				return
			}
			var mismatch *ckpt.MismatchError
			require.ErrorAs(t, err, &mismatch)
			require.Equal(t, c.unused, mismatch.Unused)
			require.Contains(t, mismatch.Hints[0], c.hint)
			require.Contains(t, mismatch.Hints[len(mismatch.Hints)-1], "IgnoreUnknown()")
			require.ErrorContains(t, ckpt.LoadWeights(ctx, path, c.model, ckpt.Partial()), c.hint, "Partial concerns only the model's values")
			require.ErrorContains(t, ckpt.LoadWeights(ctx, path, c.model, ckpt.Strict()), c.hint)
		})
	}
}

// Biased is for embedding.
type Biased struct{ Bias []float32 }

// If a stored object fills two objects of the program, the load checks it for each of them.
func TestUnknownValuesOfTheSecondObject(t *testing.T) {
	shared := ckpttest.NodeOf("kernel", ckpttest.Vector(1), "bias", ckpttest.Vector(2))
	path := ckpttest.Written(t, ckpt.Group{"a": shared, "b": shared})
	err := ckpt.LoadWeights(ctx, path, &struct {
		A struct{ Kernel, Bias ckpttest.Variable }
		B struct{ Kernel ckpttest.Variable }
	}{})
	require.ErrorContains(t, err, `B has no field for "bias"`)
}

// A name-based checkpoint has no objects. The scope of a name replaces the object.
func TestUnknownNames(t *testing.T) {
	path := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{
		"net/dense/kernel": ckpttest.Vector(1, 2), "net/dense/bias": ckpttest.Vector(3), "net/dense/kernel/Adam": ckpttest.Vector(4, 5), "net/dense/count": tensor.Scalar(int64(1)),
		"net/other/kernel": ckpttest.Vector(6), "beta1_power": ckpttest.Scalar(7),
	}).Save(ctx, filepath.Join(t.TempDir(), "s")))
	var m struct {
		Dense struct{ Kernel tensor.Tensor[float32] }
	}
	var mismatch *ckpt.MismatchError
	var report ckpt.Report
	require.ErrorAs(t, ckpt.LoadWeights(ctx, path, &m, ckpt.At("net"), ckpt.ReportTo(&report)), &mismatch)
	require.Equal(t, []string{"net/dense/bias"}, mismatch.Unused, mismatch)
	require.Empty(t, report.Restored)
	require.NoError(t, ckpt.LoadWeights(ctx, path, &m, ckpt.At("net"), ckpt.IgnoreUnknown(), ckpt.ReportTo(&report)))
	require.Equal(t, []ckpt.Item{{Path: "dense.kernel", GoPath: "Dense.Kernel", Key: "net/dense/kernel"}}, report.Restored)
	require.Len(t, report.Unused, 5)
	var ignoring struct {
		Dense struct {
			Kernel tensor.Tensor[float32]
			Bias   []float32 `ckpt:"-"`
		}
	}
	require.NoError(t, ckpt.LoadWeights(ctx, path, &ignoring, ckpt.At("net")))
	require.NoError(t, ckpt.LoadWeights(ctx, path, ckpt.Group{"other": &struct{ Kernel tensor.Tensor[float32] }{}}, ckpt.At("net")))
}
