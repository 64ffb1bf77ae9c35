package tensor_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestJSON(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		t    tensor.Any
		want string
	}{
		{"float32, shortest", vector(t, float32(0.1), 1e10, -2.5), `{"dtype":"float32","shape":[3],"values":[0.1,1e+10,-2.5]}`},
		{"float64, shortest", vector(t, 0.1, math.MaxFloat64, math.SmallestNonzeroFloat64), `{"dtype":"float64","shape":[3],"values":[0.1,1.7976931348623157e+308,5e-324]}`},
		{"values for which JSON has no numbers", vector(t, nan, inf, -inf), `{"dtype":"float64","shape":[3],"values":["NaN","Infinity","-Infinity"]}`},
		{"a zero's sign", vector(t, float32(math.Copysign(0, -1))), `{"dtype":"float32","shape":[1],"values":[-0]}`},
		{"small floats", vector(t, tensor.BFloat16FromFloat32(3.140625), tensor.BFloat16FromFloat32(float32(inf))), `{"dtype":"bfloat16","shape":[2],"values":[3.140625,"Infinity"]}`},
		{"float8", vector(t, tensor.Float8E4M3FN(0x38)), `{"dtype":"float8_e4m3fn","shape":[1],"values":[1]}`},
		{"integers of 64 bits", vector(t, int64(math.MinInt64), math.MaxInt64), `{"dtype":"int64","shape":[2],"values":[-9223372036854775808,9223372036854775807]}`},
		{"unsigned integers", vector(t, uint64(math.MaxUint64)), `{"dtype":"uint64","shape":[1],"values":[18446744073709551615]}`},
		{"bytes are numbers", vector(t, uint8(255)), `{"dtype":"uint8","shape":[1],"values":[255]}`},
		{"elements of less than a byte", vector(t, tensor.Int4FromInt8(-8), tensor.Int4FromInt8(7)), `{"dtype":"int4","shape":[2],"values":[-8,7]}`},
		{"quantized", vector(t, tensor.QInt32(-5)), `{"dtype":"qint32","shape":[1],"values":[-5]}`},
		{"bools", vector(t, true, false), `{"dtype":"bool","shape":[2],"values":[true,false]}`},
		{"complex", vector(t, complex64(1-2i)), `{"dtype":"complex64","shape":[1],"values":[[1,-2]]}`},
		{"text", vector(t, "é\"", ""), `{"dtype":"string","shape":[2],"values":["é\"",""]}`},
		{"bytes that are not text", vector(t, "\xff\x00"), `{"dtype":"string","shape":[1],"values":[{"base64":"/wA="}]}`},
		{"variants", vector(t, tensor.Variant("ab")), `{"dtype":"variant","shape":[1],"values":[{"base64":"YWI="}]}`},
		{"a scalar", tensor.Scalar(int32(3)), `{"dtype":"int32","shape":[],"values":[3]}`},
		{"empty", tensor.New[int8](3, 0), `{"dtype":"int8","shape":[3,0],"values":[]}`},
		{"not built", new(tensor.Tensor[tensor.Float16]), `{"dtype":"float16","shape":null,"values":null}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(c.t)
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
			back, err := tensor.UnmarshalAny(got)
			require.NoError(t, err)
			require.True(t, tensor.Equal(c.t, back), "%+v", back)
			typed, err := tensor.Zero(c.t.DType())
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(got, typed))
			require.True(t, tensor.Equal(c.t, typed))
		})
	}
	t.Run("a field that is a tensor", func(t *testing.T) {
		type layer struct{ Kernel tensor.Tensor[int32] }
		var back layer
		text, err := json.Marshal(layer{*vector(t, int32(1), 2)})
		require.NoError(t, err)
		require.Equal(t, `{"Kernel":{"dtype":"int32","shape":[2],"values":[1,2]}}`, string(text))
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, []int32{1, 2}, back.Kernel.Data())
		require.NoError(t, json.Unmarshal([]byte(`{"Kernel":null}`), &back))
		require.Equal(t, []int32{1, 2}, back.Kernel.Data(), "null changes nothing")
	})
}

// Every element of every small dtype survives a round trip, and so do floats with any bits.
func TestJSONKeepsEveryValue(t *testing.T) {
	for d := tensor.DTFloat32; d <= tensor.DTFloat4E2M1FN; d++ {
		if !d.HasValues() || d.Size() == 0 {
			continue
		}
		count := 1 << 12
		if d.Size() <= 2 {
			count = 1 << (8 * d.Size()) // all elements
		}
		raw := make([]byte, count*d.Size())
		state := uint32(1)
		for i := range raw {
			raw[i] = byte(i / d.Size() >> (8 * (i % d.Size()))) // all elements
			if d.Size() > 2 {
				state = state*1664525 + 1013904223
				raw[i] = byte(state >> 24)
			}
		}
		if d == tensor.DTBool {
			for i := range raw {
				raw[i] &= 1
			}
		}
		want, err := tensor.FromBytes(d, raw, count)
		require.NoError(t, err)
		text, err := json.Marshal(want)
		require.NoError(t, err)
		got, err := tensor.UnmarshalAny(text)
		require.NoError(t, err, d)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, again), d)
	}
}

// TestJSONStringsOfPunctuation uses strings with the characters that separate elements.
func TestJSONStringsOfPunctuation(t *testing.T) {
	want := vector(t, `a,b`, `]`, `"`, `\`, `\"`, `{"x":[1,2]}`, "", " , ", "\xff,")
	text, err := json.Marshal(want)
	require.NoError(t, err)
	var got tensor.Tensor[string]
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, want.Data(), got.Data())
	var spaced tensor.Tensor[complex64]
	require.NoError(t, json.Unmarshal([]byte(" { \"values\" : [ [1 , 0]\n, [2,3] ] , \"dtype\":\"complex64\",\"shape\":[2]}"), &spaced))
	require.Equal(t, []complex64{1, 2 + 3i}, spaced.Data())
}

func TestJSONRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"another dtype":                      {`{"dtype":"float64","shape":[],"values":[1]}`, `the JSON has dtype "float64", want "float32"`},
		"no dtype":                           {`{"shape":[],"values":[1]}`, `without "dtype"`},
		"no values":                          {`{"dtype":"float32","shape":[0]}`, `only one of "shape" and "values"`},
		"no shape":                           {`{"dtype":"float32","values":[]}`, `only one of "shape" and "values"`},
		"too few values":                     {`{"dtype":"float32","shape":[2],"values":[1]}`, "1 values for shape [2], want 2"},
		"a shape that would need all memory": {`{"dtype":"float32","shape":[1099511627776],"values":[1]}`, "1 values for shape"},
		"an impossible shape":                {`{"dtype":"float32","shape":[-1],"values":[1]}`, "axis 0 is negative"},
		"a shape that overflows":             {`{"dtype":"float32","shape":[4294967296,4294967296],"values":[1]}`, "more elements than an int can count"},
		"wrong type of value":                {`{"dtype":"float32","shape":[1,2],"values":[1,true]}`, "element [0 1] is true, which float32 cannot hold"},
		"null":                               {`{"dtype":"float32","shape":[1],"values":[null]}`, "element [0] is null"},
		"a number beyond the largest":        {`{"dtype":"float32","shape":[1],"values":[1e39]}`, "element [0] is 1e39, which float32 cannot hold"},
		"nested lists":                       {`{"dtype":"float32","shape":[1,1],"values":[[1]]}`, "element [0 0] is [1]"},
		"no list of values":                  {`{"dtype":"float32","shape":[1],"values":{"0":1}}`, `"values" is not an array`},
		"another word instead of a number":   {`{"dtype":"float32","shape":[1],"values":["inf"]}`, `element [0] is "inf"`},
		"another member":                     {`{"dtype":"float32","shape":[],"values":[1],"name":"w"}`, `unknown field "name"`},
		"not an object":                      {`[1]`, "cannot unmarshal array"},
	} {
		t.Run(name, func(t *testing.T) {
			v := vector(t, float32(7))
			err := v.UnmarshalJSON([]byte(c.text))
			if strconv.IntSize == 32 && strings.Contains(c.text, "1099511627776") {
				c.want = "more elements than an int can count"
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, []float32{7}, v.Data(), "the destination does not change")
		})
	}
	for name, c := range map[string]struct{ text, want string }{
		"an integer out of range": {`{"dtype":"int4","shape":[1],"values":[8]}`, "int4 cannot hold"},
		"a fraction":              {`{"dtype":"int32","shape":[1],"values":[1.5]}`, "int64 cannot hold"},
		"an infinity for a dtype without infinities": {`{"dtype":"float8_e4m3fn","shape":[1],"values":["Infinity"]}`, "float8_e4m3fn cannot hold"},
		"half of a complex number":                   {`{"dtype":"complex64","shape":[1],"values":[[1]]}`, "complex64 cannot hold"},
		"no base64":                                  {`{"dtype":"string","shape":[1],"values":[{"base64":"*"}]}`, "string cannot hold"},
		"an object of something else":                {`{"dtype":"string","shape":[1],"values":[{}]}`, "string cannot hold"},
		"an unknown dtype":                           {`{"dtype":"float7","shape":[1],"values":[1]}`, "float7"},
		"a dtype without elements":                   {`{"dtype":"resource","shape":[1],"values":[1]}`, "resource"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tensor.UnmarshalAny([]byte(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzUnmarshalAny(f *testing.F) {
	f.Add([]byte(`{"dtype":"float32","shape":[2,2],"values":[1,2.5,-3,"NaN"]}`))
	f.Add([]byte(`{"dtype":"string","shape":[1],"values":[{"base64":"/wA="}]}`))
	f.Add([]byte(`{"dtype":"complex128","shape":[1],"values":[[1,"Infinity"]]}`))
	f.Add([]byte(`{"dtype":"uint2","shape":null,"values":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v, err := tensor.UnmarshalAny(text)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20+1000*len(text)))
		if err != nil {
			return
		}
		again, err := json.Marshal(v)
		require.NoError(t, err)
		back, err := tensor.UnmarshalAny(again)
		require.NoError(t, err)
		require.True(t, tensor.Equal(v, back) || strings.Contains(string(again), "NaN"))
	})
}

func TestRows(t *testing.T) {
	m, err := tensor.FromSlice([]int32{1, 2, 3, 4, 5, 6}, 3, 1, 2)
	require.NoError(t, err)
	var seen [][]int32
	for i, row := range m.Rows() {
		require.Equal(t, tensor.Shape{1, 2}, row.Shape())
		require.Equal(t, row, m.Row(i))
		seen = append(seen, row.Data())
		if i == 1 {
			break
		}
	}
	require.Equal(t, [][]int32{{1, 2}, {3, 4}}, seen)
	m.Row(2).Set(60, 0, 1)
	require.EqualValues(t, 60, m.At(2, 0, 1), "a row shares the tensor's memory")
	require.Equal(t, tensor.Shape{}, m.Row(0).Row(0).Row(0).Shape(), "a row of a vector is a scalar")
	for range tensor.Scalar(1.0).Rows() {
		t.Error("a scalar has no rows")
	}
	for range new(tensor.Tensor[int8]).Rows() {
		t.Error("a tensor that is not built does not have rows")
	}
	require.PanicsWithValue(t, "tensor: row 3 is out of range of int32[3 1 2]", func() { m.Row(3) })
	require.PanicsWithValue(t, "tensor: row 0 is out of range of int8 (not built)", func() { new(tensor.Tensor[int8]).Row(0) })
}

func TestLogValue(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	log.Info("read", "kernel", tensor.New[float32](300, 400), "bias", tensor.Tensor[float32]{})
	require.Equal(t, "level=INFO msg=read kernel.dtype=float32 kernel.shape=\"[300 400]\" bias.dtype=float32\n", out.String())
}
