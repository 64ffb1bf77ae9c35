package properties

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// everyElement has a tensor of each dtype that a program can hold.
var everyElement = []any{
	tensor.Tensor[bool]{}, tensor.Tensor[string]{}, tensor.Tensor[int8]{}, tensor.Tensor[int16]{}, tensor.Tensor[int32]{}, tensor.Tensor[int64]{},
	tensor.Tensor[uint8]{}, tensor.Tensor[uint16]{}, tensor.Tensor[uint32]{}, tensor.Tensor[uint64]{}, tensor.Tensor[float32]{}, tensor.Tensor[float64]{},
	tensor.Tensor[complex64]{}, tensor.Tensor[complex128]{}, tensor.Tensor[tensor.Float16]{}, tensor.Tensor[tensor.BFloat16]{},
	tensor.Tensor[tensor.Float8E5M2]{}, tensor.Tensor[tensor.Float8E4M3FN]{}, tensor.Tensor[tensor.Float8E4M3FNUZ]{}, tensor.Tensor[tensor.Float8E4M3B11FNUZ]{},
	tensor.Tensor[tensor.Float8E5M2FNUZ]{}, tensor.Tensor[tensor.Int4]{}, tensor.Tensor[tensor.UInt4]{}, tensor.Tensor[tensor.Int2]{}, tensor.Tensor[tensor.UInt2]{},
	tensor.Tensor[tensor.Float4E2M1FN]{}, tensor.Tensor[tensor.QInt8]{}, tensor.Tensor[tensor.QUInt8]{}, tensor.Tensor[tensor.QInt16]{}, tensor.Tensor[tensor.QUInt16]{},
	tensor.Tensor[tensor.QInt32]{},
}

// An inlinedPart is for embedding by pointer.
type InlinedPart struct {
	E tensor.Tensor[float32]
	N uint16 `ckpt:"n"`
}

// drawKind draws the type of a field that holds tensors of type leaf, or plain values of its elements.
func drawKind(t *rapid.T, leaf, element reflect.Type, depth int) reflect.Type {
	part := reflect.StructOf([]reflect.StructField{{Name: "W", Type: leaf, Tag: `ckpt:"w"`}, {Name: "V", Type: element, Tag: `ckpt:"v"`}})
	kinds := []reflect.Type{
		leaf, reflect.PointerTo(leaf), reflect.SliceOf(leaf), reflect.SliceOf(reflect.PointerTo(leaf)), reflect.ArrayOf(2, leaf),
		reflect.MapOf(reflect.TypeFor[string](), leaf), reflect.MapOf(reflect.TypeFor[string](), reflect.PointerTo(leaf)),
		part, reflect.PointerTo(part), reflect.SliceOf(part), reflect.MapOf(reflect.TypeFor[string](), part),
		element, reflect.PointerTo(element), reflect.SliceOf(element), reflect.ArrayOf(3, element), reflect.ArrayOf(2, reflect.SliceOf(element)),
		reflect.SliceOf(reflect.ArrayOf(2, element)), reflect.MapOf(reflect.TypeFor[string](), element), reflect.TypeFor[*InlinedPart](),
	}
	typ := rapid.SampledFrom(kinds).Draw(t, "kind")
	if depth > 0 && rapid.IntRange(0, 3).Draw(t, "deeper") == 0 {
		typ = reflect.PointerTo(drawForms(t, depth-1))
	}
	return typ
}

// drawForms draws a struct with fields of every kind and dtype.
func drawForms(t *rapid.T, depth int) reflect.Type {
	var fields []reflect.StructField
	for i := range rapid.IntRange(1, 5).Draw(t, "fields") {
		leaf := reflect.TypeOf(rapid.SampledFrom(everyElement).Draw(t, "element"))
		element := reflect.PointerTo(leaf)
		m, _ := element.MethodByName("Data")
		typ := drawKind(t, leaf, m.Type.Out(0).Elem(), depth)
		fields = append(fields, reflect.StructField{Name: fmt.Sprint("F", i), Type: typ, Tag: reflect.StructTag(fmt.Sprintf(`ckpt:"f%d"`, i))})
	}
	return reflect.StructOf(fields)
}

