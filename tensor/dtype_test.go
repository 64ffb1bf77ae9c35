package tensor_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// elements lists every dtype: its number and name in TensorFlow's DataType enum, the size of an element in a
// data file, and an element's Go type.
var elements = []struct {
	dtype  tensor.DType
	number int32
	name   string
	size   int
	goType reflect.Type // nil: Go has no such values
}{
	{tensor.DTFloat32, 1, "float32", 4, reflect.TypeFor[float32]()},
	{tensor.DTFloat64, 2, "float64", 8, reflect.TypeFor[float64]()},
	{tensor.DTInt32, 3, "int32", 4, reflect.TypeFor[int32]()},
	{tensor.DTUInt8, 4, "uint8", 1, reflect.TypeFor[uint8]()},
	{tensor.DTInt16, 5, "int16", 2, reflect.TypeFor[int16]()},
	{tensor.DTInt8, 6, "int8", 1, reflect.TypeFor[int8]()},
	{tensor.DTString, 7, "string", 0, reflect.TypeFor[string]()},
	{tensor.DTComplex64, 8, "complex64", 8, reflect.TypeFor[complex64]()},
	{tensor.DTInt64, 9, "int64", 8, reflect.TypeFor[int64]()},
	{tensor.DTBool, 10, "bool", 1, reflect.TypeFor[bool]()},
	{tensor.DTQInt8, 11, "qint8", 1, reflect.TypeFor[tensor.QInt8]()},
	{tensor.DTQUInt8, 12, "quint8", 1, reflect.TypeFor[tensor.QUInt8]()},
	{tensor.DTQInt32, 13, "qint32", 4, reflect.TypeFor[tensor.QInt32]()},
	{tensor.DTBFloat16, 14, "bfloat16", 2, reflect.TypeFor[tensor.BFloat16]()},
	{tensor.DTQInt16, 15, "qint16", 2, reflect.TypeFor[tensor.QInt16]()},
	{tensor.DTQUInt16, 16, "quint16", 2, reflect.TypeFor[tensor.QUInt16]()},
	{tensor.DTUInt16, 17, "uint16", 2, reflect.TypeFor[uint16]()},
	{tensor.DTComplex128, 18, "complex128", 16, reflect.TypeFor[complex128]()},
	{tensor.DTFloat16, 19, "float16", 2, reflect.TypeFor[tensor.Float16]()},
	{tensor.DTResource, 20, "resource", 0, nil},
	{tensor.DTVariant, 21, "variant", 0, reflect.TypeFor[tensor.Variant]()},
	{tensor.DTUInt32, 22, "uint32", 4, reflect.TypeFor[uint32]()},
	{tensor.DTUInt64, 23, "uint64", 8, reflect.TypeFor[uint64]()},
	{tensor.DTFloat8E5M2, 24, "float8_e5m2", 1, reflect.TypeFor[tensor.Float8E5M2]()},
	{tensor.DTFloat8E4M3FN, 25, "float8_e4m3fn", 1, reflect.TypeFor[tensor.Float8E4M3FN]()},
	{tensor.DTFloat8E4M3FNUZ, 26, "float8_e4m3fnuz", 1, reflect.TypeFor[tensor.Float8E4M3FNUZ]()},
	{tensor.DTFloat8E4M3B11FNUZ, 27, "float8_e4m3b11fnuz", 1, reflect.TypeFor[tensor.Float8E4M3B11FNUZ]()},
	{tensor.DTFloat8E5M2FNUZ, 28, "float8_e5m2fnuz", 1, reflect.TypeFor[tensor.Float8E5M2FNUZ]()},
	{tensor.DTInt4, 29, "int4", 1, reflect.TypeFor[tensor.Int4]()},
	{tensor.DTUInt4, 30, "uint4", 1, reflect.TypeFor[tensor.UInt4]()},
	{tensor.DTInt2, 31, "int2", 1, reflect.TypeFor[tensor.Int2]()},
	{tensor.DTUInt2, 32, "uint2", 1, reflect.TypeFor[tensor.UInt2]()},
	{tensor.DTFloat4E2M1FN, 33, "float4_e2m1fn", 1, reflect.TypeFor[tensor.Float4E2M1FN]()},
}

