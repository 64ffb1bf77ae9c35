package properties

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// leafTypes are the types of variables that random structs have.
var leafTypes = []reflect.Type{
	reflect.TypeFor[tensor.Tensor[float32]](), reflect.TypeFor[tensor.Tensor[int64]](), reflect.TypeFor[tensor.Tensor[string]](), reflect.TypeFor[tensor.Tensor[bool]](),
	reflect.TypeFor[*tensor.Tensor[float64]](), reflect.TypeFor[tensor.Tensor[tensor.BFloat16]](), reflect.TypeFor[tensor.Tensor[complex64]](),
	reflect.TypeFor[int8](), reflect.TypeFor[uint64](), reflect.TypeFor[int](), reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex128](),
	reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[[]float32](), reflect.TypeFor[[]string](), reflect.TypeFor[[3]int32](), reflect.TypeFor[[2][2]uint16](), reflect.TypeFor[*int32](),
}

// types draws a struct type that can be saved, up to depth levels deep.
func types(depth int) *rapid.Generator[reflect.Type] {
	return rapid.Custom(func(t *rapid.T) reflect.Type {
		var fields []reflect.StructField
		for i := range rapid.IntRange(1, 4).Draw(t, "fields") {
			typ := rapid.SampledFrom(leafTypes).Draw(t, "leaf")
			if depth > 0 && rapid.Bool().Draw(t, "nested") {
				typ = types(depth-1).Draw(t, "struct")
				switch rapid.IntRange(0, 4).Draw(t, "as") {
				case 0:
					typ = reflect.PointerTo(typ)
				case 1:
					typ = reflect.SliceOf(typ)
				case 2:
					typ = reflect.MapOf(reflect.TypeFor[string](), typ)
				case 3:
					typ = reflect.ArrayOf(2, reflect.PointerTo(typ))
				}
			}
			name := rapid.SampledFrom([]string{"x", "with space", "a/b", ".dot", "ünïcode", "kernel", "0"}).Draw(t, "name")
			fields = append(fields, reflect.StructField{Name: fmt.Sprint("F", i), Type: typ, Tag: reflect.StructTag(fmt.Sprintf("ckpt:%q", fmt.Sprint(name, i)))})
		}
		return reflect.StructOf(fields)
	})
}

// A filler fills values. For pointers it may use an earlier value again, which makes shared objects.
type filler struct {
	t      *rapid.T
	shared map[reflect.Type][]reflect.Value
	shapes map[string]int // the sizes of slices and maps, by path
	again  bool           // existing values change, and nothing grows
}

func (f *filler) fill(v reflect.Value, path string) {
	if a, ok := v.Addr().Interface().(tensor.Any); ok {
		f.tensor(v, a, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		if old := f.shared[v.Type()]; v.IsNil() && len(old) > 0 && rapid.Bool().Draw(f.t, "shared") {
			v.Set(rapid.SampledFrom(old).Draw(f.t, "which"))
			return
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		f.fill(v.Elem(), path)
		f.shared[v.Type()] = append(f.shared[v.Type()], v)
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), f.size(path), 3))
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i), fmt.Sprint(path, "[", i, "]"))
		}
	case reflect.Map:
		keys := []string{"3", "one", "t/wo"}
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
			keys = keys[:f.size(path)]
		}
		for _, name := range keys {
			key, e := reflect.ValueOf(name), reflect.New(v.Type().Elem()).Elem()
			if old := v.MapIndex(key); old.IsValid() {
				e.Set(old)
			} else if f.again {
				continue
			}
			f.fill(e, path+"["+name+"]")
			v.SetMapIndex(key, e)
		}
	default:
		v.Set(f.plain(v.Type()))
	}
}

func (f *filler) size(path string) int {
	if n, ok := f.shapes[path]; ok {
		return n
	}
	f.shapes[path] = rapid.IntRange(1, 3).Draw(f.t, "size")
	return f.shapes[path]
}

func (f *filler) plain(typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	switch n := rapid.Int64Range(-100, 100).Draw(f.t, "n"); {
	case v.CanInt():
		v.SetInt(n)
	case v.CanUint():
		v.SetUint(uint64(n+100) % 256)
	case v.CanFloat():
		v.SetFloat(float64(n) / 4)
	case v.CanComplex():
		v.SetComplex(complex(float64(n), float64(-n)))
	case v.Kind() == reflect.Bool:
		v.SetBool(n > 0)
	case v.Kind() == reflect.String:
		v.SetString(rapid.String().Draw(f.t, "string"))
	}
	return v
}

