package matching

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

type (
	// A gauge has only optional values, like layer normalization.
	gauge struct {
		Gamma tensor.Tensor[float32] `ckpt:"gamma,optional"`
		Beta  tensor.Tensor[float32] `ckpt:"beta,optional"`
	}
	listed struct {
		W    tensor.Tensor[float32]
		Next *listed
	}
	loose struct {
		W    tensor.Tensor[float32]
		Next any
	}
	unit interface{ unit() }
)

func (*gauge) unit() {}

// If a program declares a field that a checkpoint lacks, it is missing, whatever the field holds.
func TestAbsentObjects(t *testing.T) {
	path := ckpttest.Written(t, &struct {
		W    *tensor.Tensor[float32]
		Norm *gauge
		Bare struct{ W tensor.Tensor[float32] } `ckpt:"bare"` // not built, so the bytes are not stored
	}{W: ckpttest.Vector(1, 2), Norm: &gauge{Gamma: *ckpttest.Vector(3)}})
	type w = tensor.Tensor[float32]
	for _, c := range []struct {
		name    string
		model   any
		missing []string
	}{
		{"a struct with only optional values and one wrong letter", &struct {
			W    w
			Nrom gauge
		}{}, []string{"nrom"}},
		{"the same struct behind a pointer", &struct {
			W    w
			Nrom *gauge
		}{Nrom: new(gauge)}, []string{"nrom"}},
		{"a nil pointer", &struct {
			W    w
			Nrom *gauge
		}{}, []string{"nrom"}},
		{"a nil pointer to a tensor", &struct{ W, V *w }{}, []string{"v"}},
		{"a nil pointer to a tagged number", &struct {
			W w
			N *int64 `ckpt:"n"`
		}{}, []string{"n"}},
		{"a nil slice of structs", &struct {
			W      w
			Blocks []gauge
		}{}, []string{"blocks"}},
		{"a slice of structs with only optional values", &struct {
			W      w
			Blocks []gauge
		}{Blocks: make([]gauge, 2)}, []string{"blocks"}},
		{"an array of structs with only optional values", &struct {
			W      w
			Blocks [2]gauge
		}{}, []string{"blocks"}},
		{"an array of nil pointers", &struct {
			W      w
			Blocks [2]*gauge
		}{}, []string{"blocks.0", "blocks.1"}},
		{"a nil map", &struct {
			W     w
			Heads map[string]*gauge
		}{}, []string{"heads"}},
		{"a map with a nil element", &struct {
			W     w
			Heads map[string]*gauge
		}{Heads: map[string]*gauge{"a": nil}}, []string{"heads.a"}},
		{"a nil interface", &struct {
			W    w
			Head unit
		}{}, []string{"head"}},
		{"a nil any", &struct {
			W    w
			Head any
		}{}, []string{"head"}},
		{"an interface with such a struct", &struct {
			W    w
			Head unit
		}{Head: new(gauge)}, []string{"head"}},
		{"an object within a missing object is reported once", &struct {
			W   w
			Sub struct{ A, B gauge }
		}{}, []string{"sub"}},
		{"a missing object next to a missing value", &struct {
			W   w
			Sub struct {
				A gauge
				V w
			}
		}{}, []string{"sub.a", "sub.v"}},
		{"optional on the field excuses the object", &struct {
			W    w
			Nrom gauge           `ckpt:",optional"`
			Next *gauge          `ckpt:",optional"`
			List []gauge         `ckpt:",optional"`
			Map  map[string]unit `ckpt:",optional"`
		}{}, nil},
		{"optional values of an existing object may be missing", &struct {
			W    w
			Norm gauge
		}{}, nil},
		{"an empty slice or map that is not nil does not need values", &struct {
			W    w
			List []gauge
			Map  map[string]gauge
		}{List: []gauge{}, Map: map[string]gauge{}}, nil},
		{"a list may end in nil", &listed{}, nil},
		{"a list of interfaces may end in nil", &loose{Next: &loose{}}, []string{"next.w"}},
		{"an object without tensors is not needed", &struct {
			W     w
			Name  *string
			Sizes []int
			Table map[string]any
			Err   error
			Out   io.Writer
		}{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mismatch *ckpt.MismatchError
			if err := ckpt.LoadWeights(ctx, path, c.model); c.missing == nil {
				require.NoError(t, err)
			} else {
				require.ErrorAs(t, err, &mismatch)
				require.ElementsMatch(t, c.missing, mismatch.Missing)
			}
			require.NoError(t, ckpt.LoadWeights(ctx, path, c.model, ckpt.Partial()))
			s := ckpttest.Read(t, ckpttest.New(t, c.model), path)
			if err := s.AssertExistingObjectsMatched(); c.missing == nil {
				require.NoError(t, err)
				require.Empty(t, s.Report().Missing)
			} else {
				require.ErrorAs(t, err, &mismatch)
				require.ElementsMatch(t, c.missing, mismatch.Missing)
				require.Len(t, s.Report().Missing, len(c.missing))
			}
		})
	}
}

