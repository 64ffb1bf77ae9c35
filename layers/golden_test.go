package layers

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	lay "github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// tolerance is the allowed difference from Keras, relative to the largest output of the tensor.
const tolerance = 1e-5

// A goldenCase is one case of a golden file, which testdata/gen.py explains.
type goldenCase struct {
	Name    string
	Class   string
	Config  json.RawMessage
	Weights []struct {
		goldenTensor
		Keras3, TF2 []string
	}
	Inputs, Outputs []*goldenTensor
	Kwargs          map[string]json.RawMessage

	blob []byte
}

type goldenTensor struct {
	Shape []int
	DType string
	At    int
}

// readGolden returns the cases of testdata/family.golden.
func readGolden(t testing.TB, family string) []*goldenCase {
	t.Helper()
	return readGoldenFile(t, filepath.Join("testdata", family+".golden"))
}

func readGoldenFile(t testing.TB, name string) []*goldenCase {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	index, blob, ok := bytes.Cut(data, []byte("\n"))
	require.True(t, ok, "a line of JSON comes first")
	var cases []*goldenCase
	require.NoError(t, json.Unmarshal(index, &cases))
	require.NotEmpty(t, cases)
	for _, c := range cases {
		c.blob = blob
	}
	return cases
}

// tensor returns the values of g, nil for Python's None.
func (c *goldenCase) tensor(t testing.TB, g *goldenTensor) *Tensor {
	t.Helper()
	if g == nil {
		return nil
	}
	values := make([]float32, tensor.Shape(g.Shape).Len())
	require.NoError(t, binary.Read(bytes.NewReader(c.blob[4*g.At:]), binary.LittleEndian, values))
	x, err := tensor.FromSlice(values, g.Shape...)
	require.NoError(t, err)
	return x
}

// kwarg returns an array argument, or nil if it was not given.
func (c *goldenCase) kwarg(t testing.TB, name string) *Tensor {
	t.Helper()
	raw, ok := c.Kwargs[name]
	if !ok || string(raw) == "null" {
		return nil
	}
	var g goldenTensor
	require.NoError(t, json.Unmarshal(raw, &g))
	return c.tensor(t, &g)
}

// mask returns a boolean array argument, or nil if it was not given.
func (c *goldenCase) mask(t testing.TB, name string) *Mask {
	t.Helper()
	x := c.kwarg(t, name)
	if x == nil {
		return nil
	}
	keep := make([]bool, x.Len())
	for i, v := range x.Data() {
		keep[i] = v != 0
	}
	m, err := tensor.FromSlice(keep, x.Shape()...)
	require.NoError(t, err)
	return m
}

// A goldenCall calls layer in the way of the case. nil means callGolden.
type goldenCall func(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error)

// eachGolden runs a test for each selected case of the golden files.
func eachGolden(t *testing.T, wanted func(c *goldenCase, family string) bool, test func(t *testing.T, c *goldenCase, call goldenCall, inputs []*Tensor)) {
	t.Helper()
	calls := map[string]goldenCall{"attention": callAttention, "category": callCategories, "embedding": callEmbedding, "model": callModel}
	files, err := filepath.Glob(filepath.Join("testdata", "*.golden"))
	require.NoError(t, err)
	for _, file := range files {
		family := strings.TrimSuffix(filepath.Base(file), ".golden")
		call := calls[family]
		if call == nil {
			call = callGolden
		}
		for _, c := range readGoldenFile(t, file) {
			if !wanted(c, family) {
				continue
			}
			t.Run(family+"/"+c.Class+"/"+c.Name, func(t *testing.T) {
				var inputs []*Tensor
				for _, g := range c.Inputs {
					inputs = append(inputs, c.tensor(t, g))
				}
				test(t, c, call, inputs)
			})
		}
	}
}

// callGolden calls layer with xs and the keyword argument "mask" as the first input's mask.
func callGolden(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	if m := c.mask(t, "mask"); m != nil {
		ctx.Masks = []*Mask{m}
	}
	if l, ok := layer.(MultiLayer); ok {
		return l.ForwardAll(ctx, xs)
	}
	y, err := layer.(Layer).Forward(ctx, xs[0])
	return []*Tensor{y}, err
}

// runGolden runs every case of testdata/family.golden. It makes the layer from Keras's configuration, sets the weights by the
// layer's tags, and compares the outputs with Keras's. It also checks that both names of every Keras weight lead to the same field.
// The call must not make weights, change its inputs, or depend on the old contents of scratch memory or of memory for results.
func runGolden(t *testing.T, family string, call goldenCall) {
	t.Helper()
	if call == nil {
		call = callGolden
	}
	for _, c := range readGolden(t, family) {
		t.Run(c.Class+"/"+c.Name, func(t *testing.T) {
			layer, err := kerasLibrary{}.Make(c.Class, c.Config)
			require.NoError(t, err)
			c.setWeights(t, layer)
			weights := builtTensors(reflect.ValueOf(layer))

			var inputs []*Tensor
			for _, g := range c.Inputs {
				inputs = append(inputs, c.tensor(t, g))
			}
			work := new(kernel.Scratch)
			copy(work.Floats(1<<14), notANumber(1<<14))
			work.Release(kernel.Mark{})
			for range 3 { // reuses the scratch memory and the results of earlier calls
				xs := make([]*Tensor, len(inputs))
				for i, x := range inputs {
					if x != nil {
						xs[i] = x.Clone()
					}
				}
				got, err := call(t, c, layer, &Context{Workspace: (*Workspace)(work)}, xs)
				require.NoError(t, err)
				require.Len(t, got, len(c.Outputs))
				for i, g := range c.Outputs {
					requireClose(t, c.tensor(t, g), got[i])
				}
				require.Equal(t, inputs, xs, "inputs do not change")
				require.Equal(t, kernel.Mark{}, work.Mark(), "scratch memory is given back")
				for _, y := range got {
					copy(y.Data(), notANumber(y.Len()))
					(*Workspace)(work).Reuse(y)
				}
			}
			require.ElementsMatch(t, weights, builtTensors(reflect.ValueOf(layer)), "the call makes no weights if all were restored")
		})
	}
}

