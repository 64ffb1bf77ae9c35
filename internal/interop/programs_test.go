//go:build interop

package interop

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// values provides a program's values, or zeros instead.
type values struct{ fill bool }

// of returns a variable.
func of[T tensor.Element](v values, data []T, shape ...int) *tensor.Tensor[T] {
	if !v.fill {
		return tensor.New[T](shape...)
	}
	t, err := tensor.FromSlice(data, shape...)
	if err != nil {
		panic(err)
	}
	return t
}

// f32 returns a float32 variable, the most common kind.
func f32(v values, data []float32, shape ...int) *tensor.Tensor[float32] {
	return of(v, data, shape...)
}

// scalar returns a variable without axes.
func scalar[T tensor.Element](v values, value T) *tensor.Tensor[T] { return of(v, []T{value}) }

// is returns a plain Go value that is a variable.
func is[T any](v values, value T) T {
	if !v.fill {
		var zero T
		return zero
	}
	return value
}

// rows returns a plain slice that is a variable, or zeros of the same length.
func rows[T any](v values, value []T) []T {
	if !v.fill {
		return make([]T, len(value))
	}
	return value
}

// A program is an object graph that TensorFlow also builds, by a function with the same name in
// oracle/programs.py.
type program struct {
	name  string
	build func(v values) (root any, more []ckpt.Option)
	// unreadable is the reason why TensorFlow cannot restore its own checkpoint.
	unreadable string
}

type dense struct {
	Kernel *tensor.Tensor[float32] `ckpt:"kernel,fullname=dense/kernel"`
	Bias   *tensor.Tensor[float32] `ckpt:"bias,fullname=dense/bias"`
}

type tower struct{ W *tensor.Tensor[float32] }

type linked struct {
	Value *tensor.Tensor[float32]
	Next  *linked
	Me    *linked
}

// opaque is state of the program that is stored as one string. (A named []byte would be a variable of bytes.)
type opaque struct{ state []byte }

func (o *opaque) MarshalBinary() ([]byte, error) { return o.state, nil }

func (o *opaque) UnmarshalBinary(b []byte) error {
	o.state = bytes.Clone(b)
	return nil
}

// several saves two tensors as one node.
type several struct {
	mean  *tensor.Tensor[float32]
	count *tensor.Tensor[int64]
}

func (s *several) CheckpointTensors() ([]ckpt.NamedTensor, error) {
	return []ckpt.NamedTensor{{Name: "mean", Tensor: s.mean}, {Name: "count", Tensor: s.count}}, nil
}

func (s *several) SetCheckpointTensors(got map[string]tensor.Any) error {
	s.mean, _ = tensor.As[float32](got["mean"])
	s.count, _ = tensor.As[int64](got["count"])
	return nil
}

