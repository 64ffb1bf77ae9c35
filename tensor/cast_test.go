package tensor_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/tensor"
)

var (
	inf = math.Inf(1)
	nan = math.NaN()
)

func TestCast(t *testing.T) {
	for _, c := range []struct {
		name      string
		src, want tensor.Any
	}{
		{"a float to a wider one is exact", vector[float32](t, 0.1, -1.5), vector(t, float64(float32(0.1)), -1.5)},
		{"a float to a narrower one rounds to the nearest", vector(t, 0.1, -1.5), vector[float32](t, 0.1, -1.5)},
		{"of two equally near values the even one", vector[float32](t, 1+1.0/256, 1+3.0/256), vector[tensor.BFloat16](t, 0x3f80, 0x3f82)},
		{"rounded once, not first to float32", vector(t, 1+math.Ldexp(1, -11)+math.Ldexp(1, -40)), vector[tensor.Float16](t, 0x3c01)},
		{"too small, so it becomes zero", vector(t, 1e-300, -1e-300), vector(t, float32(0), float32(math.Copysign(0, -1)))},
		{"infinities do not change", vector(t, inf, -inf), vector[tensor.Float16](t, 0x7c00, 0xfc00)},
		{"NaN stays", vector(t, nan), vector[tensor.Float8E4M3FN](t, 0x7f)},
		{"between small floats", vector[tensor.BFloat16](t, 0x3f80, 0xc040), vector[tensor.Float8E5M2](t, 0x3c, 0xc2)},
		{"the largest value that rounds into the range", vector[float32](t, 65519.99), vector[tensor.Float16](t, 0x7bff)},
		{"a tie that rounds to the largest e4m3fn", vector[float32](t, 464), vector[tensor.Float8E4M3FN](t, 0x7e)},

		{"an integer to a wider one", vector[int8](t, -128, 127), vector[int64](t, -128, 127)},
		{"an integer to a narrower one", vector[int64](t, -128, 127), vector[int8](t, -128, 127)},
		{"signed to unsigned", vector[int32](t, 0, math.MaxInt32), vector[uint32](t, 0, math.MaxInt32)},
		{"all values of uint64", vector[uint32](t, math.MaxUint32), vector[uint64](t, math.MaxUint32)},
		{"to four bits as TensorFlow stores them", vector[int64](t, -8, -1, 7), vector[tensor.Int4](t, 0x8, 0xf, 0x7)},
		{"from four bits, without the upper bits", vector[tensor.Int4](t, 0xd, -3, 0x1d), vector[int32](t, -3, -3, -3)},
		{"to two bits", vector[uint8](t, 0, 3), vector[tensor.UInt2](t, 0, 3)},
		{"from two bits", vector[tensor.Int2](t, 0, 1, 2, 3), vector[int8](t, 0, 1, -2, -1)},
		{"a quantized integer like its integer", vector[tensor.QInt8](t, -5), vector[int32](t, -5)},

		{"a complex number part by part", vector(t, 0.1-2i), vector(t, complex64(0.1-2i))},
		{"and back", vector(t, complex64(0.5-2i)), vector(t, 0.5-2i)},
		{"its infinities stay", vector(t, complex(inf, -inf)), vector(t, complex(float32(inf), float32(-inf)))},

		{"a bool to a bool", vector(t, true, false), vector(t, true, false)},
		{"a string to a string", vector(t, "a", ""), vector(t, "a", "")},
		{"no elements", tensor.New[float64](0, 3), tensor.New[float32](0, 3)},
		{"a scalar", tensor.Scalar(2.5), tensor.Scalar[float32](2.5)},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst, err := tensor.NewAny(c.want.DType(), c.want.Shape()...)
			require.NoError(t, err)
			require.NoError(t, tensor.Cast(dst, c.src))
			require.True(t, tensor.Equal(c.want, dst), "want %+v, got %+v", c.want, dst)
		})
	}
}

func TestCastRefusesValuesThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		name    string
		src     tensor.Any
		to      tensor.DType
		problem string
	}{
		{"an integer beyond the largest", vector[int32](t, 127, 128), tensor.DTInt8, "tensor: cannot cast int32 to int8: element [1] is 128, which int8 cannot hold"},
		{"an integer below the smallest", vector[int32](t, -129), tensor.DTInt8, "element [0] is -129"},
		{"a negative integer to an unsigned one", vector[int8](t, -1), tensor.DTUInt64, "element [0] is -1"},
		{"the largest uint64, which does not become -1", vector[uint64](t, math.MaxUint64), tensor.DTInt64, "element [0] is 18446744073709551615"},
		{"the largest uint64 to a narrow dtype", vector[uint64](t, math.MaxUint64), tensor.DTInt4, "element [0] is 18446744073709551615"},
		{"beyond four bits", vector[uint8](t, 8), tensor.DTInt4, "element [0] is 8"},
		{"beyond two bits", vector[int8](t, 4), tensor.DTUInt2, "element [0] is 4"},
		{"negative four bits to unsigned ones", vector[tensor.Int4](t, 0xf), tensor.DTUInt4, "element [0] is -1"},
		{"a finite float that would be infinite", vector(t, 1e300), tensor.DTFloat32, "element [0] is 1e+300, which float32 cannot hold"},
		{"infinite only by rounding", vector[float32](t, 65520), tensor.DTFloat16, "element [0] is 65520"},
		{"beyond e4m3fn, where it would be NaN", vector[float32](t, 465), tensor.DTFloat8E4M3FN, "element [0] is 465"},
		{"beyond e5m2fnuz, where it would be NaN", vector[float32](t, -61440), tensor.DTFloat8E5M2FNUZ, "element [0] is -61440"},
		{"beyond e2m1fn, where it would be the largest", vector[float32](t, 7), tensor.DTFloat4E2M1FN, "element [0] is 7"},
		{"an infinity to a dtype without infinities", vector(t, inf), tensor.DTFloat8E4M3FN, "element [0] is +Inf"},
		{"a NaN to a dtype without NaN", vector(t, nan), tensor.DTFloat4E2M1FN, "element [0] is NaN"},
		{"a complex number's real part", vector(t, complex(1e300, 0)), tensor.DTComplex64, "element [0] is (1e+300+0i)"},
		{"a complex number's imaginary part", vector(t, complex(0, -1e300)), tensor.DTComplex64, "element [0] is (0-1e+300i)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst, err := tensor.NewAny(c.to, c.src.Shape()...)
			require.NoError(t, err)
			require.ErrorContains(t, tensor.Cast(dst, c.src), c.problem)
		})
	}
	t.Run("the error has the index, one number per axis, even far into the tensor", func(t *testing.T) {
		src, dst := tensor.New[int64](40, 50, 60), tensor.New[int16](40, 50, 60)
		src.Set(math.MaxInt16+1, 39, 2, 59)
		err := tensor.Cast(dst, src)
		var value *tensor.ValueError
		require.True(t, errors.As(err, &value))
		require.Equal(t, &tensor.ValueError{Index: []int{39, 2, 59}, Value: "32768", From: tensor.DTInt64, To: tensor.DTInt16}, value)
	})
	t.Run("a scalar's index is empty", func(t *testing.T) {
		require.ErrorContains(t, tensor.Cast(tensor.New[int8](), tensor.Scalar[int16](200)), "element [] is 200")
	})
}

func TestCastRefusesOtherKinds(t *testing.T) {
	examples := map[string]tensor.DType{
		"float": tensor.DTFloat32, "integer": tensor.DTInt64, "complex": tensor.DTComplex64,
		"bool": tensor.DTBool, "string": tensor.DTString, "variant": tensor.DTVariant,
	}
	for from, src := range examples {
		for to, dst := range examples {
			if from == to {
				continue
			}
			t.Run(from+" to "+to, func(t *testing.T) {
				a, err := tensor.NewAny(src, 1)
				require.NoError(t, err)
				b, err := tensor.NewAny(dst, 1)
				require.NoError(t, err)
				require.ErrorContains(t, tensor.Cast(b, a), "only casts between floats, between integers and between complex numbers are possible")
			})
		}
	}
	var unbuilt tensor.Tensor[float32]
	require.EqualError(t, tensor.Cast(&unbuilt, tensor.Scalar(1.0)), "tensor: cannot cast float64[] to float32 (not built): both must be built")
	require.EqualError(t, tensor.Cast(tensor.New[float32](2), tensor.New[float64](3)), "tensor: cannot cast float64[3] to float32[2]: the shapes differ")
}

