package programs

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestPlainValues(t *testing.T) {
	type celsius float32
	type vector [3]celsius
	type ids []uint16
	type model struct {
		Bool    bool             `ckpt:"bool"`
		Int     int              `ckpt:"int"`
		Int8    int8             `ckpt:"int8"`
		Int16   int16            `ckpt:"int16"`
		Int32   int32            `ckpt:"int32"`
		Int64   int64            `ckpt:"int64"`
		Uint    uint             `ckpt:"uint"`
		Uint8   uint8            `ckpt:"uint8"`
		Uint16  uint16           `ckpt:"uint16"`
		Uint32  uint32           `ckpt:"uint32"`
		Uint64  uint64           `ckpt:"uint64"`
		F32     float32          `ckpt:"f32"`
		F64     float64          `ckpt:"f64"`
		C64     complex64        `ckpt:"c64"`
		C128    complex128       `ckpt:"c128"`
		String  string           `ckpt:"string"`
		Half    tensor.Float16   `ckpt:"half"`
		Pointer **float64        `ckpt:"pointer"`
		Named   celsius          `ckpt:"named"`
		Vector  vector           `ckpt:"vector"`
		IDs     ids              `ckpt:"ids"`
		When    time.Duration    `ckpt:"when"`
		Bytes   []byte           `ckpt:"bytes"`
		Rows    [][]int          `ckpt:"rows"`
		Cube    [2][][3]string   `ckpt:"cube"`
		Words   *[]string        `ckpt:"words"`
		Flat    []int32          `ckpt:"flat,shape=2x3"`
		Fixed   [4]complex64     `ckpt:"fixed,shape=2x2"`
		Rates   map[string]int64 `ckpt:"rates"`
		Empty   [][4]float32     `ckpt:"empty"`
	}
	pointer, words := new(float64), []string{"a", "b"}
	want := model{
		true, -1, -8, -16, -32, -64, 1, 8, 16, 32, 64, 0.5, 0.25, 1 + 2i, 3 - 4i, "text", tensor.Float16FromFloat32(1.5), &pointer, 36.6, vector{1, 2, 3}, ids{7}, time.Second,
		[]byte{0, 255}, [][]int{{1, 2}, {3, 4}, {5, 6}}, [2][][3]string{{{"a", "b", "c"}}, {{"d", "e", "f"}}}, &words, []int32{1, 2, 3, 4, 5, 6},
		[4]complex64{1, 2, 3, 4i}, map[string]int64{"x": 1, "y": 2}, [][4]float32{},
	}
	*pointer = 2.5
	path := ckpttest.Written(t, &want)
	t.Run("each is a variable with its dtype and shape", func(t *testing.T) {
		kinds := make(map[string]string)
		for _, v := range ckpttest.Open(t, path).Variables() {
			kinds[v.Key] = v.DType.String() + v.Shape.String()
		}
		for name, kind := range map[string]string{
			"bool": "bool[]", "int": "int64[]", "int8": "int8[]", "int16": "int16[]", "int32": "int32[]", "int64": "int64[]", "uint": "uint64[]", "uint8": "uint8[]",
			"uint16": "uint16[]", "uint32": "uint32[]", "uint64": "uint64[]", "f32": "float32[]", "f64": "float64[]", "c64": "complex64[]", "c128": "complex128[]",
			"string": "string[]", "half": "float16[]", "pointer": "float64[]", "named": "float32[]", "vector": "float32[3]", "ids": "uint16[1]", "when": "int64[]",
			"bytes": "uint8[2]", "rows": "int64[3 2]", "cube": "string[2 1 3]", "words": "string[2]", "flat": "int32[2 3]", "fixed": "complex64[2 2]",
			"rates/x": "int64[]", "rates/y": "int64[]", "empty": "float32[0 4]",
		} {
			require.Equal(t, kind, kinds[name+"/.ATTRIBUTES/VARIABLE_VALUE"], name)
		}
	})
	t.Run("a restore writes into the existing memory", func(t *testing.T) {
		inner, words := new(float64), []string{"", ""}
		got := model{
			Pointer: &inner, IDs: ids{0}, Bytes: make([]byte, 2), Rows: [][]int{{0, 0}, {0, 0}, {0, 0}}, Cube: [2][][3]string{make([][3]string, 1), make([][3]string, 1)},
			Words: &words, Flat: make([]int32, 6), Rates: map[string]int64{"x": 0, "y": 0}, Empty: [][4]float32{},
		}
		row, flat := got.Rows[1], got.Flat
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, &got), path).AssertConsumed())
		require.Equal(t, want, got)
		require.Equal(t, []int{3, 4}, row)
		require.EqualValues(t, 6, flat[5])
		require.Equal(t, 2.5, *inner)
		require.Equal(t, "b", words[1])
	})
	t.Run("LoadWeights allocates nil values", func(t *testing.T) {
		var got model
		require.NoError(t, ckpt.LoadWeights(ctx, path, &got, ckpt.Strict()))
		require.Equal(t, want, got)
	})
	t.Run("a nil slice is filled, with and without alloc", func(t *testing.T) {
		var got struct {
			IDs  []uint16  `ckpt:"ids"`
			Rows [][]int64 `ckpt:"rows,alloc"`
		}
		ckpttest.Read(t, ckpttest.New(t, &got), path)
		require.Equal(t, [][]int64{{1, 2}, {3, 4}, {5, 6}}, got.Rows)
		require.Equal(t, []uint16{7}, got.IDs)
	})
	t.Run("several pointers to one number are one variable", func(t *testing.T) {
		type pair struct {
			A *int64 `ckpt:"a"`
			B *int64 `ckpt:"b"`
		}
		n := int64(5)
		path := ckpttest.Written(t, &pair{&n, &n})
		require.Equal(t, []string{"a/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
		var got pair
		require.NoError(t, ckpt.LoadWeights(ctx, path, &got))
		require.Same(t, got.A, got.B)
		require.EqualValues(t, 5, *got.A)
	})
	t.Run("values of another length or rank are rejected", func(t *testing.T) {
		for name, m := range map[string]any{
			"a shorter slice": &struct {
				Bytes []byte `ckpt:"bytes"`
			}{make([]byte, 1)},
			"an array of another length": &struct {
				Vector [2]float32 `ckpt:"vector"`
			}{},
			"another rank": &struct {
				Rows []int64 `ckpt:"rows,alloc"`
			}{},
			"an inner array of another length": &struct {
				Rows [][3]int64 `ckpt:"rows,alloc"`
			}{},
			"another shape in the tag": &struct {
				Flat []int32 `ckpt:"flat,alloc,shape=3x2"`
			}{},
		} {
			before := fmt.Sprintf("%+v", m)
			_, err := ckpttest.New(t, m).Read(ctx, path)
			var wrong *ckpt.ValueError
			require.ErrorAs(t, err, &wrong, name)
			require.ErrorIs(t, err, ckpt.ErrMismatch, name)
			require.Contains(t, wrong.Problem, "in the checkpoint", name)
			require.Equal(t, before, fmt.Sprintf("%+v", m), name)
		}
	})
	t.Run("a shape in the tag that differs from the number of values is rejected", func(t *testing.T) {
		_, err := ckpt.New(&struct {
			Flat []int32 `ckpt:"flat,shape=2x3"`
		}{make([]int32, 5)})
		require.ErrorContains(t, err, "flat (Flat): got 5 values for the tag's shape [2 3], want 6")
	})
}

// TestAnyRectangle writes nested slices of any lengths and reads them back, into existing slices and into nil.
func TestAnyRectangle(t *testing.T) {
	type model struct {
		Rows [][]int32    `ckpt:"rows"`
		Cube [][2][]uint8 `ckpt:"cube"`
	}
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(0, 3)
		n, m, k := size.Draw(rt, "n"), size.Draw(rt, "m"), size.Draw(rt, "k")
		want := model{make([][]int32, n), make([][2][]uint8, k)}
		for i := range want.Rows {
			want.Rows[i] = rapid.SliceOfN(rapid.Int32(), m, m).Draw(rt, "row")
		}
		for i := range want.Cube {
			want.Cube[i] = [2][]uint8{rapid.SliceOfN(rapid.Uint8(), n, n).Draw(rt, "a"), rapid.SliceOfN(rapid.Uint8(), n, n).Draw(rt, "b")}
		}
		c, err := ckpt.New(&want)
		require.NoError(rt, err)
		path, err := c.Write(ctx, dir+"/ckpt")
		require.NoError(rt, err)
		var got model
		require.NoError(rt, ckpt.LoadWeights(ctx, path, &got))
		if m > 0 && n > 0 && k > 0 { // nested slices cannot hold the inner lengths of an empty tensor
			require.Equal(rt, want, got)
		}
		require.Len(rt, got.Rows, n)
		require.Len(rt, got.Cube, k)
	})
}