// names has edges that test the escaping of keys.
var names = []string{"", " ", `"`, "'", ",", ".", "..", "./", ".OPTIMIZER_SLOT", ".S", "/", "/.", `\`, "a\nb", "a.Sb", "a.b", "a/b",
	"x/.ATTRIBUTES/VARIABLE_VALUE", "ümlaut", "日本", "🙂"}

func counting(n int) []float32 {
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(i)
	}
	return data
}

// variables returns a list of scalars with the given values.
func variables(v values, data ...float32) []*tensor.Tensor[float32] {
	list := make([]*tensor.Tensor[float32], len(data))
	for i, x := range data {
		list[i] = scalar(v, x)
	}
	return list
}

var programs = []program{
	{name: "keywords", build: func(v values) (any, []ckpt.Option) {
		return ckpt.Group{"w": f32(v, []float32{1, 2, 3, 4, 5, 6}, 2, 3), "step": scalar(v, int64(7)), "name": scalar(v, "a run")}, nil
	}},
	{name: "root", build: func(v values) (any, []ckpt.Option) {
		return &struct {
			Weights tensor.Tensor[float32]
			Bias    float64 `ckpt:"bias"`
		}{*f32(v, []float32{0.5, -0.5}, 2), is(v, 0.25)}, nil
	}},
	{name: "root_with_more", build: func(v values) (any, []ckpt.Option) {
		model := &struct{ Zoo, Ant tensor.Tensor[float32] }{*f32(v, []float32{1}, 1), *f32(v, []float32{2}, 1)}
		apart := &struct{ X *tensor.Tensor[float32] }{scalar(v, float32(4))}
		step := is(v, int64(3))
		return model, []ckpt.Option{ckpt.With("step", &step), ckpt.With("apart", apart)}
	}},
	{name: "nested", build: func(v values) (any, []ckpt.Option) {
		type block struct{ Second, First tensor.Tensor[float32] }
		type head struct{ Kernel tensor.Tensor[float32] }
		type model struct {
			Block block
			Head  *head
		}
		return ckpt.Group{"model": &model{
			block{*f32(v, []float32{1, 2}, 2), *f32(v, []float32{3}, 1)},
			&head{*f32(v, []float32{1, 2}, 2, 1)},
		}}, nil
	}},
	{name: "shared", build: func(v values) (any, []ckpt.Option) {
		table := f32(v, []float32{1, 2}, 1, 2)
		type encoder struct{ Embedding, Scale *tensor.Tensor[float32] }
		type output struct{ Weights *tensor.Tensor[float32] }
		type decoder struct{ Output output }
		return ckpt.Group{"encoder": &encoder{table, scalar(v, float32(2))}, "decoder": &decoder{output{table}}, "again": table}, nil
	}},
	{name: "shared_group", build: func(v values) (any, []ckpt.Option) {
		one := &tower{f32(v, []float32{1, 2, 3}, 3)}
		return ckpt.Group{"left": one, "right": one}, nil
	}},
	{name: "cycle", build: func(v values) (any, []ckpt.Option) {
		a, b := &linked{Value: scalar(v, float32(1))}, &linked{Value: scalar(v, float32(2))}
		a.Next, b.Next, b.Me = b, a, b
		return a, nil
	}},
	{name: "containers", build: func(v values) (any, []ckpt.Option) {
		return &struct {
			List   []*tensor.Tensor[float32]
			Nested [][]*tensor.Tensor[float32]
			Mixed  []any
			Table  map[string]any
			Eleven [11]*tensor.Tensor[float32]
			Empty  []*tensor.Tensor[float32]
			None   map[string]*tensor.Tensor[float32]
		}{
			List:   variables(v, 0, 1),
			Nested: [][]*tensor.Tensor[float32]{variables(v, 2), {}, variables(v, 3, 4)},
			Mixed:  []any{1, scalar(v, float32(5)), "text", nil, &tower{scalar(v, float32(6))}},
			Table:  map[string]any{"a": scalar(v, float32(7)), "b": variables(v, 8)},
			Eleven: [11]*tensor.Tensor[float32](variables(v, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
			Empty:  []*tensor.Tensor[float32]{},
			None:   map[string]*tensor.Tensor[float32]{},
		}, nil
	}},
	{name: "escaped", build: func(v values) (any, []ckpt.Option) {
		type table = map[string]*tensor.Tensor[float32]
		flat := table{}
		for i, name := range names {
			flat[name] = scalar(v, float32(i))
		}
		return &struct {
			Flat table
			Deep map[string]map[string]table
		}{flat, map[string]map[string]table{"p.q": {"r/s": {"": scalar(v, float32(-1))}}}}, nil
	}},
	{name: "reserved", build: func(v values) (any, []ckpt.Option) {
		return &struct {
			Edges map[string]*tensor.Tensor[float32]
		}{map[string]*tensor.Tensor[float32]{".ATTRIBUTES": scalar(v, float32(1))}}, nil
	}, unreadable: "it takes edges/..ATTRIBUTES/.ATTRIBUTES/VARIABLE_VALUE for the attribute of an edge that ends after `edges/.`"},
	{name: "full_names", build: func(v values) (any, []ckpt.Option) {
		return ckpt.Group{"layer": &dense{f32(v, []float32{1, 2}, 2), f32(v, []float32{3}, 1)}, "free": scalar(v, float32(4))}, nil
	}},
	{name: "strings", build: func(v values) (any, []ckpt.Option) {
		list := []string{"", "\x00\xff", "日本", strings.Repeat("a", 127), strings.Repeat("b", 128), strings.Repeat("c", 16384)}
		return &struct{ Scalar, Empty, List, Matrix, None, None2 tensor.Tensor[string] }{
			*scalar(v, "one"), *scalar(v, ""), *of(v, list, 6), *of(v, []string{"a", "bb", "ccc", ""}, 2, 2), *of(v, []string{}, 0), *of(v, []string{}, 2, 0),
		}, nil
	}},
	{name: "integers", build: func(v values) (any, []ckpt.Option) {
		return &struct {
			Flags  tensor.Tensor[bool]
			Int8   tensor.Tensor[int8]
			Int16  tensor.Tensor[int16]
			Int32  tensor.Tensor[int32]
			Int64  tensor.Tensor[int64]
			Uint8  tensor.Tensor[uint8]
			Uint16 tensor.Tensor[uint16]
			Uint32 tensor.Tensor[uint32]
			Uint64 tensor.Tensor[uint64]
		}{
			*of(v, []bool{true, false}, 2),
			*of(v, []int8{math.MinInt8, 1, math.MaxInt8}, 3), *of(v, []int16{math.MinInt16, 1, math.MaxInt16}, 3),
			*of(v, []int32{math.MinInt32, 1, math.MaxInt32}, 3), *of(v, []int64{math.MinInt64, 1, math.MaxInt64}, 3),
			*of(v, []uint8{0, 1, math.MaxUint8}, 3), *of(v, []uint16{0, 1, math.MaxUint16}, 3),
			*of(v, []uint32{0, 1, math.MaxUint32}, 3), *of(v, []uint64{0, 1, math.MaxUint64}, 3),
		}, nil
	}},
	{name: "floats", build: buildFloats},
	{name: "shapes", build: func(v values) (any, []ckpt.Option) {
		return &struct {
			Scalar tensor.Tensor[float32] `ckpt:"s"`
			One    tensor.Tensor[float32] `ckpt:"s1"`
			None   tensor.Tensor[float32] `ckpt:"s0"`
			None3  tensor.Tensor[float32] `ckpt:"s0x3"`
			Two0   tensor.Tensor[float32] `ckpt:"s2x0"`
			Cube   tensor.Tensor[float32] `ckpt:"s2x3x4"`
			Rank9  tensor.Tensor[float32] `ckpt:"s1x1x1x1x1x1x1x1x1"`
			Long   tensor.Tensor[float32] `ckpt:"s300"`
		}{
			*scalar(v, float32(0)), *f32(v, counting(1), 1), *f32(v, counting(0), 0), *f32(v, counting(0), 0, 3), *f32(v, counting(0), 2, 0),
			*f32(v, counting(24), 2, 3, 4), *f32(v, counting(1), 1, 1, 1, 1, 1, 1, 1, 1, 1), *f32(v, counting(300), 300),
		}, nil
	}},
	{name: "plain", build: buildPlain},
	{name: "state", build: func(v values) (any, []ckpt.Option) {
		type inner struct {
			Inner opaque `ckpt:"inner"`
		}
		return &struct {
			Before opaque `ckpt:"before"`
			W      tensor.Tensor[float32]
			After  inner
		}{is(v, opaque{[]byte("\x00\xff{}")}), *f32(v, []float32{1, 2}, 2), inner{is(v, opaque{[]byte("x")})}}, nil
	}},
	{name: "several", build: func(v values) (any, []ckpt.Option) {
		return &struct {
			Several *several
			W       *tensor.Tensor[float32]
		}{&several{f32(v, []float32{1.5, 2.5}, 2), scalar(v, int64(3))}, scalar(v, float32(1))}, nil
	}},
	{name: "nothing", build: func(values) (any, []ckpt.Option) {
		return ckpt.Group{"tree": &struct {
			Branch struct{}                  `ckpt:"branch"`
			Leaf   []*tensor.Tensor[float32] `ckpt:"leaf"`
		}{Leaf: []*tensor.Tensor[float32]{}}}, nil
	}},
	{name: "large", build: func(v values) (any, []ckpt.Option) {
		return ckpt.Group{"big": f32(v, counting(3<<20), 3, 1<<20), "small": f32(v, []float32{1, 2}, 2)}, nil
	}},
	{name: "many", build: func(v values) (any, []ckpt.Option) {
		type layer = map[string]*tensor.Tensor[int32]
		layers := make([]layer, 2500)
		for i := range layers {
			digits := strconv.Itoa(10000 + i)[1:]
			layers[i] = layer{"weights of a layer with a long name " + digits: scalar(v, int32(i))}
		}
		return &struct{ Layers []layer }{layers}, nil
	}},
}

func buildFloats(v values) (any, []ckpt.Option) {
	half := func(x float32) tensor.Float16 { return tensor.Float16FromFloat32(x) }
	brain := func(x float32) tensor.BFloat16 { return tensor.BFloat16FromFloat32(x) }
	inf := float32(math.Inf(1))
	return &struct {
		Half          tensor.Tensor[tensor.Float16]
		Brain         tensor.Tensor[tensor.BFloat16]
		Single        tensor.Tensor[float32]
		Double        tensor.Tensor[float64]
		Complex       tensor.Tensor[complex64]
		ComplexDouble tensor.Tensor[complex128]
		E5M2          tensor.Tensor[tensor.Float8E5M2]   `ckpt:"e5m2"`
		E4M3          tensor.Tensor[tensor.Float8E4M3FN] `ckpt:"e4m3"`
		Int4          tensor.Tensor[tensor.Int4]
		Uint4         tensor.Tensor[tensor.UInt4]
	}{
		*of(v, []tensor.Float16{half(0.1), half(-2), half(inf), half(65504)}, 4),
		*of(v, []tensor.BFloat16{brain(0.1), brain(-2), brain(inf), brain(3e38)}, 4),
		*of(v, []float32{0.1, float32(math.Copysign(0, -1)), 1e-45, -inf}, 4),
		*of(v, []float64{0.1, 5e-324, 1.7e308}, 3),
		*of(v, []complex64{1 - 2i, 0.1i}, 2),
		*of(v, []complex128{1 - 2i, 0.1i}, 2, 1),
		*of(v, []tensor.Float8E5M2{tensor.Float8E5M2FromFloat32(0.25), tensor.Float8E5M2FromFloat32(-57344)}, 2),
		*of(v, []tensor.Float8E4M3FN{tensor.Float8E4M3FNFromFloat32(0.25), tensor.Float8E4M3FNFromFloat32(-448)}, 2),
		*of(v, []tensor.Int4{tensor.Int4FromInt8(-8), 7}, 2),
		*of(v, []tensor.UInt4{0, 15}, 2),
	}, nil
}

func buildPlain(v values) (any, []ckpt.Option) {
	return &struct {
		On       bool         `ckpt:"on"`
		Count    int          `ckpt:"count"`
		Small    int8         `ckpt:"small"`
		Rate     float64      `ckpt:"rate"`
		Label    string       `ckpt:"label"`
		Phase    complex128   `ckpt:"phase"`
		Row      []float32    `ckpt:"row"`
		Square   [2][2]int32  `ckpt:"square"`
		Rows     [][3]float64 `ckpt:"rows"`
		Words    []string     `ckpt:"words"`
		Flat     []float32    `ckpt:"flat,shape=3x2"`
		Raw      [2]uint8     `ckpt:"raw"`
		Unsigned uint64       `ckpt:"unsigned"`
	}{
		is(v, true), is(v, 7), is(v, int8(-3)), is(v, 0.5), is(v, "plain"), is(v, 1+2i), rows(v, []float32{1, 2, 3}),
		is(v, [2][2]int32{{1, 2}, {3, 4}}), rows(v, [][3]float64{{1, 2, 3}, {4, 5, 6}}), rows(v, []string{"a", "b"}),
		rows(v, []float32{1, 2, 3, 4, 5, 6}), is(v, [2]uint8{0, 255}), is(v, uint64(1<<63)),
	}, nil
}
