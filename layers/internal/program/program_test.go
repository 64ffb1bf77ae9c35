package program_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/layers/internal/program"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// A library has the layers Next, which adds 1 to its first argument, Same, which returns it, Part, which can be joined, and Fail. It
// records the calls.
type library struct{ called *[]string }

func (l library) Make(class string, raw json.RawMessage) (any, error) {
	switch class {
	case "Next", "Same", "Part", "Fail":
		return &class, nil
	case "Functional", "Sequential":
		return program.New(class, raw, l)
	}
	return nil, fault.Errorf(fault.Who{Kind: class}, "%w", fault.ErrUnknownLayer)
}

func (l library) Call(who, class string, _ any, a *ops.Arguments) ([]*ops.Value, error) {
	*l.called = append(*l.called, fmt.Sprint(who, strings.Repeat("+", len(a.Then))))
	v, ok := a.First().(*ops.Value)
	if !ok {
		return nil, fmt.Errorf("%s: %s", who, ops.DescribeArg(a.First()))
	}
	switch class {
	case "Fail":
		return nil, errors.New("failed")
	case "Same":
		return []*ops.Value{v}, nil
	}
	x := v.X.(*kernel.Tensor).Clone()
	for i := range x.Data() {
		x.Data()[i] += float32(1 + len(a.Then))
	}
	return []*ops.Value{ops.FloatValue(x)}, nil
}

func (library) Join(layer any, others []any) bool {
	for _, l := range append(others, layer) {
		if class, ok := l.(*string); !ok || *class != "Part" {
			return false
		}
	}
	return true
}

func (library) Program(layer any) *program.Program {
	p, _ := layer.(*program.Program)
	return p
}

func (library) Keras2() bool                                           { return false }
func (library) Custom(string) bool                                     { return false }
func (library) Keeps(string, any) bool                                 { return false }
func (library) DType(string, any) tensor.DType                         { return tensor.DTFloat32 }
func (library) Activation(any) (f activation.Func, ok bool, err error) { return f, false, nil }

// functional returns the configuration of a model with the input x. Each layer is NAME CLASS ARGUMENT…, where an argument is the name
// of a layer, a number, or a list of such between brackets. Operators begin with "ops.".
func functional(layers []string, outputs ...string) json.RawMessage {
	described := []string{`{"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [null, 2], "dtype": "float32", "name": "x"}, "inbound_nodes": []}`}
	for _, l := range layers {
		parts := strings.Fields(l)
		var args strings.Builder
		for i, arg := range parts[2:] {
			if i > 0 && arg != "]" && parts[1+i] != "[" && parts[1+i+1] != "[" {
				args.WriteString(", ")
			}
			if strings.Trim(arg, "[]0123456789") == "" {
				args.WriteString(arg)
				continue
			}
			fmt.Fprintf(&args, `{"class_name": "__keras_tensor__", "config": {"keras_history": [%q, 0, 0]}}`, arg)
		}
		class, operator := strings.CutPrefix(parts[1], "ops.")
		module := "my"
		if operator {
			module = "keras.src.ops.numpy"
		}
		described = append(described, fmt.Sprintf(`{"module": %q, "class_name": %q, "name": %q, "config": {}, "inbound_nodes": [{"args": [%s], "kwargs": {}}]}`,
			module, class, parts[0], args.String()))
	}
	var outs []string
	for _, o := range outputs {
		outs = append(outs, fmt.Sprintf(`[%q, 0, 0]`, o))
	}
	return json.RawMessage(fmt.Sprintf(`{"name": "m", "layers": [%s], "input_layers": [["x", 0, 0]], "output_layers": [%s]}`, strings.Join(described, ", "), strings.Join(outs, ", ")))
}

// made returns the program of a configuration and the list of its calls.
func made(t *testing.T, layers []string, outputs ...string) (*program.Program, *[]string) {
	called := new([]string)
	p, err := program.New("Functional", functional(layers, outputs...), library{called})
	require.NoError(t, err)
	return p, called
}

