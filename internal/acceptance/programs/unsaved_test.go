package programs

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// A matrix is a type of another library. It has no exported fields.
type matrix struct{ m [][]float64 }

func newMatrix() *matrix { return &matrix{[][]float64{{1}}} }

// Plain is a struct with numbers and no tags.
type Plain struct {
	W    [][]float32
	Bias *[]float32
	Rate float64
	Skip []float32 `ckpt:"-"`
	name string
}

func TestSavesWithoutVariables(t *testing.T) {
	for name, tt := range map[string]struct {
		root  any
		names []string // in the error
	}{
		"numbers without tags": {&Plain{name: "p"}, []string{"W [][]float32", "Bias []float32", "Rate float64"}},
		"nested":               {&struct{ A, B Plain }{}, []string{"A.W [][]float32", "B.Rate float64"}},
		"behind pointers":      {&struct{ L []*Plain }{}, []string{"L.W [][]float32"}},
		"another library's matrix": {&struct {
			M matrix
			P *matrix
		}{}, []string{"M programs.matrix", "P programs.matrix"}},
		"in an interface":         {&struct{ M, N any }{newMatrix(), []float32{1}}, []string{"M programs.matrix", "N []float32"}},
		"in a map":                {&map[string]any{"a": []float32{1}}, []string{"[a] []float32"}},
		"in an object of a Group": {ckpt.Group{"model": &Plain{}}, []string{"model.W [][]float32"}},
		"inlined":                 {&struct{ Plain }{}, []string{"Plain.W [][]float32"}},
		"not built":               {&struct{ D dense2 }{}, []string{"no values yet: D.Kernel"}},
		"an empty list":           {&struct{ L []dense2 }{[]dense2{}}, nil},
		"a nil pointer":           {&struct{ L *dense2 }{}, nil},
		"nothing":                 {&struct{}{}, nil},
		"a Module":                {new(ckpttest.Node), nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "ckpt")
			refuse := func(verb string, err error) {
				t.Helper()
				require.ErrorIs(t, err, ckpt.ErrNoVariables, verb)
				require.ErrorContains(t, err, "AllowEmpty", verb)
				for _, n := range tt.names {
					require.ErrorContains(t, err, n, verb)
				}
				require.NotContains(t, err.Error(), "Skip", verb)
				require.Empty(t, filesBelow(t, dir), verb)
			}
			c := ckpttest.New(t, tt.root)
			_, err := c.Save(ctx, path)
			refuse("Save", err)
			_, err = c.Save(ctx, path, ckpt.Async())
			refuse("Save, Async", err)
			_, err = c.Write(ctx, path)
			refuse("Write", err)
			refuse("WriteSection", c.WriteSection(ctx, path, 0, 1))
			m, err := ckpt.NewManager(c, dir)
			require.NoError(t, err)
			_, err = m.Save(ctx)
			refuse("Manager.Save", err)
			require.Zero(t, c.SaveCounter())
			for _, ending := range []string{"", ".safetensors", ".npz", ".weights.h5"} {
				refuse("SaveWeights", ckpt.SaveWeights(ctx, path+ending, tt.root))
			}

			c = ckpttest.New(t, tt.root, ckpt.AllowEmpty())
			_, err = c.Save(ctx, path)
			require.NoError(t, err)
			_, err = ckpttest.New(t, tt.root).Write(ctx, path, ckpt.AllowEmpty())
			require.NoError(t, err)
			require.NoError(t, ckpt.SaveWeights(ctx, path, tt.root, ckpt.AllowEmpty()))
			require.NoError(t, c.WriteSection(ctx, filepath.Join(dir, "sections"), 0, 1, ckpt.AllowEmpty()))
		})
	}
	c := ckpttest.New(t, ckpt.Group{})
	_, err := c.Save(ctx, filepath.Join(t.TempDir(), "ckpt"))
	require.NoError(t, err, "a Group without objects is empty on purpose: TensorFlow saves its counter")
	_, err = ckpttest.New(t, ckpt.Group{"m": new(ckpttest.Node)}).Save(ctx, filepath.Join(t.TempDir(), "ckpt"))
	require.ErrorIs(t, err, ckpt.ErrNoVariables)
	_, err = ckpt.NewSaver(&Plain{})
	require.ErrorIs(t, err, ckpt.ErrNoVariables)
	require.ErrorContains(t, err, "W [][]float32")
}

type dense2 struct{ Kernel tensor.Tensor[float32] }

// The first save logs fields that look like weights, have no tag, and are next to variables.
func TestFieldsThatAreNotSaved(t *testing.T) {
	type hybrid struct {
		W       *tensor.Tensor[float32]
		Bias    []float32
		M       *matrix
		Any     any
		Strides []int
		Rates   [2]float32
		Rate    float32
		Skip    []float32 `ckpt:"-"`
		More    map[string]any
	}
	type model struct {
		Layers []*hybrid
		Config Plain `ckpt:"-"`
		Other  Plain
	}
	h := func() *hybrid {
		return &hybrid{W: ckpttest.Vector(1), M: newMatrix(), Any: [][]float32{{1}}, More: map[string]any{"t": ckpttest.Vector(2), "n": []float64{1}, "i": []int{1}}}
	}
	var log bytes.Buffer
	c := ckpttest.New(t, &model{Layers: []*hybrid{h(), h()}}, ckpt.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	dir := t.TempDir()
	_, err := c.Save(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	for _, want := range []string{"programs.hybrid.Bias []float32", "programs.hybrid.M *programs.matrix", "programs.hybrid.Any [][]float32", "programs.model.Other programs.Plain", "Layers[0].More[n] []float64"} {
		require.Contains(t, log.String(), want)
	}
	for _, not := range []string{"Strides", "Rate", "Skip", "Config", "More[i]"} {
		require.NotContains(t, log.String(), not)
	}
	_, err = c.Save(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "once")
}
