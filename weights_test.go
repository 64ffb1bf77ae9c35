package ckpt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// A regressor is a model in a program that serves it. It has no tensors or layers yet.
type regressor struct {
	Input  ckpttest.Dense
	Hidden []*ckpttest.Dense
	Heads  map[string]*ckpttest.Dense
	Scale  *float32  `ckpt:"scale"`
	Bins   []float64 `ckpt:"bins"`
}

func denseOf(v float32) *ckpttest.Dense {
	return &ckpttest.Dense{Kernel: *ckpttest.Vector(v, v+1), Bias: *ckpttest.Vector(v + 2)}
}

func trained() *regressor {
	scale := float32(0.5)
	return &regressor{*denseOf(1), []*ckpttest.Dense{denseOf(10), denseOf(20)}, map[string]*ckpttest.Dense{"a": denseOf(30), "b": denseOf(40)}, &scale, []float64{1, 2, 3}}
}

// training writes the checkpoint of a training program: the model, an optimizer and the step.
func training(t *testing.T) string {
	step := int64(7)
	return ckpttest.Saved(t, ckpt.Group{"model": trained(), "optimizer": ckpttest.NodeOf("iterations", tensor.Scalar(int64(7)), "m", []ckpttest.Variable{ckpttest.Vector(1), ckpttest.Vector(2)}), "step": &step})
}