func TestDTypes(t *testing.T) {
	for i, e := range elements {
		t.Run("B-02 "+e.name+" has TensorFlow's number, name and size", func(t *testing.T) {
			require.Equal(t, i+1, int(e.number), "the list is the whole enum")
			require.Equal(t, tensor.DType(e.number), e.dtype)
			require.True(t, e.dtype.Valid())
			require.Equal(t, e.name, e.dtype.String())
			require.Equal(t, e.size, e.dtype.Size())

			parsed, err := tensor.ParseDType(e.name)
			require.NoError(t, err)
			require.Equal(t, e.dtype, parsed)

			if e.goType == nil {
				_, err := tensor.Zero(e.dtype)
				require.EqualError(t, err, "tensor: tensors of "+e.name+" are not supported")
				return
			}
			require.Equal(t, e.dtype, tensor.DTypeOfType(e.goType))
			a, err := tensor.NewAny(e.dtype, 2, 3)
			require.NoError(t, err)
			require.Equal(t, e.dtype, a.DType(), "DTypeOf agrees with Zero")
			require.Equal(t, e.goType, reflect.TypeOf(a.Values()).Elem())
			if e.size > 0 {
				require.Equal(t, e.size, int(e.goType.Size()), "memory has the same bytes as the file")
			}
		})
	}
}

func TestNumbersThatAreNoDType(t *testing.T) {
	for _, d := range []tensor.DType{tensor.InvalidDType, -1, 34, 77, 101 /* DT_FLOAT_REF */, -1 << 31, 1<<31 - 1} {
		require.False(t, d.Valid())
		require.Zero(t, d.Size())
		require.Contains(t, d.String(), "dtype(")
		_, err := tensor.NewAny(d, 1)
		require.ErrorContains(t, err, d.String())
	}
	for _, name := range []string{"", "float", "Float32", "invalid"} {
		_, err := tensor.ParseDType(name)
		require.ErrorContains(t, err, "unknown dtype")
	}
}

func TestHasValues(t *testing.T) {
	for d := tensor.DType(-2); d < 200; d++ {
		_, err := tensor.Zero(d)
		require.Equal(t, err == nil, d.HasValues(), d)
	}
}

func TestDTypeOfType(t *testing.T) {
	type celsius float64
	type ok bool
	type half tensor.Float16
	type label string
	for _, c := range []struct {
		name string
		typ  reflect.Type
		want tensor.DType
	}{
		{"a named float64 is stored as its kind", reflect.TypeFor[celsius](), tensor.DTFloat64},
		{"a named bool is stored as its kind", reflect.TypeFor[ok](), tensor.DTBool},
		{"a named string is stored as its kind", reflect.TypeFor[label](), tensor.DTString},
		{"a name for an element's name is its kind too", reflect.TypeFor[half](), tensor.DTUInt16},
		{"a struct is not an element", reflect.TypeFor[struct{ X int8 }](), tensor.InvalidDType},
		{"a pointer is not an element", reflect.TypeFor[*float32](), tensor.InvalidDType},
		{"uintptr is not an element", reflect.TypeFor[uintptr](), tensor.InvalidDType},
		{"the type of nil is not an element", reflect.TypeOf(nil), tensor.InvalidDType},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, tensor.DTypeOfType(c.typ)) })
	}
	t.Run("a named type is stored as its underlying type", func(t *testing.T) {
		type (
			i8   int8
			i16  int16
			i32  int32
			i64  int64
			u8   uint8
			u16  uint16
			u32  uint32
			u64  uint64
			f32  float32
			c64  complex64
			c128 complex128
		)
		for _, v := range []any{i8(0), i16(0), i32(0), i64(0), u8(0), u16(0), u32(0), u64(0), f32(0), c64(0), c128(0)} {
			typ := reflect.TypeOf(v)
			require.Equal(t, typ.Kind().String(), tensor.DTypeOfType(typ).String())
		}
	})
	t.Run("int and uint are elements only if they have 64 bits", func(t *testing.T) {
		wantInt, wantUint := tensor.InvalidDType, tensor.InvalidDType
		if reflect.TypeFor[int]().Size() == 8 {
			wantInt, wantUint = tensor.DTInt64, tensor.DTUInt64
		}
		require.Equal(t, wantInt, tensor.DTypeOfType(reflect.TypeFor[int]()))
		require.Equal(t, wantUint, tensor.DTypeOfType(reflect.TypeFor[uint]()))
	})
}
