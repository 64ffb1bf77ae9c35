package ckpt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// A regressor is a model as a program that serves it declares it: nothing is made yet.
type regressor struct {
	Input  dense
	Hidden []*dense
	Heads  map[string]*dense
	Scale  *float32  `ckpt:"scale"`
	Bins   []float64 `ckpt:"bins"`
}

func newDense(v float32) *dense { return &dense{*f32(v, v+1), *f32(v + 2)} }

func trained() *regressor {
	scale := float32(0.5)
	return &regressor{*newDense(1), []*dense{newDense(10), newDense(20)}, map[string]*dense{"a": newDense(30), "b": newDense(40)}, &scale, []float64{1, 2, 3}}
}

// training is the checkpoint of a training program: the model, an optimizer and the step.
func training(t *testing.T) string {
	step := int64(7)
	return saved(t, Group{"model": trained(), "optimizer": groupOf("iterations", tensor.Scalar(int64(7)), "m", []variable{f32(1), f32(2)}), "step": &step})
}

func TestLoadWeights(t *testing.T) {
	path := training(t)
	t.Run("a part of a training checkpoint goes into a model of which nothing is made", func(t *testing.T) {
		var m regressor
		require.NoError(t, LoadWeights(ctx, path, &m, At("model")))
		require.Equal(t, trained(), &m)
	})
	t.Run("a Group names the parts, and what else there is is ignored", func(t *testing.T) {
		var m regressor
		var step int64
		require.NoError(t, LoadWeights(ctx, path, Group{"model": &m, "step": &step}))
		require.Equal(t, trained(), &m)
		require.EqualValues(t, 7, step)
	})
	t.Run("what the model has already is filled in place", func(t *testing.T) {
		m := trained()
		hidden, kernel, scale := m.Hidden[1], m.Input.Kernel.Data(), m.Scale
		kernel[0], *scale = 99, 99
		require.NoError(t, LoadWeights(ctx, path, m, At("model")))
		require.Equal(t, trained(), m)
		require.Same(t, hidden, m.Hidden[1])
		require.Same(t, scale, m.Scale)
		require.EqualValues(t, 1, kernel[0])
	})
	t.Run("At leads to any object, by names escaped as in keys", func(t *testing.T) {
		var layer dense
		require.NoError(t, LoadWeights(ctx, path, &layer, At("model/heads/b")))
		require.Equal(t, newDense(40), &layer)
		var kernel tensor.Tensor[float32]
		require.NoError(t, LoadWeights(ctx, path, &kernel, At("model/hidden/1/kernel")))
		require.Equal(t, f32(20, 21), &kernel)
		var list []*dense
		require.NoError(t, LoadWeights(ctx, path, &list, At("model/hidden"), Strict()))
		require.NoError(t, LoadWeights(ctx, path, new(dense), At("model.heads/a")), "dots join names that have none")
		require.NoError(t, LoadWeights(ctx, path, new(dense), At("model.hidden.0")))
		require.Equal(t, trained().Hidden, list)
		escaped := written(t, groupOf("a/b", groupOf("", groupOf("c.d", scalar(3)))))
		var v struct {
			V variable `ckpt:"c.d"`
		}
		require.NoError(t, LoadWeights(ctx, escaped, &v, At("a.Sb/")))
		require.EqualValues(t, 3, value0(v.V))
	})
	t.Run("At says what there is where its path ends", func(t *testing.T) {
		for at, hint := range map[string]string{"net": "model, optimizer, step, save_counter", "model/hidden/2": "0, 1", "model/input/kernel/x": "the object there has children: "} {
			var mismatch *MismatchError
			require.ErrorAs(t, LoadWeights(ctx, path, new(regressor), At(at)), &mismatch)
			require.Contains(t, mismatch.Problem, fmt.Sprintf("At(%q)", at))
			require.Contains(t, mismatch.Hints[0], hint)
		}
		require.ErrorContains(t, LoadWeights(ctx, path, new(regressor), At("a.b")), `no edge "a" there`)
		require.ErrorContains(t, LoadWeights(ctx, path, new(regressor), At("modle")), `hint: the object there has "model"`)
	})
	t.Run("Strict refuses values that have no place; the counter of saves is none of them", func(t *testing.T) {
		var m regressor
		require.NoError(t, LoadWeights(ctx, path, &m, At("model"), Strict()))
		var mismatch *MismatchError
		require.ErrorAs(t, LoadWeights(ctx, path, Group{"model": new(regressor)}, Strict()), &mismatch)
		require.Equal(t, []string{"step", "optimizer.iterations", "optimizer.m.0", "optimizer.m.1"}, mismatch.Unused)
		require.ErrorContains(t, mismatch, "4 values of the checkpoint have no place in the model")
	})
	t.Run("every value of the model must be there, and the error says which are not and what was probably meant", func(t *testing.T) {
		type renamed struct {
			Input  dense
			Hiden  []*dense
			Heads  struct{ A, C *dense }
			Absent variable
		}
		m := &renamed{Hiden: []*dense{{}}, Absent: scalar(5)}
		var mismatch *MismatchError
		require.ErrorAs(t, LoadWeights(ctx, path, m, At("model")), &mismatch)
		require.Equal(t, []string{"heads.c", "absent", "hiden.0.kernel", "hiden.0.bias"}, mismatch.Missing)
		require.ErrorContains(t, mismatch, "4 values and objects of the model are not in the checkpoint")
		require.ErrorIs(t, mismatch, ErrMismatch)
		require.Equal(t, &renamed{Hiden: []*dense{{}}, Absent: scalar(5)}, m, "and the model is as it was, nil pointers included")
		hinted := &struct{ Imput dense }{}
		require.ErrorAs(t, LoadWeights(ctx, path, hinted, At("model")), &mismatch)
		require.Contains(t, fmt.Sprint(mismatch.Hints), "the checkpoint's root has children: ")
	})
	t.Run("Partial leaves the rest as it is", func(t *testing.T) {
		type more struct {
			Input dense
			Extra variable
		}
		m := &more{Extra: scalar(5)}
		require.NoError(t, LoadWeights(ctx, path, m, At("model"), Partial()))
		require.Equal(t, &more{*newDense(1), scalar(5)}, m)
		require.ErrorContains(t, LoadWeights(ctx, path, &struct{ Nothing variable }{scalar(1)}, Partial()), "nothing of the checkpoint belongs to the model", "but something must be found")
		require.Error(t, LoadWeights(ctx, path, m, At("model"), Partial(), Strict()), "the two are about different sides")
	})
	t.Run("an optional nil pointer, map or slice of structs stays nil where the checkpoint lacks it", func(t *testing.T) {
		type more struct {
			Input dense
			Next  *regressor              `ckpt:",optional"`
			Extra *tensor.Tensor[float32] `ckpt:",optional"`
			Table map[string]*dense       `ckpt:",optional"`
			List  []dense                 `ckpt:",optional"`
		}
		var m more
		require.NoError(t, LoadWeights(ctx, path, &m, At("model")))
		require.Equal(t, more{Input: *newDense(1)}, m)
	})
	t.Run("a model of which nothing is found is a mistake", func(t *testing.T) {
		err := LoadWeights(ctx, path, new(regressor))
		require.ErrorIs(t, err, ErrMismatch)
		require.ErrorContains(t, err, "the checkpoint's root has children: model, optimizer, step, save_counter")
	})
	t.Run("what is no model is refused", func(t *testing.T) {
		for name, m := range map[string]any{"a struct by value": regressor{}, "nil": nil, "a nil pointer": (*regressor)(nil), "a number": 3} {
			require.ErrorIs(t, LoadWeights(ctx, path, m), ErrNotTrackable, name)
		}
	})
	t.Run("progress ends with all bytes", func(t *testing.T) {
		var last Progress
		require.NoError(t, LoadWeights(ctx, path, new(regressor), At("model"), WithProgress(func(p Progress) { last = p })))
		require.Equal(t, Progress{88, 88}, last)
	})
}