// A name-based checkpoint has an object if it has a value of that object.
func TestAbsentObjectsByName(t *testing.T) {
	s, err := ckpt.NewSaver(ckpt.Vars{"w": ckpttest.Vector(1, 2), "norm/gamma": ckpttest.Vector(3)})
	require.NoError(t, err)
	path, err := s.Save(ctx, filepath.Join(t.TempDir(), "names"))
	require.NoError(t, err)
	type w = tensor.Tensor[float32]
	require.NoError(t, ckpt.LoadWeights(ctx, path, &struct {
		W    w
		Norm gauge
	}{}))
	var mismatch *ckpt.MismatchError
	require.ErrorAs(t, ckpt.LoadWeights(ctx, path, &struct {
		W    w
		Nrom gauge
		Next *gauge
	}{}), &mismatch)
	require.ElementsMatch(t, []string{"nrom", "next"}, mismatch.Missing)
	require.ErrorContains(t, ckpt.LoadWeights(ctx, path, &struct{ Other w }{}, ckpt.Partial()), "no value of the name-based checkpoint matches the model")
}

// A stored object without values does not match a pointer to a tensor or to an object with a tensor.
func TestStoredObjectsWithoutValues(t *testing.T) {
	type w = tensor.Tensor[float32]
	path := ckpttest.Written(t, ckpt.Group{"w": ckpttest.Vector(1), "k": ckpttest.NodeOf()})
	for name, c := range map[string]struct {
		model   any
		missing []string
	}{
		"a pointer to a tensor": {&struct{ W, K *w }{}, []string{"k"}},
		"a tensor":              {&struct{ W, K w }{}, []string{"k"}},
		"a pointer to an object": {&struct {
			W *w
			K *struct{ B w }
		}{}, []string{"k.b"}},
		"a pointer to an optional object": {&struct {
			W *w
			K *struct{ B w } `ckpt:",optional"`
		}{}, nil},
		"a pointer to an object with optional values": {&struct {
			W *w
			K *gauge
		}{}, nil},
		"a list": {&struct {
			W *w
			K []w
		}{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := ckpt.LoadWeights(ctx, path, c.model)
			if c.missing == nil {
				require.NoError(t, err)
				return
			}
			var mismatch *ckpt.MismatchError
			require.ErrorAs(t, err, &mismatch)
			require.Equal(t, c.missing, mismatch.Missing)
			var report ckpt.Report
			require.NoError(t, ckpt.LoadWeights(ctx, path, c.model, ckpt.Partial(), ckpt.ReportTo(&report)))
			require.Len(t, append(report.Missing, report.Mismatched...), 1)
		})
	}
}

// The options of a layer determine shapes. A load compares them before it assigns anything.
type fixedDense struct {
	Kernel tensor.Tensor[float32]
	Units  int
}