// input is [[1, 2]].
func input() []*ops.Value {
	x := tensor.New[float32](1, 2)
	copy(x.Data(), []float32{1, 2})
	return []*ops.Value{ops.FloatValue(x)}
}

// floats returns the values of vs.
func floats(vs []*ops.Value) (all [][]float32) {
	for _, v := range vs {
		all = append(all, v.X.(*kernel.Tensor).Data())
	}
	return all
}

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name    string
		layers  []string
		outputs []string
		calls   string
		want    [][]float32
	}{
		{"a chain", []string{"a Next x", "b Next a"}, []string{"b"}, `Next "a", Next "b"`, [][]float32{{3, 4}}},
		{"the order of the description does not matter", []string{"b Next a", "a Next x"}, []string{"b"}, `Next "a", Next "b"`, [][]float32{{3, 4}}},
		{"what no output needs does not run", []string{"a Next x", "b Fail a"}, []string{"a"}, `Next "a"`, [][]float32{{2, 3}}},
		{"what is farther from the outputs runs first", []string{"a Same x", "b Next x", "c Next b", "d ops.Subtract a c"}, []string{"d"},
			`Next "b", Same "a", Next "c"`, [][]float32{{-2, -2}}},
		{"operators take numbers", []string{"a ops.Add x 5"}, []string{"a"}, ``, [][]float32{{6, 7}}},
		{"lists", []string{"a Next x", "b ops.Concatenate [ x a ]"}, []string{"b"}, `Next "a"`, [][]float32{{1, 2, 2, 3}}},
		{"an output between", []string{"a Next x", "b Next a"}, []string{"b", "a", "x"}, `Next "a", Next "b"`, [][]float32{{3, 4}, {2, 3}, {1, 2}}},
		{"layers that one call computes", []string{"a Part x", "b Part a", "c Part b"}, []string{"c"}, `Part "a"++`, [][]float32{{4, 5}}},
		{"an output ends a joined call", []string{"a Part x", "b Part a", "c Part b"}, []string{"b", "c"}, `Part "a"+, Part "c"`, [][]float32{{3, 4}, {4, 5}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, called := made(t, tt.layers, tt.outputs...)
			got, err := p.Run(new(kernel.Scratch), input(), true)
			require.NoError(t, err)
			require.Equal(t, tt.want, floats(got))
			require.Equal(t, tt.calls, strings.Join(*called, ", "))
		})
	}
}

func TestNewErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		layers []string
		output string
		want   string
	}{
		{"an unknown class", []string{"a Swirl x"}, "a", `layers: Swirl: unsupported layer class`},
		{"an unknown operator", []string{"a ops.Swirl x"}, "a", `layers: keras.ops Swirl: unsupported layer class`},
		{"one name twice", []string{"a Next x", "a Next x"}, "a", `two layers are called "a"`},
		{"an output that is not there", []string{"a Next x"}, "b", `no layer is called "b"`},
		{"an argument that is not there", []string{"a Next b"}, "a", `no layer is called "b"`},
		{"a cycle", []string{"a Next b", "b Next a"}, "a", `layer "a" depends on itself`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := program.New("Functional", functional(tt.layers, tt.output), library{new([]string)})
			require.ErrorContains(t, err, tt.want)
		})
	}
	p, err := program.New("Dense", json.RawMessage(`{"units": 3}`), library{})
	require.NoError(t, err)
	require.Nil(t, p, "not a model")
}

func TestRunErrors(t *testing.T) {
	p, _ := made(t, []string{"a Fail x"}, "a")
	_, err := p.Run(new(kernel.Scratch), input(), true)
	require.EqualError(t, err, "failed")
	_, err = p.Run(new(kernel.Scratch), nil, true)
	require.EqualError(t, err, `layers: functional "m": 0 inputs, want 1: ["x"]`)
	_, err = p.Run(new(kernel.Scratch), []*ops.Value{ops.FloatValue(tensor.New[float32](1, 3))}, true)
	require.IsType(t, new(program.InputError), err)
	require.EqualError(t, err, `layers: functional "m": input "x" shape [1 3], want [… 2]`)
}