func TestLoadWeights(t *testing.T) {
	path := training(t)
	t.Run("a part of a training checkpoint is loaded into an empty model", func(t *testing.T) {
		var m regressor
		require.NoError(t, ckpt.LoadWeights(ctx, path, &m, ckpt.At("model")))
		require.Equal(t, trained(), &m)
	})
	t.Run("a Group names the parts, and other values are ignored", func(t *testing.T) {
		var m regressor
		var step int64
		require.NoError(t, ckpt.LoadWeights(ctx, path, ckpt.Group{"model": &m, "step": &step}))
		require.Equal(t, trained(), &m)
		require.EqualValues(t, 7, step)
	})
	t.Run("existing tensors of the model are filled in place", func(t *testing.T) {
		m := trained()
		hidden, kernel, scale := m.Hidden[1], m.Input.Kernel.Data(), m.Scale
		kernel[0], *scale = 99, 99
		require.NoError(t, ckpt.LoadWeights(ctx, path, m, ckpt.At("model")))
		require.Equal(t, trained(), m)
		require.Same(t, hidden, m.Hidden[1])
		require.Same(t, scale, m.Scale)
		require.EqualValues(t, 1, kernel[0])
	})
	t.Run("At leads to any object, by names escaped as in keys", func(t *testing.T) {
		var layer ckpttest.Dense
		require.NoError(t, ckpt.LoadWeights(ctx, path, &layer, ckpt.At("model/heads/b")))
		require.Equal(t, denseOf(40), &layer)
		var kernel tensor.Tensor[float32]
		require.NoError(t, ckpt.LoadWeights(ctx, path, &kernel, ckpt.At("model/hidden/1/kernel")))
		require.Equal(t, ckpttest.Vector(20, 21), &kernel)
		var list []*ckpttest.Dense
		require.NoError(t, ckpt.LoadWeights(ctx, path, &list, ckpt.At("model/hidden"), ckpt.Strict()))
		require.NoError(t, ckpt.LoadWeights(ctx, path, new(ckpttest.Dense), ckpt.At("model.heads/a")), "dots join names that do not contain dots")
		require.NoError(t, ckpt.LoadWeights(ctx, path, new(ckpttest.Dense), ckpt.At("model.hidden.0")))
		require.Equal(t, trained().Hidden, list)
		escaped := ckpttest.Written(t, ckpttest.NodeOf("a/b", ckpttest.NodeOf("", ckpttest.NodeOf("c.d", ckpttest.Scalar(3)))))
		var v struct {
			V ckpttest.Variable `ckpt:"c.d"`
		}
		require.NoError(t, ckpt.LoadWeights(ctx, escaped, &v, ckpt.At("a.Sb/")))
		require.EqualValues(t, 3, ckpttest.Value(v.V))
	})
	t.Run("the error of At lists the edges at the end of its path", func(t *testing.T) {
		for at, hint := range map[string]string{"net": "model, optimizer, step, save_counter", "model/hidden/2": "0, 1", "model/input/kernel/x": "the object there has children: "} {
			var mismatch *ckpt.MismatchError
			require.ErrorAs(t, ckpt.LoadWeights(ctx, path, new(regressor), ckpt.At(at)), &mismatch)
			require.Contains(t, mismatch.Problem, fmt.Sprintf("At(%q)", at))
			require.Contains(t, mismatch.Hints[0], hint)
		}
		require.ErrorContains(t, ckpt.LoadWeights(ctx, path, new(regressor), ckpt.At("a.b")), `the checkpoint has no edge "a" there`)
		require.ErrorContains(t, ckpt.LoadWeights(ctx, path, new(regressor), ckpt.At("modle")), `hint: the object there has "model"`)
	})
	t.Run("Strict rejects values without a field, except the save counter", func(t *testing.T) {
		var m regressor
		require.NoError(t, ckpt.LoadWeights(ctx, path, &m, ckpt.At("model"), ckpt.Strict()))
		var mismatch *ckpt.MismatchError
		require.ErrorAs(t, ckpt.LoadWeights(ctx, path, ckpt.Group{"model": new(regressor)}, ckpt.Strict()), &mismatch)
		require.Equal(t, []string{"step", "optimizer.iterations", "optimizer.m.0", "optimizer.m.1"}, mismatch.Unused)
		require.ErrorContains(t, mismatch, "the model has no fields for 4 values of the checkpoint")
	})
	t.Run("every value of the model must exist, and the error lists the missing ones and suggests names", func(t *testing.T) {
		type renamed struct {
			Input  ckpttest.Dense
			Hiden  []*ckpttest.Dense
			Heads  struct{ A, C *ckpttest.Dense }
			Absent ckpttest.Variable
		}
		m := &renamed{Hiden: []*ckpttest.Dense{{}}, Absent: ckpttest.Scalar(5)}
		var mismatch *ckpt.MismatchError
		require.ErrorAs(t, ckpt.LoadWeights(ctx, path, m, ckpt.At("model")), &mismatch)
		require.Equal(t, []string{"heads.c", "absent", "hiden.0.kernel", "hiden.0.bias"}, mismatch.Missing)
		require.ErrorContains(t, mismatch, "4 values and objects of the model are not in the checkpoint")
		require.ErrorIs(t, mismatch, ckpt.ErrMismatch)
		require.Equal(t, &renamed{Hiden: []*ckpttest.Dense{{}}, Absent: ckpttest.Scalar(5)}, m, "the model is unchanged, including its nil pointers")
		hinted := &struct{ Imput ckpttest.Dense }{}
		require.ErrorAs(t, ckpt.LoadWeights(ctx, path, hinted, ckpt.At("model")), &mismatch)
		require.Contains(t, fmt.Sprint(mismatch.Hints), "the checkpoint's root has children: ")
	})
	t.Run("Partial does not change the rest", func(t *testing.T) {
		type more struct {
			Input ckpttest.Dense
			Extra ckpttest.Variable
		}
		m := &more{Extra: ckpttest.Scalar(5)}
		require.NoError(t, ckpt.LoadWeights(ctx, path, m, ckpt.At("model"), ckpt.Partial()))
		require.Equal(t, &more{*denseOf(1), ckpttest.Scalar(5)}, m)
		require.ErrorContains(t, ckpt.LoadWeights(ctx, path, &struct{ Nothing ckpttest.Variable }{ckpttest.Scalar(1)}, ckpt.Partial()), "no value of the checkpoint matches the model", "but at least one value must match")
		require.Error(t, ckpt.LoadWeights(ctx, path, m, ckpt.At("model"), ckpt.Partial(), ckpt.Strict()), "Strict still rejects unused values")
	})
	t.Run("an optional nil pointer, map or slice of structs stays nil if the checkpoint lacks it", func(t *testing.T) {
		type more struct {
			Input ckpttest.Dense
			Next  *regressor                 `ckpt:",optional"`
			Extra *tensor.Tensor[float32]    `ckpt:",optional"`
			Table map[string]*ckpttest.Dense `ckpt:",optional"`
			List  []ckpttest.Dense           `ckpt:",optional"`
		}
		var m more
		require.NoError(t, ckpt.LoadWeights(ctx, path, &m, ckpt.At("model")))
		require.Equal(t, more{Input: *denseOf(1)}, m)
	})
	t.Run("a model without any matching value is an error", func(t *testing.T) {
		err := ckpt.LoadWeights(ctx, path, new(regressor))
		require.ErrorIs(t, err, ckpt.ErrMismatch)
		require.ErrorContains(t, err, "the checkpoint's root has children: model, optimizer, step, save_counter")
	})
	t.Run("a value that is not a model is rejected", func(t *testing.T) {
		for name, m := range map[string]any{"a struct by value": regressor{}, "nil": nil, "a nil pointer": (*regressor)(nil), "a number": 3} {
			require.ErrorIs(t, ckpt.LoadWeights(ctx, path, m), ckpt.ErrNotTrackable, name)
		}
	})
	t.Run("progress ends with all bytes", func(t *testing.T) {
		var last ckpt.Progress
		require.NoError(t, ckpt.LoadWeights(ctx, path, new(regressor), ckpt.At("model"), ckpt.WithProgress(func(p ckpt.Progress) { last = p })))
		require.Equal(t, ckpt.Progress{88, 88}, last)
	})
}