// drawBits sets v, of a type of elements, to any bits.
func drawBits(t *rapid.T, v reflect.Value) {
	bits := rapid.Uint64().Draw(t, "bits")
	switch v.Interface().(type) {
	case tensor.Int4:
		v.SetInt(int64(bits%16) - 8)
		return
	case tensor.Int2:
		v.SetInt(int64(bits%4) - 2)
		return
	case tensor.UInt4, tensor.Float4E2M1FN:
		v.SetUint(bits % 16)
		return
	case tensor.UInt2:
		v.SetUint(bits % 4)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(bits%2 == 1)
	case reflect.String:
		v.SetString(string(rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "bytes")))
	case reflect.Float32:
		v.Set(reflect.ValueOf(math.Float32frombits(uint32(bits))))
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(bits))
	case reflect.Complex64:
		v.Set(reflect.ValueOf(complex(math.Float32frombits(uint32(bits)), math.Float32frombits(uint32(bits>>32)))))
	case reflect.Complex128:
		v.SetComplex(complex(math.Float64frombits(bits), math.Float64frombits(bits<<7|1)))
	default:
		if v.CanInt() {
			v.SetInt(int64(bits) >> (64 - v.Type().Bits()))
		} else {
			v.SetUint(bits >> (64 - v.Type().Bits()))
		}
	}
}