// TestTiedWeights loads values that several edges reach, on either side.
func TestTiedWeights(t *testing.T) {
	type tied struct{ Embedding, Output *tensor.Tensor[float32] }
	shared := f32(1, 2)
	one := written(t, &tied{shared, shared})
	two := written(t, &tied{f32(1, 2), f32(3, 4)})
	t.Run("one stored value fills two places of the model", func(t *testing.T) {
		m := tied{f32(0, 0), f32(0, 0)}
		require.NoError(t, LoadWeights(ctx, one, &m, Strict()))
		require.Equal(t, tied{f32(1, 2), f32(1, 2)}, m)
		require.NotSame(t, m.Embedding, m.Output)
		var values struct{ Embedding, Output tensor.Tensor[float32] }
		require.NoError(t, LoadWeights(ctx, one, &values))
		require.Equal(t, f32(1, 2), &values.Output)
	})
	t.Run("nil pointers to it become one", func(t *testing.T) {
		var m tied
		require.NoError(t, LoadWeights(ctx, one, &m))
		require.Same(t, m.Embedding, m.Output)
		require.Equal(t, shared, m.Output)
		m = tied{Output: f32(0, 0)}
		require.NoError(t, LoadWeights(ctx, one, &m))
		require.Equal(t, shared, m.Embedding)
		require.Equal(t, shared, m.Output)
	})
	t.Run("those of another type get values of their own", func(t *testing.T) {
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
			var report Report
			require.NoError(t, LoadWeights(ctx, one, m, ReportTo(&report)))
			got := make(map[string][]float32)
			leavesOf(reflect.ValueOf(m).Elem().Field(0), "0", got)
			leavesOf(reflect.ValueOf(m).Elem().Field(1), "1", got)
			require.Equal(t, map[string][]float32{"0": {1, 2}, "1": {1, 2}}, got)
			require.Len(t, report.Restored, 2)
		}
	})
	t.Run("an object of another kind is none for them", func(t *testing.T) {
		m := &struct {
			Embedding variable
			Output    struct {
				W variable `ckpt:"w,optional"`
			}
		}{}
		require.ErrorContains(t, LoadWeights(ctx, one, m), "Output is a value in the checkpoint (VARIABLE_VALUE), and none in the model")
		var report Report
		require.NoError(t, LoadWeights(ctx, one, m, IgnoreUnknown(), ReportTo(&report)))
		require.Equal(t, "Embedding", report.Restored[0].GoPath)
		require.Equal(t, "Output", report.Mismatched[0].GoPath)
	})
	t.Run("a model that ties what is stored apart takes the first, which Strict refuses", func(t *testing.T) {
		v := f32(0, 0)
		require.NoError(t, LoadWeights(ctx, two, &tied{v, v}))
		require.Equal(t, f32(1, 2), v)
		var mismatch *MismatchError
		require.ErrorAs(t, LoadWeights(ctx, two, &tied{v, v}, Strict()), &mismatch)
		require.Equal(t, []string{"output"}, mismatch.Unused)
		s := mustRead(t, mustNew(t, &tied{v, v}), two)
		require.Len(t, s.Report().Restored, 1)
		require.Equal(t, []Item{{Path: "output", Key: "output/.ATTRIBUTES/VARIABLE_VALUE"}}, s.Report().Unused)
		require.NoError(t, s.AssertConsumed(), "as TensorFlow has it")
	})
	t.Run("nor may what is stored apart differ in shape or dtype", func(t *testing.T) {
		for _, other := range []any{f32(3), scalar(1)} {
			path := written(t, Group{"embedding": f32(1, 2), "output": other})
			v := f32(0, 0)
			err := LoadWeights(ctx, path, &tied{v, v})
			require.ErrorIs(t, err, ErrMismatch)
			require.ErrorContains(t, err, "one object of the program")
			require.Equal(t, f32(0, 0), v)
			_, err = mustNew(t, &tied{v, v}).Read(ctx, path)
			require.ErrorContains(t, err, "one object of the program")
		}
	})
	t.Run("an object with children that is stored twice", func(t *testing.T) {
		type pair struct{ Left, Right *block }
		path := written(t, &pair{&block{*f32(1)}, &block{*f32(2)}})
		b := new(block)
		require.ErrorContains(t, LoadWeights(ctx, path, &pair{b, b}, Strict()), "right.w: unused")
	})
	t.Run("a shared object with children is one object", func(t *testing.T) {
		type pair struct{ Left, Right *block }
		b := &block{*f32(1)}
		var m pair
		require.NoError(t, LoadWeights(ctx, written(t, &pair{b, b}), &m))
		require.Same(t, m.Left, m.Right)
		require.Equal(t, b, m.Left)
		apart := pair{&block{}, &block{}}
		require.NoError(t, LoadWeights(ctx, written(t, &pair{b, b}), &apart))
		require.Equal(t, b, apart.Right)
	})
}