// requireClose fails the test if got differs from want by more than the tolerance.
func requireClose(t testing.TB, want, got *Tensor) {
	t.Helper()
	if message := differs(want, got, tolerance, 0); message != "" {
		t.Fatal(message)
	}
}

// smallest is the smallest float32 that is not subnormal. TensorFlow treats smaller values as 0.
const smallest = 1.2e-38

// differs describes how got differs from want, or returns "" if they are close. The tolerance is relative to the largest value,
// or to least if that is larger.
func differs(want, got *Tensor, tolerance, least float64) string {
	if got == nil || !want.Shape().Equal(got.Shape()) {
		return fmt.Sprintf("got %v, want shape %v", got, want.Shape())
	}
	largest := least
	for _, v := range want.Data() {
		if a := math.Abs(float64(v)); !math.IsInf(a, 0) && a > largest {
			largest = a
		}
	}
	for i, v := range want.Data() {
		w, g := float64(v), float64(got.Data()[i])
		if w != g && !(math.IsNaN(w) && math.IsNaN(g)) && !(math.Abs(w-g) <= tolerance*largest+smallest) {
			return fmt.Sprintf("value %d of %v is %v, want %v (off by %.3g of the largest, %v)", i, got.Shape(), g, w, math.Abs(w-g)/largest, largest)
		}
	}
	return ""
}

// setWeights sets the case's weights in the fields of layer to which Keras's edges lead, according to the tags.
func (c *goldenCase) setWeights(t testing.TB, layer any) {
	t.Helper()
	for _, w := range c.Weights {
		if strings.HasPrefix(w.DType, "int") && w.DType != "int8" { // a count, which the outputs do not depend on
			continue
		}
		if ignorer, ok := layer.(lay.Ignorer); ok && len(w.Keras3) > 0 && !slices.ContainsFunc(w.Keras3, func(name string) bool { return !slices.Contains(ignorer.CheckpointIgnores(), name) }) {
			continue
		}
		fields := map[*Tensor]bool{}
		for generation, paths := range map[string][]string{"Keras 3": w.Keras3, "TF 2.0's Keras": w.TF2} {
			if len(paths) == 0 {
				continue
			}
			at := slices.IndexFunc(paths, func(p string) bool { return follow(reflect.ValueOf(layer), strings.Split(p, "/")) != nil })
			require.GreaterOrEqual(t, at, 0, "%T: the tagged fields do not match any of %s's edges %q", layer, generation, paths)
			fields[follow(reflect.ValueOf(layer), strings.Split(paths[at], "/"))] = true
		}
		require.Len(t, fields, 1, "the names of both Keras versions, %q and %q, lead to one field", w.Keras3, w.TF2)
		for field := range fields {
			*field = *c.tensor(t, &w.goldenTensor)
		}
	}
}

// follow returns the tensor to which edges lead from v, or nil if there is none.
func follow(v reflect.Value, edges []string) *Tensor {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if len(edges) == 0 && v.Kind() == reflect.Pointer && v.Type() == reflect.TypeFor[*Tensor]() {
			return v.Interface().(*Tensor)
		}
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch {
	case len(edges) == 0:
		if v.Type() == reflect.TypeFor[Tensor]() && v.CanAddr() {
			return v.Addr().Interface().(*Tensor)
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		if i, err := strconv.Atoi(edges[0]); err == nil && i < v.Len() {
			return follow(v.Index(i), edges[1:])
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag, tagged := f.Tag.Lookup("ckpt")
			if f.Anonymous && !tagged {
				if found := follow(v.Field(i), edges); found != nil {
					return found
				}
			}
			name, options, _ := strings.Cut(tag, ",")
			if name == edges[0] || slices.Contains(strings.Split(options, ","), "alias="+edges[0]) {
				return follow(v.Field(i), edges[1:])
			}
		}
	}
	return nil
}

// builtTensors returns the tensors with values that are reachable from v by tagged fields, each once.
func builtTensors(v reflect.Value) []*Tensor {
	seen := map[*Tensor]bool{}
	var found []*Tensor
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[Tensor]() {
				if x := v.Addr().Interface().(*Tensor); x.Built() && !seen[x] {
					seen[x] = true
					found = append(found, x)
				}
				return
			}
			for i := range v.NumField() {
				f := v.Type().Field(i)
				if _, tagged := f.Tag.Lookup("ckpt"); tagged || f.Anonymous {
					walk(v.Field(i))
				}
			}
		}
	}
	walk(v)
	return found
}

func notANumber(n int) []float32 {
	return slices.Repeat([]float32{float32(math.NaN())}, n)
}

// newTensor returns a tensor for a test's input.
func newTensor(t testing.TB, data []float32, shape ...int) *Tensor {
	t.Helper()
	x, err := tensor.FromSlice(data, shape...)
	require.NoError(t, err)
	return x
}
