package ckpt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// damagedCopy copies a checkpoint with one data file and flips a bit in the last byte of a tensor.
func damagedCopy(t *testing.T, path, key string) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "ckpt")
	var stored bytes.Buffer
	require.NoError(t, ckpttest.Open(t, path).WriteStored(ctx, key, &stored))
	for end, data := range ckpttest.FilesOf(t, path) {
		b := []byte(data)
		if end != ".index" {
			require.Equal(t, 1, bytes.Count(b, stored.Bytes()), "occurrences of %s", key)
			b[bytes.Index(b, stored.Bytes())+stored.Len()-1] ^= 1
		}
		require.NoError(t, os.WriteFile(prefix+end, b, 0o666))
	}
	return prefix
}

func TestFailedRestores(t *testing.T) {
	type model struct {
		A    tensor.Tensor[float32]
		B    *tensor.Tensor[float32]
		C    []float32 `ckpt:"c"`
		D    [][]int32 `ckpt:"d"`
		E    map[string]*ckpttest.Block
		Text string `ckpt:"text"`
		List []*ckpttest.Block
		N    int64 `ckpt:"n"`
	}
	full := func() *model {
		return &model{*ckpttest.Vector(1, 2), ckpttest.Vector(3), []float32{4, 5}, [][]int32{{6}, {7}}, map[string]*ckpttest.Block{"k": {W: *ckpttest.Vector(8)}}, "text", []*ckpttest.Block{{W: *ckpttest.Vector(9)}}, 10}
	}
	path := ckpttest.Written(t, full())
	key := func(name string) string { return name + "/.ATTRIBUTES/VARIABLE_VALUE" }
	models := map[string]func() *model{
		"empty": func() *model { return new(model) },
		"filled": func() *model {
			return &model{*ckpttest.Vector(0, 0), ckpttest.Vector(0), []float32{0, 0}, [][]int32{{0}, {0}}, map[string]*ckpttest.Block{"k": {W: *ckpttest.Vector(0)}}, "", []*ckpttest.Block{{W: *ckpttest.Vector(0)}}, 0}
		},
	}
	without := func(names ...string) string { // the checkpoint of a model that lacks some fields
		g := ckpttest.NodeOf()
		f := full()
		for name, object := range map[string]any{"a": &f.A, "b": f.B, "c": ckpttest.Vector(f.C...), "d": f.D, "e": f.E, "text": &f.Text, "list": f.List, "n": &f.N} {
			lacks := false
			for _, n := range names {
				lacks = lacks || n == name
			}
			if !lacks {
				require.NoError(t, g.Track(name, object))
			}
		}
		return ckpttest.Written(t, g)
	}
	replaced := func(name string, object any) string {
		g := ckpttest.NodeOf()
		f := full()
		for n, o := range map[string]any{"a": &f.A, "b": f.B, "c": ckpttest.Vector(f.C...), "d": f.D, "e": f.E, "text": &f.Text, "list": f.List, "n": &f.N} {
			if n == name {
				o = object
			}
			require.NoError(t, g.Track(n, o))
		}
		return ckpttest.Written(t, g)
	}
	truncated := damagedCopy(t, path, key("a"))
	require.NoError(t, os.Truncate(truncated+".data-00000-of-00001", 8))
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	for name, tt := range map[string]struct {
		ctx  context.Context
		path string
		opts []ckpt.LoadOption
		is   error
	}{
		"a missing value":               {path: without("n"), is: ckpt.ErrMismatch},
		"a missing tensor":              {path: without("a"), is: ckpt.ErrMismatch},
		"an unused value":               {path: replaced("e", ckpttest.NodeOf("k", &ckpttest.Block{W: *ckpttest.Vector(8)}, "more", ckpttest.Scalar(1))), opts: []ckpt.LoadOption{ckpt.Strict()}, is: ckpt.ErrMismatch},
		"another shape":                 {path: replaced("text", tensor.New[string](2)), is: ckpt.ErrMismatch},
		"another rank":                  {path: replaced("d", ckpttest.Vector(1)), is: ckpt.ErrMismatch},
		"another dtype":                 {path: replaced("n", ckpttest.Scalar(1)), is: ckpt.ErrMismatch},
		"a variable instead of a group": {path: replaced("list", ckpttest.NodeOf("0", ckpttest.Scalar(1))), is: ckpt.ErrMismatch},
		"a group instead of a variable": {path: replaced("n", ckpttest.NodeOf("x", ckpttest.Scalar(1))), is: ckpt.ErrMismatch},
		"a truncated data file":         {path: truncated, is: ckpt.ErrCorrupt},
		"a damaged number, Atomic":      {path: damagedCopy(t, path, key("n")), opts: []ckpt.LoadOption{ckpt.Atomic()}, is: ckpt.ErrCorrupt},
		"a damaged string, Atomic":      {path: damagedCopy(t, path, key("text")), opts: []ckpt.LoadOption{ckpt.Atomic()}, is: ckpt.ErrCorrupt},
		"a context that has ended":      {ctx: canceled, path: path, is: context.Canceled},
		"no checkpoint":                 {path: path + "-none", is: ckpt.ErrNotFound},
		"At with a missing object":      {path: path, opts: []ckpt.LoadOption{ckpt.At("a/b/c")}, is: ckpt.ErrMismatch},
	} {
		for state, build := range models {
			t.Run(fmt.Sprintf("%s: the model, %s, has not changed", name, state), func(t *testing.T) {
				m := build()
				call := tt.ctx
				if call == nil {
					call = ctx
				}
				err := ckpt.LoadWeights(call, tt.path, m, tt.opts...)
				require.ErrorIs(t, err, tt.is)
				require.Equal(t, build(), m)
			})
		}
	}
	t.Run("a wrong checksum returns a RestoreError that lists the changed values", func(t *testing.T) {
		m := models["filled"]()
		err := ckpt.LoadWeights(ctx, damagedCopy(t, path, key("a")), m)
		var failed *ckpt.RestoreError
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, err, ckpt.ErrCorrupt)
		require.ErrorContains(t, err, "a (A)")
		require.Contains(t, failed.Torn, "a")
		values := map[string]bool{
			"a": m.A.Data()[1] == 2, "b": m.B.Data()[0] == 3, "c": m.C[1] == 5, "d": m.D[1][0] == 7, "e.k.w": m.E["k"].W.Data()[0] == 8,
			"text": m.Text == "text", "list.0.w": m.List[0].W.Data()[0] == 9, "n": m.N == 10,
		}
		told := make(map[string]bool)
		for _, p := range failed.Restored {
			require.True(t, values[p], "%s was reported as restored", p)
			told[p] = true
		}
		for _, p := range failed.Torn {
			told[p] = true
		}
		for p, changed := range values {
			require.True(t, told[p] || !changed, "%s was changed but not reported", p)
		}
	})
	t.Run("a failed restore resets its allocated pointers to nil", func(t *testing.T) {
		m := new(model)
		require.ErrorIs(t, ckpt.LoadWeights(ctx, damagedCopy(t, path, key("a")), m), ckpt.ErrCorrupt)
		require.Nil(t, m.B)
		require.Nil(t, m.C)
		require.Nil(t, m.E)
		require.Nil(t, m.List)
		require.False(t, m.A.Built())
	})
	t.Run("cast: if a number does not fit, an Atomic load changes nothing", func(t *testing.T) {
		type narrow struct {
			A tensor.Tensor[float32]
			N int8                          `ckpt:"n,cast"`
			W tensor.Tensor[tensor.Float16] `ckpt:"w,cast"`
		}
		path := ckpttest.Written(t, ckpttest.NodeOf("a", ckpttest.Vector(1, 2), "n", tensor.Scalar(int64(1)), "w", ckpttest.Vector(1, 1e9)))
		for _, opts := range [][]ckpt.LoadOption{{ckpt.Atomic()}, nil} {
			m := &narrow{A: *ckpttest.Vector(0, 0), N: 5}
			err := ckpt.LoadWeights(ctx, path, m, opts...)
			var failed *ckpt.RestoreError
			require.ErrorAs(t, err, &failed)
			require.ErrorContains(t, err, "w (W): tensor: cannot cast float32 to float16: element [1] is 1e+09")
			require.EqualValues(t, 5, m.N)
			require.False(t, m.W.Built())
			require.Empty(t, failed.Torn)
			if opts != nil {
				require.Equal(t, ckpttest.Vector(0, 0), &m.A)
				require.Empty(t, failed.Restored)
				require.ErrorContains(t, err, "no variable was changed")
			} else {
				require.Equal(t, []string{"a"}, failed.Restored)
			}
		}
	})
	t.Run("Atomic: if an object rejects its values, the others do not change either", func(t *testing.T) {
		type mixed struct {
			A     ckpttest.Variable
			Rows  [][]int64 `ckpt:"rows"`
			State counted   `ckpt:"state"`
		}
		path := ckpttest.Written(t, &mixed{ckpttest.Vector(1), [][]int64{{1}}, counted{state: "x"}})
		m := &mixed{ckpttest.Vector(0), [][]int64{{0}}, counted{refuse: true}}
		err := ckpt.LoadWeights(ctx, path, m, ckpt.Atomic())
		var failed *ckpt.RestoreError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, []string{"state"}, failed.Torn)
		require.Empty(t, failed.Restored)
		require.Equal(t, ckpttest.Vector(0), m.A)
		require.Equal(t, [][]int64{{0}}, m.Rows)
		m.State.refuse = false
		require.NoError(t, ckpt.LoadWeights(ctx, path, m, ckpt.Atomic()))
		require.Equal(t, ckpttest.Vector(1), m.A)
		require.Equal(t, [][]int64{{1}}, m.Rows)
	})
	t.Run("if a saver fails at the end, allocated pointers are reset to nil, and the error lists the changed values", func(t *testing.T) {
		type model struct {
			Parts ckpttest.Parts `ckpt:"parts"`
			V     ckpttest.Variable
			Cast  tensor.Tensor[float64] `ckpt:"cast,cast"`
			Made  tensor.Tensor[float32]
			List  []float32 `ckpt:"list"`
			N     int64     `ckpt:"n"`
		}
		saver := ckpttest.PartsSaver("test.Parts")
		path := ckpttest.Written(t, &struct {
			Parts               ckpttest.Parts `ckpt:"parts"`
			V, Cast, Made, List ckpttest.Variable
			N                   int64 `ckpt:"n"`
		}{ckpttest.Parts{Values: []int32{1}}, ckpttest.Vector(1), ckpttest.Vector(2), ckpttest.Vector(3), ckpttest.Vector(4), 5}, ckpt.WithSaver(saver))
		saver.Restore = func(context.Context, map[string]any, *ckpt.Reader) error { return errors.New("not today") }
		for _, opts := range [][]ckpt.LoadOption{{ckpt.WithSaver(saver)}, {ckpt.WithSaver(saver), ckpt.Atomic()}} {
			m := &model{V: ckpttest.Vector(0)}
			err := ckpt.LoadWeights(ctx, path, m, opts...)
			var failed *ckpt.RestoreError
			require.ErrorAs(t, err, &failed)
			require.ErrorContains(t, err, "saver test.Parts: not today")
			require.Equal(t, []string{"n", "v"}, failed.Restored)
			require.Empty(t, failed.Torn)
			require.Equal(t, &model{V: ckpttest.Vector(1), N: 5}, m)
		}
	})
}