// TestTiedWeights loads values that several edges reach, in the checkpoint or in the program.
func TestTiedWeights(t *testing.T) {
	type tied struct{ Embedding, Output *tensor.Tensor[float32] }
	shared := ckpttest.Vector(1, 2)
	one := ckpttest.Written(t, &tied{shared, shared})
	two := ckpttest.Written(t, &tied{ckpttest.Vector(1, 2), ckpttest.Vector(3, 4)})
	t.Run("one stored value fills two fields of the model", func(t *testing.T) {
		m := tied{ckpttest.Vector(0, 0), ckpttest.Vector(0, 0)}
		require.NoError(t, ckpt.LoadWeights(ctx, one, &m, ckpt.Strict()))
		require.Equal(t, tied{ckpttest.Vector(1, 2), ckpttest.Vector(1, 2)}, m)
		require.NotSame(t, m.Embedding, m.Output)
		var values struct{ Embedding, Output tensor.Tensor[float32] }
		require.NoError(t, ckpt.LoadWeights(ctx, one, &values))
		require.Equal(t, ckpttest.Vector(1, 2), &values.Output)
	})
	t.Run("nil pointers to it become one", func(t *testing.T) {
		var m tied
		require.NoError(t, ckpt.LoadWeights(ctx, one, &m))
		require.Same(t, m.Embedding, m.Output)
		require.Equal(t, shared, m.Output)
		m = tied{Output: ckpttest.Vector(0, 0)}
		require.NoError(t, ckpt.LoadWeights(ctx, one, &m))
		require.Equal(t, shared, m.Embedding)
		require.Equal(t, shared, m.Output)
	})
	t.Run("pointers of another type get separate values", func(t *testing.T) {
		for _, m := range []any{
			&struct {
				Embedding []float32 `ckpt:"embedding"`
				Output    *tensor.Tensor[float32]
			}{},
			&struct {
				Embedding *tensor.Tensor[float32]
				Output    []float32 `ckpt:"output"`
			}{},
		} {
			var report ckpt.Report
			require.NoError(t, ckpt.LoadWeights(ctx, one, m, ckpt.ReportTo(&report)))
			got := make(map[string][]float32)
			ckpttest.LeavesOf(reflect.ValueOf(m).Elem().Field(0), "0", got)
			ckpttest.LeavesOf(reflect.ValueOf(m).Elem().Field(1), "1", got)
			require.Equal(t, map[string][]float32{"0": {1, 2}, "1": {1, 2}}, got)
			require.Len(t, report.Restored, 2)
		}
	})
	t.Run("an object of another kind does not match", func(t *testing.T) {
		m := &struct {
			Embedding ckpttest.Variable
			Output    struct {
				W ckpttest.Variable `ckpt:"w,optional"`
			}
		}{}
		require.ErrorContains(t, ckpt.LoadWeights(ctx, one, m), "Output is a value in the checkpoint (VARIABLE_VALUE), but not in the model")
		var report ckpt.Report
		require.NoError(t, ckpt.LoadWeights(ctx, one, m, ckpt.IgnoreUnknown(), ckpt.ReportTo(&report)))
		require.Equal(t, "Embedding", report.Restored[0].GoPath)
		require.Equal(t, "Output", report.Mismatched[0].GoPath)
	})
	t.Run("a model that ties values that are stored separately takes the first, and Strict rejects it", func(t *testing.T) {
		v := ckpttest.Vector(0, 0)
		require.NoError(t, ckpt.LoadWeights(ctx, two, &tied{v, v}))
		require.Equal(t, ckpttest.Vector(1, 2), v)
		var mismatch *ckpt.MismatchError
		require.ErrorAs(t, ckpt.LoadWeights(ctx, two, &tied{v, v}, ckpt.Strict()), &mismatch)
		require.Equal(t, []string{"output"}, mismatch.Unused)
		s := ckpttest.Read(t, ckpttest.New(t, &tied{v, v}), two)
		require.Len(t, s.Report().Restored, 1)
		require.Equal(t, []ckpt.Item{{Path: "output", Key: "output/.ATTRIBUTES/VARIABLE_VALUE"}}, s.Report().Unused)
		require.NoError(t, s.AssertConsumed(), "as in TensorFlow")
	})
	t.Run("values that are stored separately must not differ in shape or dtype", func(t *testing.T) {
		for _, other := range []any{ckpttest.Vector(3), ckpttest.Scalar(1)} {
			path := ckpttest.Written(t, ckpt.Group{"embedding": ckpttest.Vector(1, 2), "output": other})
			v := ckpttest.Vector(0, 0)
			err := ckpt.LoadWeights(ctx, path, &tied{v, v})
			require.ErrorIs(t, err, ckpt.ErrMismatch)
			require.ErrorContains(t, err, "one object of the program")
			require.Equal(t, ckpttest.Vector(0, 0), v)
			_, err = ckpttest.New(t, &tied{v, v}).Read(ctx, path)
			require.ErrorContains(t, err, "one object of the program")
		}
	})
	t.Run("an object with children that is stored twice", func(t *testing.T) {
		type pair struct{ Left, Right *ckpttest.Block }
		path := ckpttest.Written(t, &pair{&ckpttest.Block{W: *ckpttest.Vector(1)}, &ckpttest.Block{W: *ckpttest.Vector(2)}})
		b := new(ckpttest.Block)
		require.ErrorContains(t, ckpt.LoadWeights(ctx, path, &pair{b, b}, ckpt.Strict()), "right.w: unused")
	})
	t.Run("a shared object with children is one object", func(t *testing.T) {
		type pair struct{ Left, Right *ckpttest.Block }
		b := &ckpttest.Block{W: *ckpttest.Vector(1)}
		var m pair
		require.NoError(t, ckpt.LoadWeights(ctx, ckpttest.Written(t, &pair{b, b}), &m))
		require.Same(t, m.Left, m.Right)
		require.Equal(t, b, m.Left)
		apart := pair{&ckpttest.Block{}, &ckpttest.Block{}}
		require.NoError(t, ckpt.LoadWeights(ctx, ckpttest.Written(t, &pair{b, b}), &apart))
		require.Equal(t, b, apart.Right)
	})
}

