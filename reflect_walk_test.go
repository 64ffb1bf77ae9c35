package ckpt_test

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// walkOf returns the program's graph as lines "path Go-path → kind", in node order.
func walkOf(t *testing.T, root any) []string {
	t.Helper()
	g, err := ckpt.WalkOf(root)
	require.NoError(t, err)
	var lines []string
	for _, n := range g.Nodes {
		kind := "group"
		if len(n.Values) > 0 {
			kind = n.Values[0].DType.String()
			if n.Values[0].Built() {
				kind += n.Values[0].Shape.String()
			}
		}
		lines = append(lines, fmt.Sprintf("%s %s", strings.Join(n.EdgePath(), "/"), kind))
	}
	return lines
}

func TestWalk(t *testing.T) {
	shared := ckpttest.Vector(1, 2)
	step := int64(3)
	type base struct {
		Inner tensor.Tensor[float32]
	}
	type list struct {
		Next *list
		W    *tensor.Tensor[float32]
	}
	ring := &list{W: ckpttest.Vector(1)}
	ring.Next = &list{W: ckpttest.Vector(2), Next: ring}
	var any0 any = ckpttest.Block{}
	for _, tt := range []struct {
		name, reason string
		root         any
		want         []string
	}{
		{"untagged fields", "tensors are tracked under snake case, hyper-parameters are not", &struct {
			InputTransform ckpttest.Dense
			Units          int
			Name           string
			Rates          []float32
			When           time.Time
			private        tensor.Tensor[float32]
		}{}, []string{" group", "input_transform group", "input_transform/kernel float32", "input_transform/bias float32"}},
		{"a dash", "the field is ignored", &struct {
			W tensor.Tensor[float32] `ckpt:"-"`
		}{}, []string{" group"}},
		{"tagged plain values", "they are variables", &struct {
			Step  int            `ckpt:"step"`
			Names []string       `ckpt:"names"`
			M     [2][3]float64  `ckpt:"m"`
			R     [][]int8       `ckpt:"r"`
			Flat  []float32      `ckpt:"flat,shape=2x2"`
			P     *int64         `ckpt:"p"`
			Q     *int64         `ckpt:"q"`
			D     time.Duration  `ckpt:"d"`
			B     tensor.Float16 `ckpt:"b"`
		}{Names: []string{"a"}, R: [][]int8{{1, 2}, {3, 4}}, Flat: make([]float32, 4), P: &step, Q: &step},
			[]string{" group", "step int64[]", "names string[1]", "m float64[2 3]", "r int8[2 2]", "flat float32[2 2]", "p int64[]", "d int64[]", "b float16[]"}},
		{"a shared pointer", "one object is one node, named by the first edge", &struct{ A, B *tensor.Tensor[float32] }{shared, shared},
			[]string{" group", "a float32[2]"}},
		{"a struct and its first field", "one address, two objects", &struct{ D ckpttest.Dense }{},
			[]string{" group", "d group", "d/kernel float32", "d/bias float32"}},
		{"a ring", "every object is visited once", ring, []string{" group", "next group", "w float32[1]", "next/w float32[1]"}},
		{"a nil pointer in a recursive type", "nil is not an object", &list{W: ckpttest.Vector(1)}, []string{" group", "w float32[1]"}},
		{"containers", "children are 0, 1, … and the sorted keys", &struct {
			L []*ckpttest.Block
			A [2]ckpttest.Block
			M map[string]ckpttest.Block
		}{[]*ckpttest.Block{{}, nil, {}}, [2]ckpttest.Block{}, map[string]ckpttest.Block{"z": {}, "a": {}}},
			[]string{" group", "l group", "a group", "m group", "l/0 group", "l/2 group", "a/0 group", "a/1 group", "m/a group", "m/z group",
				"l/0/w float32", "l/2/w float32", "a/0/w float32", "a/1/w float32", "m/a/w float32", "m/z/w float32"}},
		{"interfaces", "the contents decide; plain values keep their index and do not make edges", &struct {
			Layers []ckpttest.Layer
			Mixed  []any
			Loose  any
			Plain  []any
		}{[]ckpttest.Layer{&ckpttest.Dense{}, &ckpttest.Dropout{}, &ckpttest.Dense{}}, []any{1, ckpttest.Block{}, "s"}, any0, []any{1, "s"}},
			[]string{" group", "layers group", "mixed group", "loose group", "layers/0 group", "layers/1 group", "layers/2 group", "mixed/1 group", "loose/w float32",
				"layers/0/kernel float32", "layers/0/bias float32", "layers/2/kernel float32", "layers/2/bias float32", "mixed/1/w float32"}},
		{"embedding", "embedded structs are inlined, by pointer too", &struct {
			base
			*Embedded
			X tensor.Tensor[float32]
		}{Embedded: &Embedded{}}, []string{" group", "inner float32", "e float32", "x float32"}},
		{"a tagged embedded struct", "the tag gives it an edge", &struct {
			Embedded `ckpt:"emb"`
		}{}, []string{" group", "emb group", "emb/e float32"}},
		{"a list as the root", "", &[]*ckpttest.Block{{}}, []string{" group", "0 group", "0/w float32"}},
		{"a leaf as the root", "", ckpttest.Vector(1), []string{" float32[1]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, walkOf(t, tt.root), tt.reason)
		})
	}
}

