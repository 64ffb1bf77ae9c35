package tensor_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// golden is testdata/ml_dtypes.json, which testdata/gen.py made with NumPy and ml_dtypes. The digests cover
// many inputs, which both sides generate in the same way; gen.py describes the inputs of each.
type golden struct {
	Floats map[string]struct {
		ToFloat32         string            `json:"to_float32"`
		FromFloat32Grid   string            `json:"from_float32_grid"`
		FromFloat32Random string            `json:"from_float32_random"`
		FromFloat64Grid   string            `json:"from_float64_grid"`
		FromFloat64Random string            `json:"from_float64_random"`
		Examples          map[string]string // from the bits of a float32 to those of the small float, in hex
	}
	Integers map[string]struct {
		ToInt   []int   `json:"to_int"`   // for every byte
		FromInt []uint8 `json:"from_int"` // for 0 to 255, wrapping around
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/ml_dtypes.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &g))
	return g
}

// smallFloat describes one of the small floats without its type.
type smallFloat struct {
	codes       int // number of bit patterns
	toFloat32   func(code uint16) float32
	fromFloat32 func(float32) uint16
	fromFloat64 func(float64) uint16
}

func small[T interface {
	~uint8 | ~uint16
	Float32() float32
}](codes int, from32 func(float32) T, from64 func(float64) T) smallFloat {
	return smallFloat{
		codes:       codes,
		toFloat32:   func(code uint16) float32 { return T(code).Float32() },
		fromFloat32: func(f float32) uint16 { return uint16(from32(f)) },
		fromFloat64: func(f float64) uint16 { return uint16(from64(f)) },
	}
}

var smallFloats = map[string]smallFloat{
	"float16":            small(1<<16, tensor.Float16FromFloat32, tensor.Float16FromFloat64),
	"bfloat16":           small(1<<16, tensor.BFloat16FromFloat32, tensor.BFloat16FromFloat64),
	"float8_e5m2":        small(1<<8, tensor.Float8E5M2FromFloat32, tensor.Float8E5M2FromFloat64),
	"float8_e4m3fn":      small(1<<8, tensor.Float8E4M3FNFromFloat32, tensor.Float8E4M3FNFromFloat64),
	"float8_e4m3fnuz":    small(1<<8, tensor.Float8E4M3FNUZFromFloat32, tensor.Float8E4M3FNUZFromFloat64),
	"float8_e4m3b11fnuz": small(1<<8, tensor.Float8E4M3B11FNUZFromFloat32, tensor.Float8E4M3B11FNUZFromFloat64),
	"float8_e5m2fnuz":    small(1<<8, tensor.Float8E5M2FNUZFromFloat32, tensor.Float8E5M2FNUZFromFloat64),
	"float4_e2m1fn":      small(1<<4, tensor.Float4E2M1FNFromFloat32, tensor.Float4E2M1FNFromFloat64),
}

func TestSmallFloatsAreThoseOfMLDtypes(t *testing.T) {
	golden := readGolden(t)
	require.Len(t, golden.Floats, len(smallFloats))
	for name, f := range smallFloats {
		t.Run(name, func(t *testing.T) {
			want := golden.Floats[name]
			for input, code := range want.Examples {
				bits, err := strconv.ParseUint(input, 16, 32)
				require.NoError(t, err)
				x := math.Float32frombits(uint32(bits))
				wantCode, err := strconv.ParseUint(code, 16, 16)
				require.NoError(t, err)
				require.Equalf(t, uint16(wantCode), f.fromFloat32(x), "from the float32 %#x, %v", bits, x)
			}

			digest := newDigest()
			for code := range f.codes {
				digest.uint32(math.Float32bits(f.toFloat32(uint16(code))))
			}
			require.Equal(t, want.ToFloat32, digest.sum(), "every bit pattern to float32")

			digest = newDigest()
			for upper := range uint32(1 << 16) {
				for k := range uint32(16) {
					for _, d := range []uint32{math.MaxUint32, 0, 1} {
						digest.uint16(f.fromFloat32(math.Float32frombits(upper<<16 | (k<<12+d)&0xffff)))
					}
				}
			}
			require.Equal(t, want.FromFloat32Grid, digest.sum(), "every value and midpoint and their neighbours, from float32")

			digest, random := newDigest(), splitMix(0)
			for range 1 << 19 {
				digest.uint16(f.fromFloat32(math.Float32frombits(uint32(random.next()))))
			}
			require.Equal(t, want.FromFloat32Random, digest.sum(), "random bits, from float32")

			digest = newDigest()
			for upper := range uint32(1 << 16) {
				for k := range uint32(8) {
					x := float64(math.Float32frombits(upper<<16 | k<<13))
					if x != x {
						continue
					}
					for _, d := range []uint64{math.MaxUint64, 0, 1} {
						digest.uint16(f.fromFloat64(math.Float64frombits(math.Float64bits(x) + d)))
					}
				}
			}
			require.Equal(t, want.FromFloat64Grid, digest.sum(), "one unit next to float32 values, to detect double rounding, from float64")

			digest, random = newDigest(), splitMix(0)
			for range 1 << 19 {
				bits := random.next()
				exponent := 1023 - 160 + bits>>52&0xff
				digest.uint16(f.fromFloat64(math.Float64frombits(bits&0x800fffffffffffff | exponent<<52)))
			}
			require.Equal(t, want.FromFloat64Random, digest.sum(), "random values, from float64")
		})
	}
}

func TestSmallIntegersAreThoseOfMLDtypes(t *testing.T) {
	golden := readGolden(t)
	for name, convert := range map[string]struct {
		to   func(b byte) int
		from func(v int) byte
	}{
		"int4": {
			func(b byte) int { return int(tensor.Int4(b).Int8()) },
			func(v int) byte { return byte(tensor.Int4FromInt8(int8(v))) },
		},
		"uint4": {
			func(b byte) int { return int(tensor.UInt4(b).Uint8()) },
			func(v int) byte { return byte(tensor.UInt4FromUint8(uint8(v))) },
		},
		"int2": {
			func(b byte) int { return int(tensor.Int2(b).Int8()) },
			func(v int) byte { return byte(tensor.Int2FromInt8(int8(v))) },
		},
		"uint2": {
			func(b byte) int { return int(tensor.UInt2(b).Uint8()) },
			func(v int) byte { return byte(tensor.UInt2FromUint8(uint8(v))) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := golden.Integers[name]
			require.Len(t, want.ToInt, 256)
			require.Len(t, want.FromInt, 256)
			for b := range 256 {
				require.Equalf(t, want.ToInt[b], convert.to(byte(b)), "the value of byte %#x", b)
				require.Equalf(t, want.FromInt[b], convert.from(b), "the byte of %d", b)
			}
		})
	}
}

// splitMix is the generator of Steele, Lea and Flood. It gives the same numbers here and in gen.py.
type splitMix uint64

func (s *splitMix) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// digest hashes little-endian words.
type digest struct {
	hash hash.Hash
	buf  []byte
}

func newDigest() *digest { return &digest{hash: sha256.New()} }

func (d *digest) uint16(v uint16) {
	d.buf = binary.LittleEndian.AppendUint16(d.buf, v)
	d.flush(1 << 16)
}
func (d *digest) uint32(v uint32) {
	d.buf = binary.LittleEndian.AppendUint32(d.buf, v)
	d.flush(1 << 16)
}

func (d *digest) flush(from int) {
	if len(d.buf) >= from {
		d.hash.Write(d.buf)
		d.buf = d.buf[:0]
	}
}

func (d *digest) sum() string {
	d.flush(0)
	return hex.EncodeToString(d.hash.Sum(nil))
}
