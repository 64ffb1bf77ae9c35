package kerasnames_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/kerasnames"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk/walktest"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

type vector = tensor.Tensor[float32]

// Dense and Block are layers of a program. The tests' fields have Keras's order.
type (
	Dense struct {
		Kernel, Bias *vector
	}
	Block struct {
		Inner *Dense
		Scale *vector
	}
)

func dense() *Dense { return &Dense{built(), built()} }

func built() *vector { return tensor.New[float32](1) }

// variables lists the keys of names, each with its variable's path in the program.
func variables(names *kerasnames.Names) (all []string) {
	for _, v := range names.Variables {
		all = append(all, v.Key+" "+v.Path())
	}
	return all
}

func TestOf(t *testing.T) {
	shared := dense()
	for _, tt := range []struct {
		name  string
		model any
		want  string // lines of KEY PATH
	}{
		{"attributes", &struct{ B, A *Dense }{dense(), dense()}, `
			a/vars/0 a.kernel
			a/vars/1 a.bias
			b/vars/0 b.kernel
			b/vars/1 b.bias`},
		{"a name with an underscore comes last", &struct {
			A *Dense `ckpt:"_a"`
			B *Dense
		}{dense(), dense()}, `
			b/vars/0 b.kernel
			b/vars/1 b.bias
			layers/dense/vars/0 _a.kernel
			layers/dense/vars/1 _a.bias`},
		{"an object's own variables come first, with those in lists", &struct {
			A    *Dense
			W    *vector
			More []*vector
		}{dense(), built(), []*vector{built(), built()}}, `
			vars/0 w
			vars/1 more.0
			vars/2 more.1
			a/vars/0 a.kernel
			a/vars/1 a.bias`},
		{"lists number their elements by class", &struct {
			Blocks []*Block
			Mixed  struct{ First *Dense }
		}{[]*Block{{dense(), built()}, {dense(), built()}}, struct{ First *Dense }{dense()}}, `
			blocks/block/vars/0 blocks.0.scale
			blocks/block/inner/vars/0 blocks.0.inner.kernel
			blocks/block/inner/vars/1 blocks.0.inner.bias
			blocks/block_1/vars/0 blocks.1.scale
			blocks/block_1/inner/vars/0 blocks.1.inner.kernel
			blocks/block_1/inner/vars/1 blocks.1.inner.bias
			layers/object/first/vars/0 mixed.first.kernel
			layers/object/first/vars/1 mixed.first.bias`},
		{"an object of two attributes has the first's name", &struct{ Second, First *Dense }{shared, shared}, `
			first/vars/0 second.kernel
			first/vars/1 second.bias`},
		{"what sorts after layers is in layers", &struct{ In, Out *Dense }{dense(), dense()}, `
			in/vars/0 in.kernel
			in/vars/1 in.bias
			layers/dense_1/vars/0 out.kernel
			layers/dense_1/vars/1 out.bias`},
		{"an object counts once in layers", &struct{ Out, Put, Zed *Dense }{shared, shared, dense()}, `
			layers/dense/vars/0 out.kernel
			layers/dense/vars/1 out.bias
			layers/dense_1/vars/0 zed.kernel
			layers/dense_1/vars/1 zed.bias`},
		{"variables that are not built are left out", &struct{ A *Dense }{&Dense{built(), new(vector)}}, `
			a/vars/0 a.kernel`},
		{"a layer of package layers has Keras's attributes", &struct{ Both *layers.Bidirectional }{&layers.Bidirectional{
			ForwardLayer: &layers.LSTM{Cell: layers.LSTMCell{Kernel: *built()}},
		}}, `
			both/forward_layer/cell/vars/0 both.forward_layer.cell.kernel`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			names, err := kerasnames.Of(walktest.Graph(t, tt.model))
			require.NoError(t, err)
			require.Equal(t, strings.Fields(tt.want), strings.Fields(strings.Join(variables(names), "\n")))
			for _, v := range names.Variables {
				require.Equal(t, tensor.Shape{1}, v.Source.Shape)
			}
		})
	}
}

func TestUnsupported(t *testing.T) {
	var deep any = dense()
	for range 101 {
		deep = &struct{ A any }{deep}
	}
	for name, tt := range map[string]struct {
		model any
		want  string
	}{
		"a slash": {&struct {
			A *Dense `ckpt:"a/b"`
		}{dense()}, `the name "a/b" of an edge cannot be the name of an HDF5 group`},
		"too deep": {deep, "more than 100 objects on the path to it"},
	} {
		_, err := kerasnames.Of(walktest.Graph(t, tt.model))
		require.ErrorIs(t, err, errors.ErrUnsupported, name)
		require.ErrorContains(t, err, tt.want, name)
	}
}

// An object without variables is in Objects, and only there.
func TestObjects(t *testing.T) {
	g := walktest.Graph(t, &struct{ Empty, Out *Dense }{&Dense{new(vector), new(vector)}, dense()})
	paths := func(objects []kerasnames.Object) (all []string) {
		for _, o := range objects {
			all = append(all, o.Path)
		}
		return all
	}
	names, err := kerasnames.Of(g)
	require.NoError(t, err)
	require.Equal(t, []string{"", "layers/dense_1"}, paths(names.Objects))
	objects, err := kerasnames.Objects(g, func(path string) bool { return path == "" })
	require.NoError(t, err)
	require.Equal(t, []string{"", "empty", "layers/dense_1"}, paths(objects))
	objects, err = kerasnames.Objects(g, func(string) bool { return false })
	require.NoError(t, err)
	require.Equal(t, []string{"", "empty", "out"}, paths(objects), "the root is not a keras.Model")
}

func TestProgram(t *testing.T) {
	g := walktest.Graph(t, &struct {
		A    *Dense
		Dict map[string]*Dense
		List []*Dense
	}{dense(), map[string]*Dense{"x": dense()}, []*Dense{{built(), new(vector)}}})
	type visit struct {
		edges, path string
		variables   bool
		own         string
	}
	var got []visit
	program := kerasnames.Program{Graph: func() *object.Graph { return g }}
	program.KerasObjects(func(string) bool { return false }, func(edges []string, path string, variables bool, own []string) {
		got = append(got, visit{strings.Join(edges, " "), path, variables, strings.Join(own, " ")})
	})
	require.Equal(t, []visit{
		{"", "", true, ""},
		{"a", "a", true, "kernel bias"},
		{"", "dict/dense", true, "kernel bias"},
		{"list 0", "list/dense", true, "kernel bias"},
	}, got)
	kerasnames.Program{Graph: func() *object.Graph { return nil }}.KerasObjects(nil, nil)
}