type Embedded struct{ E tensor.Tensor[float32] }

type empty struct{}

func TestZeroSizeObjectsAreTheirOwn(t *testing.T) {
	type model struct {
		A empty  `ckpt:"a"`
		B *empty `ckpt:"b"`
		C *empty `ckpt:"c"`
	}
	require.Equal(t, []string{" group", "a group", "b group", "c group"}, walkOf(t, &model{B: &empty{}, C: &empty{}}))
}

func TestOverlappingMemoryIsRefused(t *testing.T) {
	data := make([]float32, 4)
	_, err := ckpt.New(&struct {
		A []float32 `ckpt:"a"`
		B []float32 `ckpt:"b"`
	}{data[:3], data[2:]})
	require.ErrorContains(t, err, "a (A) and b (B) share memory")
}

func TestNotTrackable(t *testing.T) {
	for name, root := range map[string]any{
		"a number":                  3,
		"a struct by value":         ckpttest.Block{},
		"nil":                       nil,
		"a nil pointer":             (*ckpttest.Block)(nil),
		"a number in a group":       ckpt.Group{"step": 3},
		"nil in a group":            ckpt.Group{"model": nil},
		"a channel":                 new(chan int),
		"a pointer to an interface": new(any),
		"ragged slices": &struct {
			R [][]int8 `ckpt:"r"`
		}{[][]int8{{1}, {1, 2}}},
		"a plain value in a tagged interface": &struct {
			X any `ckpt:"x"`
		}{float32(1)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ckpt.New(root)
			require.Error(t, err)
			if name != "ragged slices" {
				require.ErrorIs(t, err, ckpt.ErrNotTrackable)
			}
		})
	}
}

func TestPathsInErrors(t *testing.T) {
	_, err := ckpt.New(ckpt.Group{"net": &struct {
		Blocks []any `ckpt:"blocks"`
	}{[]any{&struct {
		M map[string]any `ckpt:"m"`
	}{map[string]any{"k": &struct {
		R [][]int8 `ckpt:"r"`
	}{[][]int8{{1}, {1, 2}}}}}}}})
	require.ErrorContains(t, err, `net.blocks.0.m.k.r (net.Blocks[0].M["k"].R)`)
}

func TestDeepAndSelfReferring(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(1 << 20)) // a walk that calls itself for each object would need more
	type node struct {
		Next *node
		W    *tensor.Tensor[float32]
	}
	var head *node
	for range 50_000 {
		head = &node{Next: head}
	}
	head.W = ckpttest.Vector(1)
	g, err := ckpt.WalkOf(head)
	require.NoError(t, err)
	require.Len(t, g.Nodes, 50_001)

	type self *self
	var p self
	p = &p
	_, err = ckpt.New(ckpt.Group{"p": p})
	require.ErrorContains(t, err, "pointers in a row")
}

type (
	forest  []forest
	nesting map[string]nesting
	loop    *loop
	bush    map[string][]*bush
)

// These types contain themselves without a struct in between. A walk of such a type would not end.
func TestTypesThatContainThemselves(t *testing.T) {
	for name, object := range map[string]any{
		"a slice that contains itself": &struct {
			V int64 `ckpt:"v"`
			X forest
		}{X: forest{{}, {{}}}},
		"a map that contains itself": &struct {
			V int64 `ckpt:"v"`
			X nesting
		}{X: nesting{"a": {"b": nil}}},
		"a pointer to itself": &struct {
			V int64 `ckpt:"v"`
			X loop
		}{},
		"a map of slices of pointers to itself": &struct {
			V int64 `ckpt:"v"`
			X bush
		}{},
		"a tagged slice that contains itself": &struct {
			V int64  `ckpt:"v"`
			X forest `ckpt:"x"`
		}{X: forest{{}, {{}}}},
		"a tagged map that contains itself": &struct {
			V int64   `ckpt:"v"`
			X nesting `ckpt:"x"`
		}{X: nesting{"a": {"b": nil}}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ckpt")
			c := ckpttest.New(t, object)
			_, err := c.Write(ctx, path)
			require.NoError(t, err)
			require.NoError(t, ckpttest.Read(t, c, path).AssertConsumed())
		})
	}
}

// These values contain themselves through an interface, which their types do not show.
func TestValuesThatContainThemselves(t *testing.T) {
	m := map[string]any{"w": ckpttest.Scalar(1), "none": 1}
	m["self"] = m
	list := []any{nil, ckpttest.Scalar(2)}
	list[0] = list
	empty := map[string]any{}
	empty["self"] = []any{empty}
	path := filepath.Join(t.TempDir(), "ckpt")
	c := ckpttest.New(t, &struct {
		Map   map[string]any
		List  []any
		Empty map[string]any
	}{m, list, empty})
	_, err := c.Write(ctx, path)
	require.NoError(t, err)
	require.NoError(t, ckpttest.Read(t, c, path).AssertConsumed())
}