func (f *filler) tensor(v reflect.Value, a tensor.Any, path string) {
	shape, ok := a.Shape(), a.Shape() != nil
	if !ok {
		for i := range f.size(path) - 1 {
			shape = append(shape, rapid.IntRange(i, 3).Draw(f.t, "dim"))
		}
	}
	n := 1
	for _, d := range shape {
		n *= d
	}
	element := reflect.TypeOf(v.Addr().MethodByName("Data").Interface()).Out(0).Elem()
	data := reflect.MakeSlice(reflect.SliceOf(element), n, n)
	for i := range n {
		if element == reflect.TypeFor[tensor.BFloat16]() {
			data.Index(i).SetUint(uint64(rapid.IntRange(0, 200).Draw(f.t, "bits")))
			continue
		}
		data.Index(i).Set(f.plain(element))
	}
	switch p := v.Addr().Interface().(type) {
	case *tensor.Tensor[float32]:
		*p = *ckpttest.Must(tensor.FromSlice(data.Interface().([]float32), shape...))
	case *tensor.Tensor[float64]:
		*p = *ckpttest.Must(tensor.FromSlice(data.Interface().([]float64), shape...))
	case *tensor.Tensor[int64]:
		*p = *ckpttest.Must(tensor.FromSlice(data.Interface().([]int64), shape...))
	case *tensor.Tensor[string]:
		*p = *ckpttest.Must(tensor.FromSlice(data.Interface().([]string), shape...))
	case *tensor.Tensor[bool]:
		*p = *ckpttest.Must(tensor.FromSlice(data.Interface().([]bool), shape...))
	case *tensor.Tensor[complex64]:
		*p = *ckpttest.Must(tensor.FromSlice(data.Interface().([]complex64), shape...))
	case *tensor.Tensor[tensor.BFloat16]:
		*p = *ckpttest.Must(tensor.FromSlice(data.Interface().([]tensor.BFloat16), shape...))
	default:
		f.t.Fatalf("a tensor of type %T", p)
	}
}

// TestAnyStruct saves and restores values of random types. A load into an empty program gives the saved values and the same
// sharing. A restore of a second state replaces the values of the first.
func TestAnyStruct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := types(2).Draw(t, "type")
		f := &filler{t, make(map[reflect.Type][]reflect.Value), make(map[string]int), false}
		model := reflect.New(typ)
		f.fill(model.Elem(), "")
		disk := errfs.New()
		c, err := ckpt.New(model.Interface(), ckpttest.On(disk))
		require.NoError(t, err)
		first, err := c.Save(ctx, "ckpt")
		require.NoError(t, err)

		loaded := reflect.New(typ)
		require.NoError(t, ckpt.LoadWeights(ctx, first, loaded.Interface(), ckpttest.On(disk), ckpt.Strict()))
		require.Equal(t, model.Interface(), loaded.Interface())

		f.again = true
		f.fill(model.Elem(), "") // other values of the same shapes
		second, err := c.Save(ctx, "ckpt")
		require.NoError(t, err)
		c2, err := ckpt.New(loaded.Interface(), ckpttest.On(disk))
		require.NoError(t, err)
		s, err := c2.Restore(ctx, second)
		require.NoError(t, err)
		require.NoError(t, s.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
		require.Equal(t, model.Interface(), loaded.Interface())
		again, err := c2.Write(ctx, "again")
		require.NoError(t, err)
		files := disk.Files()
		require.Equal(t, files[second+".index"], files[again+".index"], "the restored values are saved as the same bytes")
		require.Equal(t, files[second+".data-00000-of-00001"], files[again+".data-00000-of-00001"])

		_, err = c2.Restore(ctx, first)
		require.NoError(t, err)
		before := reflect.New(typ)
		require.NoError(t, ckpt.LoadWeights(ctx, first, before.Interface(), ckpttest.On(disk)))
		require.Equal(t, before.Interface(), loaded.Interface())
	})
}