// An input of another dtype or with an axis of 1 more or less is converted, as in Keras.
func TestInputsAreFitted(t *testing.T) {
	p, _ := made(t, []string{"a Next x"}, "a")
	for _, shape := range [][]int{{1, 2}, {1, 2, 1}} {
		got, err := p.Run(new(kernel.Scratch), []*ops.Value{ops.IntValue(tensor.New[int64](shape...), tensor.DTInt32)}, true)
		require.NoError(t, err)
		require.Equal(t, [][]float32{{1, 1}}, floats(got))
		require.Equal(t, tensor.Shape{1, 2}, got[0].Shape())
	}
}

func TestTap(t *testing.T) {
	p, called := made(t, []string{"a Next x", "b Next a", "c Fail b"}, "c")
	tap, err := p.Tap([]string{"b", "x"})
	require.NoError(t, err)
	for range 2 { // the program from which it comes is as before
		*called = nil
		got, err := tap.Run(new(kernel.Scratch), input(), true)
		require.NoError(t, err)
		require.Equal(t, [][]float32{{3, 4}, {1, 2}}, floats(got))
		require.Equal(t, []string{`Next "a"`, `Next "b"`}, *called)
		_, err = p.Run(new(kernel.Scratch), input(), true)
		require.EqualError(t, err, "failed")
	}
	_, err = p.Tap([]string{"d"})
	require.ErrorContains(t, err, `no layer is called "d"`)
}

func TestShapes(t *testing.T) {
	p, _ := made(t, []string{"a Next x", "b Fail a", "c Next b", "d ops.ExpandDims a"}, "c", "d")
	shapes := p.Shapes(input())
	require.Equal(t, tensor.Shape{1, 2}, shapes["a"][0])
	require.NotContains(t, shapes, "b", "it fails")
	require.NotContains(t, shapes, "c", "it depends on a call that fails")
}

// Callers may change the outputs: these share no memory with each other or with the inputs.
func TestOwn(t *testing.T) {
	p, _ := made(t, []string{"a Same x", "b Same a"}, "a", "b")
	in := input()
	got, err := p.Run(new(kernel.Scratch), in, true)
	require.NoError(t, err)
	got = p.Own(in, got)
	got[0].X.(*kernel.Tensor).Data()[0] = 7
	require.Equal(t, [][]float32{{7, 2}, {1, 2}, {1, 2}}, floats(append(got, in...)))
}

func TestDTypes(t *testing.T) {
	p, _ := made(t, []string{"a ops.Greater x 0", "b ops.Argmax x", "c ops.Add x 1", "d ops.Sum a", "e Next a"}, "a", "b", "c", "d", "e")
	var got []tensor.DType
	for _, r := range p.Results {
		got = append(got, r.DType)
	}
	require.Equal(t, []tensor.DType{tensor.DTBool, tensor.DTInt32, tensor.DTFloat32, tensor.DTInt32, tensor.DTFloat32}, got)
}

func TestSequential(t *testing.T) {
	called := new([]string)
	p, err := program.New("Sequential", json.RawMessage(`{"name": "s", "build_input_shape": [null, 2], "layers": [
		{"class_name": "Next", "config": {"name": "a"}}, {"class_name": "Next", "config": {"name": "b"}}, {"class_name": "Next", "config": {"name": "a"}},
		{"class_name": "Functional", "config": `+string(functional([]string{"i Next x"}, "i"))+`}]}`), library{called})
	require.NoError(t, err)
	got, err := p.Run(new(kernel.Scratch), input(), true)
	require.NoError(t, err)
	require.Equal(t, [][]float32{{5, 6}}, floats(got))
	require.Equal(t, []string{`Next "a"`, `Next "b"`, `Next "a"`, `Next "i"`}, *called, "a layer may occur twice")
	require.Len(t, p.Callees, 3)
	require.Equal(t, tensor.Shape{-1, 2}, p.Inputs[0].Shape)
}