func TestSaveWeights(t *testing.T) {
	type model struct {
		W tensor.Tensor[float32] `ckpt:"w,fullname=w"`
		B tensor.Tensor[float32] `ckpt:"b,fullname=b"`
	}
	m := &model{*ckpttest.Vector(1, 2), *ckpttest.Vector(3)}
	prefix := filepath.Join(t.TempDir(), "weights", "v1")
	require.NoError(t, ckpt.SaveWeights(ctx, prefix, m))
	t.Run("the model is the root, and its files equal TensorFlow's", func(t *testing.T) {
		ckpttest.RequireSameFiles(t, prefix, filepath.Join(ckpttest.Golden(t, "saved-root").Dir, "written"))
	})
	t.Run("the name has no number, there is no counter, and the state file has the name", func(t *testing.T) {
		require.Equal(t, []string{"checkpoint", "v1.data-00000-of-00001", "v1.index"}, ckpttest.NamesIn(t, filepath.Dir(prefix)))
		require.Equal(t, "model_checkpoint_path: \"v1\"\nall_model_checkpoint_paths: \"v1\"\n", string(ckpttest.Must(os.ReadFile(filepath.Join(filepath.Dir(prefix), "checkpoint")))))
		require.Equal(t, prefix, ckpttest.Must(ckpt.Latest(filepath.Dir(prefix))))
	})
	t.Run("LoadWeights loads them, and a Group does not match them", func(t *testing.T) {
		var got model
		require.NoError(t, ckpt.LoadWeights(ctx, filepath.Dir(prefix), &got, ckpt.Strict()))
		require.Equal(t, m, &got)
		require.ErrorIs(t, ckpt.LoadWeights(ctx, prefix, ckpt.Group{"m": new(model)}), ckpt.ErrMismatch)
		require.Error(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"m": new(model)}), prefix).AssertNontrivialMatch())
	})
	t.Run("if a save fails, it does not leave a file", func(t *testing.T) {
		dir := t.TempDir()
		require.ErrorIs(t, ckpt.SaveWeights(ctx, filepath.Join(dir, "w"), model{}), ckpt.ErrNotTrackable)
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, ckpt.SaveWeights(canceled, filepath.Join(dir, "w"), m), context.Canceled)
		require.Empty(t, ckpttest.NamesIn(t, dir))
	})
}