// TestAnySubset restores into programs that have some of a checkpoint's variables, and others.
func TestAnySubset(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	subset := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		saved, wanted := subset.Draw(t, "saved"), subset.Draw(t, "wanted")
		disk := errfs.New()
		program := func(names []string, v float32) ckpt.Group {
			g := ckpt.Group{}
			for i, name := range names {
				g[name] = ckpttest.Vector(v + float32(i))
			}
			return g
		}
		from, into := program(saved, 10), program(wanted, -10)
		c, err := ckpt.New(from, ckpttest.On(disk))
		require.NoError(t, err)
		_, err = c.Write(ctx, "ckpt")
		require.NoError(t, err)
		c, err = ckpt.New(into, ckpttest.On(disk))
		require.NoError(t, err)
		s, err := c.Read(ctx, "ckpt")
		require.NoError(t, err)
		report := s.Report()
		var restored, missing, unused []string
		for i, name := range wanted {
			if slices.Contains(saved, name) {
				restored = append(restored, name)
				require.Equal(t, from[name], into[name])
			} else {
				missing = append(missing, name)
				require.Equal(t, -10+float32(i), ckpttest.Value(into[name].(ckpttest.Variable)))
			}
		}
		for _, name := range saved {
			if !slices.Contains(wanted, name) {
				unused = append(unused, name)
			}
		}
		require.ElementsMatch(t, restored, ckpttest.ItemPaths(report.Restored))
		require.ElementsMatch(t, missing, ckpttest.ItemPaths(report.Missing))
		require.ElementsMatch(t, unused, ckpttest.ItemPaths(slices.Concat(report.Unused, report.Waiting)))
		require.Equal(t, len(missing) == 0 && len(unused) == 0, s.AssertConsumed() == nil)
	})
}

// TestRestoresThatFail makes every operation of a restore fail, and damages the data of every variable in turn. A plain restore
// changes only the values that its *RestoreError lists. An atomic restore changes nothing.
func TestRestoresThatFail(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	program := func(v float32) ckpt.Group {
		g := ckpt.Group{}
		for i, name := range names {
			g[name] = ckpttest.Vector(v, v+float32(i))
		}
		return g
	}
	good := errfs.New()
	ckpttest.Must(ckpttest.New(t, program(1), ckpttest.On(good)).Write(ctx, "ckpt"))
	check := func(disk *errfs.FS, what string, atomic bool) error {
		into := program(-5)
		var opts []ckpt.RestoreOption
		if atomic {
			opts = []ckpt.RestoreOption{ckpt.Atomic()}
		}
		_, err := ckpttest.New(t, into, ckpttest.On(disk)).Read(ctx, "ckpt", opts...)
		if err == nil {
			require.Equal(t, program(1), into, what)
			return nil
		}
		var failed *ckpt.RestoreError
		var changed []string
		if errors.As(err, &failed) {
			changed = slices.Concat(failed.Restored, failed.Torn)
		}
		if atomic {
			require.Empty(t, changed, what)
		}
		for name := range maps.Keys(into) {
			v := into[name].(ckpttest.Variable)
			switch {
			case !slices.Contains(changed, name):
				require.Equal(t, program(-5)[name], into[name], "%s: %s has changed, but the error does not list it: %v", what, name, err)
			case failed != nil && slices.Contains(failed.Restored, name):
				require.Equal(t, program(1)[name], v, "%s: %s", what, name)
			}
		}
		return err
	}
	for _, atomic := range []bool{false, true} {
		data := good.Files()["ckpt.data-00000-of-00001"]
		for at := range 4 * 8 { // four variables of two numbers
			disk := errfs.New()
			damaged := slices.Clone(data)
			damaged[at] ^= 4
			require.NoError(t, disk.WriteFile("ckpt.index", good.Files()["ckpt.index"]))
			require.NoError(t, disk.WriteFile("ckpt.data-00000-of-00001", damaged))
			require.ErrorIs(t, check(disk, fmt.Sprintf("byte %d, atomic %v", at, atomic), atomic), ckpt.ErrCorrupt)
		}
		for n := 1; ; n++ {
			disk := errfs.New()
			for name, b := range good.Files() {
				require.NoError(t, disk.WriteFile(name, b))
			}
			disk.Inject(errfs.At(n, errfs.IO))
			if err := check(disk, fmt.Sprintf("operation %d, atomic %v", n, atomic), atomic); err == nil && disk.Ops() < n {
				require.Greater(t, n, 8)
				break
			}
		}
	}
}
