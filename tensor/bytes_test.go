package tensor_test

import (
	"encoding/binary"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/tensor"
)

func TestNativeLittleEndian(t *testing.T) {
	require.Equal(t, binary.NativeEndian.Uint16([]byte{1, 0}) == 1, tensor.NativeLittleEndian)
}

// littleEndian returns t's bytes as in a data file, on any machine.
func littleEndian(t *testing.T, a tensor.Any) []byte {
	t.Helper()
	a = tensor.Clone(a)
	if !tensor.NativeLittleEndian {
		tensor.SwapBytes(a)
	}
	b, ok := tensor.Bytes(a)
	require.True(t, ok)
	return b
}

func TestBytes(t *testing.T) {
	for _, c := range []struct {
		name   string
		tensor tensor.Any
		want   []byte
	}{
		{"bool", vector(t, true, false), []byte{1, 0}},
		{"int8", vector[int8](t, -1, 127), []byte{0xff, 0x7f}},
		{"int16", vector[int16](t, -2, 258), []byte{0xfe, 0xff, 2, 1}},
		{"int32", vector[int32](t, 0x01020304), []byte{4, 3, 2, 1}},
		{"int64", vector[int64](t, 0x0102030405060708), []byte{8, 7, 6, 5, 4, 3, 2, 1}},
		{"uint16", vector[uint16](t, 0xfffe), []byte{0xfe, 0xff}},
		{"uint64", vector[uint64](t, math.MaxUint64-1), []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"float32", vector[float32](t, 1), []byte{0, 0, 0x80, 0x3f}},
		{"float64", vector[float64](t, 1), []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
		{"float16", vector(t, tensor.Float16FromFloat32(1)), []byte{0, 0x3c}},
		{"bfloat16", vector(t, tensor.BFloat16FromFloat32(1)), []byte{0x80, 0x3f}},
		{"complex64: real, imaginary", vector(t, complex64(1-2i)), []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}},
		{"complex128: real, imaginary", vector(t, 1-2i), []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}},
		{"int4: a byte each", vector(t, tensor.Int4FromInt8(-8), tensor.Int4FromInt8(-1), 7), []byte{0x08, 0x0f, 0x07}},
		{"int2: a byte each", vector(t, tensor.Int2FromInt8(-2), tensor.Int2FromInt8(-1), 1), []byte{0x02, 0x03, 0x01}},
		{"qint32", vector[tensor.QInt32](t, 1), []byte{1, 0, 0, 0}},
		{"none", tensor.New[float32](0, 4), []byte{}},
		{"not built", new(tensor.Tensor[float32]), []byte{}},
	} {
		t.Run("B-02 "+c.name, func(t *testing.T) { require.Equal(t, c.want, littleEndian(t, c.tensor)) })
	}
	for _, a := range []tensor.Any{tensor.Scalar("text"), tensor.Scalar[tensor.Variant]("proto"), tensor.New[string](0)} {
		_, ok := tensor.Bytes(a)
		require.False(t, ok, "%v has no fixed size", a.DType())
	}
}

func TestBytesAreTheTensorsMemory(t *testing.T) {
	v := vector[uint8](t, 1, 2, 3)
	b, ok := tensor.Bytes(v)
	require.True(t, ok)
	b[1] = 20
	require.Equal(t, uint8(20), v.At(1))
	require.Equal(t, len(b), cap(b), "appending does not overwrite the following memory")
}

func TestAddresses(t *testing.T) {
	values := []int32{1, 2, 3, 4}
	part := func(from, to int) tensor.Any {
		s, err := tensor.FromSlice(values[from:to], to-from)
		require.NoError(t, err)
		return s
	}
	from, to := tensor.Addresses(part(0, 4))
	require.Equal(t, uintptr(16), to-from)
	start, end := tensor.Addresses(part(1, 3))
	require.Equal(t, from+4, start)
	require.Equal(t, to-4, end)
	for name, none := range map[string]tensor.Any{"no elements": part(2, 2), "not built": new(tensor.Tensor[int8]), "strings": tensor.New[string](3)} {
		start, end := tensor.Addresses(none)
		require.Zero(t, start, name)
		require.Zero(t, end, name)
	}
}

