package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestLimitsOfSmallFloats(t *testing.T) {
	for _, c := range []struct {
		name                  string
		largest, least, zero  uint16
		largestIs, leastIs    float64
		beyond, infinity, nan float32 // these values after conversion to the small float and back
	}{
		{"float16", 0x7bff, 0x0001, 0x8000, 65504, 0x1p-24, inf32, inf32, nan32},
		{"bfloat16", 0x7f7f, 0x0001, 0x8000, 0x1.fep127, 0x1p-133, inf32, inf32, nan32},
		{"float8_e5m2", 0x7b, 0x01, 0x80, 57344, 0x1p-16, inf32, inf32, nan32},
		{"float8_e4m3fn", 0x7e, 0x01, 0x80, 448, 0x1p-9, nan32, nan32, nan32},
		{"float8_e4m3fnuz", 0x7f, 0x01, 0x00, 240, 0x1p-10, nan32, nan32, nan32},
		{"float8_e4m3b11fnuz", 0x7f, 0x01, 0x00, 30, 0x1p-13, nan32, nan32, nan32},
		{"float8_e5m2fnuz", 0x7f, 0x01, 0x00, 57344, 0x1p-17, nan32, nan32, nan32},
		{"float4_e2m1fn", 0x7, 0x1, 0x8, 6, 0.5, 6, 6, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := smallFloats[c.name]
			through := func(x float64) float32 { return f.toFloat32(f.fromFloat64(x)) }
			same := func(want, got float32, what string) {
				require.Truef(t, want == got || want != want && got != got, "%s: want %v, got %v", what, want, got)
			}
			require.Equal(t, c.largest, f.fromFloat64(c.largestIs))
			same(float32(c.largestIs), f.toFloat32(c.largest), "the largest")
			require.Equal(t, c.least, f.fromFloat64(c.leastIs))
			same(float32(c.leastIs), f.toFloat32(c.least), "the smallest above zero")
			require.Zero(t, f.fromFloat64(c.leastIs/2), "half of the smallest ties to zero, which is even")
			require.Equal(t, c.least, f.fromFloat64(math.Nextafter(c.leastIs/2, 1)))
			require.Equal(t, c.zero, f.fromFloat64(math.Copysign(0, -1)), "negative zero")
			require.Equal(t, c.zero, f.fromFloat64(-c.leastIs/4), "a value that rounds to negative zero")
			same(c.beyond, through(math.MaxFloat64), "beyond the largest")
			same(-c.beyond, through(-math.MaxFloat64), "beyond the largest below zero")
			same(c.infinity, through(inf), "infinity")
			same(c.nan, through(nan), "NaN")
			require.Zero(t, f.fromFloat64(math.SmallestNonzeroFloat64))
		})
	}
}

var inf32, nan32 = float32(math.Inf(1)), float32(math.NaN())

func TestUpperBitsOfFloat4DoNotCount(t *testing.T) {
	require.Equal(t, float32(1.5), tensor.Float4E2M1FN(0xf3).Float32())
	require.Equal(t, float32(-6), tensor.Float4E2M1FN(0x1f).Float32())
}

func TestSmallNumbersPrintTheirValue(t *testing.T) {
	for _, c := range []struct {
		number interface{ String() string }
		want   string
	}{
		{tensor.Float16FromFloat32(0.1), "0.099975586"},
		{tensor.BFloat16FromFloat32(-1.5), "-1.5"},
		{tensor.BFloat16FromFloat32(1e20), "9.972771e+19"},
		{tensor.Float8E5M2FromFloat32(inf32), "+Inf"},
		{tensor.Float8E4M3FNFromFloat32(448), "448"},
		{tensor.Float8E4M3FNUZFromFloat32(nan32), "NaN"},
		{tensor.Float8E4M3B11FNUZFromFloat32(30), "30"},
		{tensor.Float8E5M2FNUZFromFloat32(0.25), "0.25"},
		{tensor.Float4E2M1FNFromFloat32(-0.5), "-0.5"},
		{tensor.Int4FromInt8(-8), "-8"},
		{tensor.Int4(-8), "-8"},
		{tensor.UInt4FromUint8(15), "15"},
		{tensor.Int2FromInt8(-2), "-2"},
		{tensor.UInt2FromUint8(3), "3"},
	} {
		require.Equal(t, c.want, c.number.String())
	}
}

// FuzzFromFloat64 searches for a float64 that is not converted to the nearest small float.
func FuzzFromFloat64(f *testing.F) {
	for _, x := range []float64{0, 1, -1, 0.1, 65519.999, 65520, 464, 1 + 0x1p-11, 1 + 0x1p-11 + 0x1p-40, 0x1p-25, 1e-320, inf, nan} {
		f.Add(math.Float64bits(x))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		x := math.Float64frombits(bits)
		for name, f := range smallFloats {
			got := f.toFloat32(f.fromFloat64(x))
			if x != x || got != got || math.IsInf(x, 0) || math.IsInf(float64(got), 0) {
				continue // their codes are in TestLimitsOfSmallFloats
			}
			code := f.fromFloat64(x)
			for _, other := range []uint16{code - 1, code + 1} {
				if int(other) >= f.codes {
					continue
				}
				y := f.toFloat32(other)
				if y != y || math.IsInf(float64(y), 0) {
					continue
				}
				// The side of the midpoint on which x lies tells which neighbour is nearer, without rounding.
				beyond := x - (float64(got)+float64(y))/2
				if y < got {
					beyond = -beyond
				}
				require.Falsef(t, beyond > 0, "%s: %v became %v, but %v is nearer", name, x, got, y)
				require.Falsef(t, beyond == 0 && y != got && code&1 == 1, "%s: %v became %v, but %v is as near and even", name, x, got, y)
			}
		}
	})
}

func BenchmarkSmallFloats(b *testing.B) {
	values := make([]float32, 1024)
	for i := range values {
		values[i] = float32(i)/512 - 1
	}
	for _, name := range []string{"float16", "bfloat16", "float8_e4m3fn", "float4_e2m1fn"} {
		f := smallFloats[name]
		b.Run(name+" from 1024 float32", func(b *testing.B) {
			var sum uint16
			for b.Loop() {
				for _, v := range values {
					sum += f.fromFloat32(v)
				}
			}
			_ = sum
		})
		b.Run(name+" to 1024 float32", func(b *testing.B) {
			var sum float32
			for b.Loop() {
				for i := range values {
					sum += f.toFloat32(uint16(i % f.codes))
				}
			}
			_ = sum
		})
	}
}