// TestCastEveryPair casts between all dtypes of a kind, and back again. The values fit all of the dtypes.
func TestCastEveryPair(t *testing.T) {
	for kind, c := range map[string]struct {
		common tensor.Any
		dtypes []tensor.DType
	}{
		"floats": {vector(t, 0, 0.5, -1, 1.5, 2, -3, 4, 6), []tensor.DType{
			tensor.DTFloat64, tensor.DTFloat32, tensor.DTFloat16, tensor.DTBFloat16, tensor.DTFloat8E5M2, tensor.DTFloat8E4M3FN,
			tensor.DTFloat8E4M3FNUZ, tensor.DTFloat8E4M3B11FNUZ, tensor.DTFloat8E5M2FNUZ, tensor.DTFloat4E2M1FN,
		}},
		"integers": {vector[int64](t, 0, 1), []tensor.DType{
			tensor.DTInt8, tensor.DTInt16, tensor.DTInt32, tensor.DTInt64, tensor.DTUInt8, tensor.DTUInt16, tensor.DTUInt32,
			tensor.DTUInt64, tensor.DTInt4, tensor.DTUInt4, tensor.DTInt2, tensor.DTUInt2, tensor.DTQInt8, tensor.DTQInt16,
			tensor.DTQInt32, tensor.DTQUInt8, tensor.DTQUInt16,
		}},
	} {
		t.Run(kind, func(t *testing.T) {
			for _, from := range c.dtypes {
				for _, to := range c.dtypes {
					at := c.common
					for _, d := range []tensor.DType{from, to, c.common.DType()} {
						next, err := tensor.NewAny(d, at.Shape()...)
						require.NoError(t, err)
						require.NoError(t, tensor.Cast(next, at))
						at = next
					}
					require.Truef(t, tensor.Equal(c.common, at), "%v by way of %v and %v is %+v", c.common, from, to, at)
				}
			}
		})
	}
}

// TestCastOfIntegersIsThatOfNumbers compares the casts between integers with arithmetic of unlimited
// precision.
func TestCastOfIntegersIsThatOfNumbers(t *testing.T) {
	check := func(t *rapid.T, src, dst tensor.Any, value *big.Int, fits bool, stored func() *big.Int) {
		err := tensor.Cast(dst, src)
		require.Equal(t, fits, err == nil, "%v to %v: %v", value, dst.DType(), err)
		if fits {
			require.Zero(t, value.Cmp(stored()))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s, u := rapid.Int64().Draw(t, "int64"), rapid.Uint64().Draw(t, "uint64")
		i16, u16, i64, u64 := tensor.New[int16](), tensor.New[uint16](), tensor.New[int64](), tensor.New[uint64]()
		signed, unsigned := big.NewInt(s), new(big.Int).SetUint64(u)

		check(t, tensor.Scalar(s), i16, signed, s >= math.MinInt16 && s <= math.MaxInt16, func() *big.Int { return big.NewInt(int64(i16.At())) })
		check(t, tensor.Scalar(s), u16, signed, s >= 0 && s <= math.MaxUint16, func() *big.Int { return big.NewInt(int64(u16.At())) })
		check(t, tensor.Scalar(s), u64, signed, s >= 0, func() *big.Int { return new(big.Int).SetUint64(u64.At()) })
		check(t, tensor.Scalar(u), i64, unsigned, u <= math.MaxInt64, func() *big.Int { return big.NewInt(i64.At()) })
		check(t, tensor.Scalar(u), i16, unsigned, u <= math.MaxInt16, func() *big.Int { return big.NewInt(int64(i16.At())) })
	})
}

func BenchmarkCast(b *testing.B) {
	const n = 1 << 20
	src := tensor.New[float32](n)
	for i := range src.Data() {
		src.Data()[i] = float32(i%2000)/1000 - 1
	}
	for _, d := range []tensor.DType{tensor.DTFloat64, tensor.DTFloat16, tensor.DTBFloat16, tensor.DTFloat8E4M3FN} {
		narrow, err := tensor.NewAny(d, n)
		require.NoError(b, err)
		b.Run("float32 to "+d.String(), func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				require.NoError(b, tensor.Cast(narrow, src))
			}
		})
		b.Run(d.String()+" to float32", func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				require.NoError(b, tensor.Cast(src, narrow))
			}
		})
	}
	integers, narrow := tensor.New[int64](n), tensor.New[int32](n)
	b.Run("int64 to int32", func(b *testing.B) {
		b.SetBytes(8 * n)
		for b.Loop() {
			require.NoError(b, tensor.Cast(narrow, integers))
		}
	})
}