func TestSwapBytes(t *testing.T) {
	for _, c := range []struct {
		name         string
		tensor, want tensor.Any
	}{
		{"a byte does not change", vector[uint8](t, 1, 2, 3), vector[uint8](t, 1, 2, 3)},
		{"two bytes", vector[int16](t, 0x0102, 0x0304), vector[int16](t, 0x0201, 0x0403)},
		{"16-bit floats have two bytes", vector[tensor.BFloat16](t, 0x3f80), vector[tensor.BFloat16](t, 0x803f)},
		{"four bytes", vector[uint32](t, 0x01020304), vector[uint32](t, 0x04030201)},
		{"eight bytes", vector[uint64](t, 0x0102030405060708), vector[uint64](t, 0x0807060504030201)},
		{
			"a complex64 is two numbers of four bytes",
			vector(t, complex(math.Float32frombits(0x01020304), math.Float32frombits(0x05060708))),
			vector(t, complex(math.Float32frombits(0x04030201), math.Float32frombits(0x08070605))),
		},
		{
			"a complex128 is two numbers of eight bytes",
			vector(t, complex(math.Float64frombits(0x0102030405060708), 0)),
			vector(t, complex(math.Float64frombits(0x0807060504030201), 0)),
		},
		{"strings do not change", vector(t, "ab"), vector(t, "ab")},
	} {
		t.Run(c.name, func(t *testing.T) {
			tensor.SwapBytes(c.tensor)
			require.True(t, tensor.Equal(c.want, c.tensor), "%+v", c.tensor)
		})
	}
	t.Run("an incomplete element at the end does not change", func(t *testing.T) {
		b := []byte{1, 2, 3, 4, 5, 6}
		tensor.DTFloat32.SwapBytes(b)
		require.Equal(t, []byte{4, 3, 2, 1, 5, 6}, b)
	})
	t.Run("swapping twice changes nothing", rapid.MakeCheck(func(t *rapid.T) {
		d := tensor.DType(rapid.Int32Range(0, 34).Draw(t, "dtype"))
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		twice := append([]byte{}, b...)
		d.SwapBytes(twice)
		d.SwapBytes(twice)
		require.Equal(t, append([]byte{}, b...), twice)
	}))
}

func TestNormalizeMakesForeignBytesBools(t *testing.T) {
	v := tensor.New[bool](5)
	b, ok := tensor.Bytes(v)
	require.True(t, ok)
	copy(b, []byte{0, 1, 2, 0x80, 0xff})
	tensor.DTBool.Normalize(b)
	require.Equal(t, []byte{0, 1, 1, 1, 1}, b)
	require.Equal(t, []bool{false, true, true, true, true}, v.Data())

	b = []byte{0, 2, 255}
	tensor.DTUInt8.Normalize(b)
	require.Equal(t, []byte{0, 2, 255}, b, "any byte is a uint8")
}