func (d *fixedDense) WantShapes(want func(variable tensor.Any, shape ...int)) {
	if d.Units > 0 {
		want(&d.Kernel, -1, d.Units)
	}
}

func TestShapesOfOptions(t *testing.T) {
	kernel := tensor.New[float32](2, 3)
	path := ckpttest.Written(t, &struct{ Dense fixedDense }{fixedDense{Kernel: *kernel}})
	for name, c := range map[string]struct {
		units int
		want  string
	}{
		"the options do not fix shapes": {0, ""},
		"the fixed shapes fit":          {3, ""},
		"the fixed shapes differ":       {5, "shape [2 3] in the checkpoint, [? 5] by the options of Dense (matching.fixedDense)"},
	} {
		t.Run(name, func(t *testing.T) {
			m := struct{ Dense fixedDense }{fixedDense{Units: c.units}}
			if err := ckpt.LoadWeights(ctx, path, &m); c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
				require.ErrorIs(t, err, ckpt.ErrMismatch)
				require.False(t, m.Dense.Kernel.Built())
			}
			byName := ckpttest.Must(ckpttest.Saver(t, &struct{ Dense fixedDense }{fixedDense{Kernel: *kernel}}).Save(ctx, filepath.Join(t.TempDir(), "s")))
			for verb, load := range map[string]func(any) error{
				"Restore":             func(m any) error { _, err := ckpttest.New(t, m).Restore(ctx, path); return err },
				"Read":                func(m any) error { _, err := ckpttest.New(t, m).Read(ctx, path); return err },
				"Restore by name":     func(m any) error { _, err := ckpttest.New(t, m).Restore(ctx, byName); return err },
				"LoadWeights by name": func(m any) error { return ckpt.LoadWeights(ctx, byName, m) },
				"Saver.Restore":       func(m any) error { return ckpttest.Saver(t, m).Restore(ctx, byName) },
			} {
				m := struct{ Dense fixedDense }{fixedDense{Units: c.units}}
				if err := load(&m); c.want == "" {
					require.NoError(t, err, verb)
				} else {
					require.ErrorContains(t, err, c.want, verb)
					require.False(t, m.Dense.Kernel.Built(), verb)
				}
			}
		})
	}
}

// A model that needs no stored values matches only a checkpoint without values.
func TestModelsWithoutWeights(t *testing.T) {
	type norm struct {
		gauge `ckpt:",inline"`
	}
	type model struct {
		Layers []*norm `ckpt:"layers"`
	}
	some := &model{Layers: []*norm{{}}}
	bare := ckpttest.Must(ckpttest.New(t, ckpt.Group{"model": some}).Write(ctx, filepath.Join(t.TempDir(), "bare"), ckpt.AllowEmpty()))
	require.NoError(t, ckpt.LoadWeights(ctx, bare, &model{}, ckpt.At("model")))
	require.NoError(t, ckpt.LoadWeights(ctx, bare, &model{}, ckpt.At("model"), ckpt.Strict()))
	counted := ckpttest.Must(ckpttest.New(t, ckpt.Group{"model": some}).Save(ctx, filepath.Join(t.TempDir(), "ckpt"), ckpt.AllowEmpty()))
	require.NoError(t, ckpt.LoadWeights(ctx, counted, &model{}, ckpt.At("model")))
	require.ErrorIs(t, ckpt.LoadWeights(ctx, bare, &struct{ Layer []*norm }{}, ckpt.At("model")), ckpt.ErrMismatch)
	require.ErrorIs(t, ckpt.LoadWeights(ctx, bare, &struct{ W tensor.Tensor[float32] }{}, ckpt.Partial()), ckpt.ErrMismatch)
	other := ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1)))
	require.ErrorIs(t, ckpt.LoadWeights(ctx, other, &gauge{}), ckpt.ErrMismatch)
}