// fillBits gives values to v and everything in it.
func fillBits(t *rapid.T, v reflect.Value) {
	if a, ok := v.Addr().Interface().(tensor.Any); ok {
		var shape []int
		for range rapid.IntRange(0, 2).Draw(t, "rank") {
			shape = append(shape, rapid.IntRange(0, 3).Draw(t, "dim"))
		}
		require.NoError(t, a.Build(shape...))
		data := reflect.ValueOf(a.Values())
		for i := range data.Len() {
			drawBits(t, data.Index(i))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillBits(t, v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillBits(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fillBits(t, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"a", "b"} {
			e := reflect.New(v.Type().Elem()).Elem()
			fillBits(t, e)
			v.SetMapIndex(reflect.ValueOf(key), e)
		}
	default:
		drawBits(t, v)
	}
}

// hollow returns a program of the same objects without values.
func hollow(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	if v.CanAddr() {
		if _, ok := v.Addr().Interface().(tensor.Any); ok {
			return out
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(hollow(v.Field(i)))
		}
	case reflect.Pointer:
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(hollow(v.Elem()))
	case reflect.Slice:
		if !isPlain(v.Type().Elem()) { // a slice of plain values is one variable
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		}
		fallthrough
	case reflect.Array:
		for i := range out.Len() {
			out.Index(i).Set(hollow(v.Index(i)))
		}
	case reflect.Map:
		out.Set(reflect.MakeMap(v.Type()))
		for _, key := range v.MapKeys() {
			e := reflect.New(v.Type().Elem()).Elem()
			e.Set(v.MapIndex(key))
			out.SetMapIndex(key, hollow(e))
		}
	}
	return out
}

// tensorOf returns the tensor that v is, if it is one.
func tensorOf(v reflect.Value) (tensor.Any, bool) {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	a, ok := p.Interface().(tensor.Any)
	return a, ok
}

// sameBits reports whether two values are equal. It compares the bits of NaNs.
func sameBits(a, b reflect.Value) bool {
	x, ok := tensorOf(a)
	if y, _ := tensorOf(b); ok {
		return x.Shape().Equal(y.Shape()) && (x.Shape() == nil) == (y.Shape() == nil) && sameBits(reflect.ValueOf(x.Values()), reflect.ValueOf(y.Values()))
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !sameBits(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		return a.IsNil() == b.IsNil() && (a.IsNil() || sameBits(a.Elem(), b.Elem()))
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() || a.Kind() == reflect.Slice && a.IsNil() != b.IsNil() {
			return false
		}
		for i := range a.Len() {
			if !sameBits(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		for _, key := range a.MapKeys() {
			if !b.MapIndex(key).IsValid() || !sameBits(a.MapIndex(key), b.MapIndex(key)) {
				return false
			}
		}
		return a.Len() == b.Len()
	case reflect.Float32:
		return math.Float32bits(a.Interface().(float32)) == math.Float32bits(b.Interface().(float32))
	case reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Complex64, reflect.Complex128:
		x, y := a.Complex(), b.Complex()
		same := func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }
		return same(real(x), real(y)) && same(imag(x), imag(y))
	case reflect.Bool:
		return a.Bool() == b.Bool()
	case reflect.String:
		return a.String() == b.String()
	}
	if a.CanInt() {
		return a.Int() == b.Int()
	}
	return a.Uint() == b.Uint()
}

// TestAnyForm saves values of every dtype in fields of every kind, in every form, and loads them. The loaded values must have the
// same bits.
func TestAnyForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := ckpttest.On(errfs.New())
		typ := drawForms(t, 2)
		model := reflect.New(typ)
		fillBits(t, model.Elem())
		program := func(root any) *ckpt.Checkpoint {
			c, err := ckpt.New(root, disk)
			require.NoError(t, err)
			return c
		}
		load := func(path string, into reflect.Value) error {
			return ckpt.LoadWeights(ctx, path, into.Interface(), ckpt.Strict(), disk)
		}
		read := func(path string, into reflect.Value) error {
			s, err := program(into.Interface()).Read(ctx, path)
			if err != nil {
				return err
			}
			return s.AssertConsumed()
		}
		named := func() *ckpt.Saver {
			s, err := ckpt.NewSaver(model.Interface(), disk)
			require.NoError(t, err)
			return s
		}
		for name, form := range map[string]struct {
			save        func(path string) (string, error)
			unsupported bool // the form lacks some dtypes or kinds
			nothing     bool // it can be loaded into an empty program
		}{
			"graph":  {save: func(p string) (string, error) { return program(model.Interface()).Write(ctx, p) }, nothing: true},
			"shards": {save: func(p string) (string, error) { return program(model.Interface()).Write(ctx, p, ckpt.MaxShardSize(64)) }, nothing: true},
			"async": {save: func(p string) (string, error) {
				c := program(model.Interface())
				p, err := c.Write(ctx, p, ckpt.Async())
				return p, errors.Join(err, c.Close())
			}, nothing: true},
			"names": {save: func(p string) (string, error) { return named().Save(ctx, p) }},
			"safetensors": {save: func(p string) (string, error) {
				p += ".safetensors"
				return p, ckpt.SaveWeights(ctx, p, model.Interface(), disk)
			}, unsupported: true},
			"npz": {save: func(p string) (string, error) {
				p += ".npz"
				return p, ckpt.SaveWeights(ctx, p, model.Interface(), disk)
			}, unsupported: true},
		} {
			path, err := form.save(name)
			if form.unsupported && errors.Is(err, errors.ErrUnsupported) {
				continue
			}
			require.NoError(t, err, name)
			loaded := reflect.New(typ)
			loaded.Elem().Set(hollow(model.Elem()))
			require.NoError(t, load(path, loaded), name)
			require.True(t, sameBits(model.Elem(), loaded.Elem()), "%s: saved %+v, loaded %+v", name, model.Elem(), loaded.Elem())
			if form.nothing {
				loaded = reflect.New(typ)
				require.NoError(t, load(path, loaded), name)
				require.True(t, sameBits(model.Elem(), loaded.Elem()), "%s, into an empty program: saved %+v, loaded %+v", name, model.Elem(), loaded.Elem())
			}
			loaded.Elem().Set(hollow(model.Elem()))
			require.NoError(t, read(path, loaded), name)
			require.True(t, sameBits(model.Elem(), loaded.Elem()), "%s, read: saved %+v, read %+v", name, model.Elem(), loaded.Elem())
		}
	})
}

// isPlain reports whether t is a type of numbers, strings or booleans, or of arrays or slices of them.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return isPlain(t.Elem())
	case reflect.Struct, reflect.Pointer, reflect.Map, reflect.Interface:
		return false
	}
	return true
}