func TestAlias(t *testing.T) {
	type celsius float64
	var model struct {
		Step    int64
		Grid    [2][3]float32
		Rows    [][2]int16
		Degrees []celsius
		Labels  []string
		hidden  [2]uint8
		Empty   [0]float32
		None    []float32
	}
	model.Rows = [][2]int16{{1, 2}, {3, 4}, {5, 6}}
	model.Degrees = []celsius{20, 30}
	model.Labels = []string{"a", "b"}
	fields := reflect.ValueOf(&model).Elem()
	alias := func(t *testing.T, name string, shape ...int) tensor.Any {
		t.Helper()
		a, err := tensor.Alias(fields.FieldByName(name), shape...)
		require.NoError(t, err)
		return a
	}

	t.Run("a scalar", func(t *testing.T) {
		step, ok := tensor.As[int64](alias(t, "Step"))
		require.True(t, ok)
		step.Set(7)
		require.Equal(t, int64(7), model.Step)
	})
	t.Run("an array of arrays is one run of memory", func(t *testing.T) {
		grid, ok := tensor.As[float32](alias(t, "Grid", 2, 3))
		require.True(t, ok)
		grid.Set(5, 1, 2)
		require.Equal(t, float32(5), model.Grid[1][2])
	})
	t.Run("a slice of arrays is one run of memory", func(t *testing.T) {
		rows, ok := tensor.As[int16](alias(t, "Rows", 3, 2))
		require.True(t, ok)
		require.Equal(t, []int16{1, 2, 3, 4, 5, 6}, rows.Data())
	})
	t.Run("a named type has the dtype of its kind", func(t *testing.T) {
		degrees, ok := tensor.As[float64](alias(t, "Degrees", 2))
		require.True(t, ok)
		degrees.Set(-1, 0)
		require.Equal(t, celsius(-1), model.Degrees[0])
	})
	t.Run("strings", func(t *testing.T) {
		labels, ok := tensor.As[string](alias(t, "Labels", 2))
		require.True(t, ok)
		labels.Set("new", 1)
		require.Equal(t, []string{"a", "new"}, model.Labels)
	})
	t.Run("an unexported field", func(t *testing.T) {
		hidden, ok := tensor.As[uint8](alias(t, "hidden", 2))
		require.True(t, ok)
		hidden.Set(3, 1)
		require.Equal(t, [2]uint8{0, 3}, model.hidden)
	})
	t.Run("an empty tensor, which is built", func(t *testing.T) {
		require.Equal(t, tensor.Shape{0}, alias(t, "Empty", 0).Shape())
		require.NotNil(t, alias(t, "None", 0, 4).Values())
	})
	t.Run("any element type", func(t *testing.T) {
		for _, e := range elements {
			if e.goType == nil {
				continue
			}
			a, err := tensor.Alias(reflect.MakeSlice(reflect.SliceOf(e.goType), 4, 4), 2, 2)
			require.NoError(t, err)
			require.Equal(t, e.dtype, a.DType())
		}
	})
}

func TestAliasRefuses(t *testing.T) {
	grid := [2][3]float32{}
	for _, c := range []struct {
		name    string
		value   reflect.Value
		shape   []int
		problem string
	}{
		{"no value", reflect.Value{}, nil, "tensor: cannot share the memory of an invalid reflect.Value"},
		{"a value that is not addressable", reflect.ValueOf(grid), []int{2, 3}, "tensor: [2][3]float32 is not addressable"},
		{"another number of elements", reflect.ValueOf(&grid).Elem(), []int{3, 3}, "got 6 values for shape [3 3], want 9"},
		{"nested slices", reflect.ValueOf([][]float32{{1}}), []int{1, 1}, "tensor: []float32 is not an element type"},
		{"structs", reflect.ValueOf([]struct{ X int8 }{{}}), []int{1}, "is not an element type"},
		{"a negative shape", reflect.ValueOf([]int8{1}), []int{-1}, "axis 0 is negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tensor.Alias(c.value, c.shape...)
			require.ErrorContains(t, err, c.problem)
		})
	}
}

func TestFromBytes(t *testing.T) {
	t.Run("the tensor shares the memory", func(t *testing.T) {
		words := tensor.New[uint32](4)
		b, _ := tensor.Bytes(words)
		got, err := tensor.FromBytes(tensor.DTUInt32, b, 2, 2)
		require.NoError(t, err)
		view, ok := tensor.As[uint32](got)
		require.True(t, ok)
		view.Set(7, 1, 1)
		require.EqualValues(t, 7, words.At(3))
	})
	memory, _ := tensor.Bytes(tensor.New[float64](2))
	for _, c := range []struct {
		name    string
		dtype   tensor.DType
		bytes   []byte
		shape   []int
		problem string
	}{
		{"too few bytes", tensor.DTFloat32, memory[:4], []int{2}, "got 4 bytes for float32[2], want 2 elements of 4 bytes"},
		{"half an element", tensor.DTFloat32, memory[:6], []int{1}, "got 6 bytes for float32[1]"},
		{"unaligned memory", tensor.DTFloat32, memory[1:5], []int{1}, "not aligned to 4 bytes"},
		{"strings", tensor.DTString, memory, []int{1}, "elements of string have no fixed size"},
		{"no dtype", tensor.InvalidDType, memory, []int{1}, "dtype"},
		{"a negative shape", tensor.DTInt8, memory, []int{-1}, "axis 0 is negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tensor.FromBytes(c.dtype, c.bytes, c.shape...)
			require.ErrorContains(t, err, c.problem)
		})
	}
}
