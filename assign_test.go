package ckpt_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// A scoped has variables in two scopes, and one outside both. The name of one scope is a prefix of the other's.
type scoped struct {
	Useful struct {
		A *tensor.Tensor[float32]
		B *tensor.Tensor[float32]
	} `ckpt:"useful_scope"`
	Other struct {
		A *tensor.Tensor[float32]
	} `ckpt:"useful_scope_1"`
	Top *tensor.Tensor[float32]
}

func newScoped() *scoped {
	m := new(scoped)
	m.Useful.A, m.Useful.B, m.Other.A, m.Top = ckpttest.Vector(0), ckpttest.Vector(0, 0), ckpttest.Vector(0), ckpttest.Vector(0)
	return m
}

func (m *scoped) values() []float32 {
	return []float32{m.Useful.A.Data()[0], m.Useful.B.Data()[1], m.Other.A.Data()[0], m.Top.Data()[0]}
}

func TestAssignFromCheckpoint(t *testing.T) {
	dir := t.TempDir()
	path := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"other/a": ckpttest.Vector(1), "other/b": ckpttest.Vector(0, 2), "a": ckpttest.Vector(3), "b": ckpttest.Vector(0, 4), "x/useful_scope/a": ckpttest.Vector(5), "x/useful_scope/b": ckpttest.Vector(0, 6),
		"x/useful_scope_1/a": ckpttest.Vector(7), "x/top": ckpttest.Vector(8), "rows": countingUp(4, 2)}).Save(ctx, filepath.Join(dir, "s")))
	single := ckpttest.Vector(0)
	for name, c := range map[string]struct {
		from map[string]any
		want []float32
	}{
		"N-21 a scope takes the variables of another scope, not those of a scope with the same beginning": {map[string]any{"other/": "useful_scope/"}, []float32{1, 2, 0, 0}},
		"N-21 a scope takes variables outside of all scopes":                                              {map[string]any{"/": "useful_scope/"}, []float32{3, 4, 0, 0}},
		"N-21 everything takes the variables of a scope":                                                  {map[string]any{"x/": "/"}, []float32{5, 6, 7, 8}},
		"N-21 a variable by its name":                                                                     {map[string]any{"a": "useful_scope_1/a"}, []float32{0, 0, 3, 0}},
		"N-21 several pairs":                                                                              {map[string]any{"a": "top", "other/": "useful_scope/"}, []float32{1, 2, 0, 3}},
		"N-21 one tensor for several variables":                                                           {map[string]any{"a": []any{"top", "useful_scope/a", single}}, []float32{3, 0, 0, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newScoped()
			require.NoError(t, ckpt.AssignFromCheckpoint(ctx, path, m, c.from))
			require.Equal(t, c.want, m.values())
		})
	}
	t.Run("N-21 a variable as the target, in a model or not", func(t *testing.T) {
		m, alone := newScoped(), ckpttest.Vector(0)
		require.NoError(t, ckpt.AssignFromCheckpoint(ctx, path, m, map[string]any{"a": m.Top, "other/a": alone}))
		require.Equal(t, []float32{0, 0, 0, 3}, m.values())
		require.NoError(t, ckpt.AssignFromCheckpoint(ctx, dir, nil, map[string]any{"x/top": alone}))
		require.EqualValues(t, 8, ckpttest.Value(alone))
	})
	t.Run("N-19 N-21 a variable in parts", func(t *testing.T) {
		type partitioned struct {
			V *ckpt.Partitioned `ckpt:"v,fullname=scope/rows"`
		}
		for _, target := range []any{"scope/rows", "scope/", nil} {
			a, b := tensor.New[float32](1, 2), tensor.New[float32](3, 2)
			m := &partitioned{ckpt.Partition(0, a, b)}
			key, model := "rows", any(m)
			switch target {
			case "scope/":
				key = "/"
			case nil:
				target, model = m.V, nil
			}
			require.NoError(t, ckpt.AssignFromCheckpoint(ctx, path, model, map[string]any{key: target}))
			require.Equal(t, []float32{0, 1}, a.Data())
			require.Equal(t, []float32{2, 3, 4, 5, 6, 7}, b.Data())
		}
	})
	t.Run("an object-based checkpoint, by its keys", func(t *testing.T) {
		objects, got := ckpttest.Written(t, ckpt.Group{"w": ckpttest.Vector(9)}), ckpttest.Vector(0)
		require.NoError(t, ckpt.AssignFromCheckpoint(ctx, objects, nil, map[string]any{"w/.ATTRIBUTES/VARIABLE_VALUE": got}))
		require.EqualValues(t, 9, ckpttest.Value(got))
	})
	for name, c := range map[string]struct {
		from map[string]any
		is   error
		want string
	}{
		"N-21 a missing tensor":                   {map[string]any{"none": "top"}, ckpt.ErrNotFound, `the checkpoint has no tensor "none" (for "none")`},
		"N-21 a tensor of a missing scope":        {map[string]any{"none/": "useful_scope/"}, ckpt.ErrNotFound, `tensor "none/b" (for "none/")`},
		"N-21 a variable that the model lacks":    {map[string]any{"a": "useful_scope/none"}, ckpt.ErrMismatch, `no variable "useful_scope/none"`},
		"N-21 a scope that the model lacks":       {map[string]any{"other/": "none/"}, ckpt.ErrMismatch, `no variables in "none/"`},
		"N-21 a scope as the target of a tensor":  {map[string]any{"a": "useful_scope/"}, ckpt.ErrMismatch, "scopes must both end with"},
		"N-21 a scope without a slash":            {map[string]any{"other/": "useful_scope"}, ckpt.ErrMismatch, "scopes must both end with"},
		"N-21 another shape":                      {map[string]any{"a": "top", "b": "useful_scope/a"}, ckpt.ErrMismatch, "shape [2] in the checkpoint, [1] in the model"},
		"a variable as the target of two tensors": {map[string]any{"a": "top", "x/": "/"}, ckpt.ErrMismatch, `Top cannot take both "a" and "x/top"`},
		"an object":                      {map[string]any{"a": newScoped()}, nil, "is not a variable"},
		"a target that is not trackable": {map[string]any{"a": 1}, ckpt.ErrNotTrackable, "not trackable"},
		"nil":                            {map[string]any{"a": nil}, ckpt.ErrNotTrackable, "nil"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newScoped()
			err := ckpt.AssignFromCheckpoint(ctx, path, m, c.from)
			require.ErrorContains(t, err, c.want)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			require.Equal(t, make([]float32, 4), m.values(), "nothing has changed")
		})
	}
	t.Run("N-21 a missing file", func(t *testing.T) {
		require.ErrorIs(t, ckpt.AssignFromCheckpoint(ctx, filepath.Join(dir, "gone"), newScoped(), map[string]any{"a": "top"}), ckpt.ErrNotFound)
	})
}