func TestSaveWeights(t *testing.T) {
	type model struct {
		W tensor.Tensor[float32] `ckpt:"w,fullname=w"`
		B tensor.Tensor[float32] `ckpt:"b,fullname=b"`
	}
	m := &model{*f32(1, 2), *f32(3)}
	prefix := filepath.Join(t.TempDir(), "weights", "v1")
	require.NoError(t, SaveWeights(ctx, prefix, m))
	t.Run("the model is the root, and its files are TensorFlow's", func(t *testing.T) {
		requireSameFiles(t, prefix, filepath.Join(golden(t, "saved-root").dir, "written"))
	})
	t.Run("no number, no counter, and the state file names it", func(t *testing.T) {
		require.Equal(t, []string{"checkpoint", "v1.data-00000-of-00001", "v1.index"}, namesIn(t, filepath.Dir(prefix)))
		require.Equal(t, "model_checkpoint_path: \"v1\"\nall_model_checkpoint_paths: \"v1\"\n", string(must(os.ReadFile(filepath.Join(filepath.Dir(prefix), "checkpoint")))))
		require.Equal(t, prefix, must(Latest(filepath.Dir(prefix))))
	})
	t.Run("LoadWeights takes them back, and a Group does not match them", func(t *testing.T) {
		var got model
		require.NoError(t, LoadWeights(ctx, filepath.Dir(prefix), &got, Strict()))
		require.Equal(t, m, &got)
		require.ErrorIs(t, LoadWeights(ctx, prefix, Group{"m": new(model)}), ErrMismatch)
		require.Error(t, mustRead(t, mustNew(t, Group{"m": new(model)}), prefix).AssertNontrivialMatch())
	})
	t.Run("what cannot be saved leaves no file", func(t *testing.T) {
		dir := t.TempDir()
		require.ErrorIs(t, SaveWeights(ctx, filepath.Join(dir, "w"), model{}), ErrNotTrackable)
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, SaveWeights(canceled, filepath.Join(dir, "w"), m), context.Canceled)
		require.Empty(t, namesIn(t, dir))
	})
}
