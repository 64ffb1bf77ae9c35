package properties

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// mutate changes a program as programs change: values, shapes, targets of pointers, and elements of slices and maps.
func (f *filler) mutate(v reflect.Value, path string) {
	if a, ok := v.Addr().Interface().(tensor.Any); ok {
		if rapid.Bool().Draw(f.t, "another shape") {
			v.SetZero()
			f.shapes[path] = rapid.IntRange(1, 3).Draw(f.t, "size")
		}
		f.tensor(v, a, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.mutate(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		if rapid.IntRange(0, 3).Draw(f.t, "pointer") > 0 {
			f.mutate(v.Elem(), path)
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), path)
	case reflect.Slice:
		e := reflect.New(v.Type().Elem()).Elem()
		switch how := rapid.IntRange(0, 3).Draw(f.t, "slice"); {
		case how == 0:
			f.fill(e, path+"[new]")
			v.Set(reflect.Append(v, e))
		case how == 1 && v.Len() > 1:
			v.Set(v.Slice(1, v.Len()))
		case how == 2:
			e.Set(v.Index(0))
			v.Index(0).Set(v.Index(v.Len() - 1))
			v.Index(v.Len() - 1).Set(e)
		default:
			f.mutate(v.Index(0), path+"[0]")
		}
	case reflect.Array:
		f.mutate(v.Index(0), path+"[0]")
	case reflect.Map:
		e := reflect.New(v.Type().Elem()).Elem()
		key := reflect.ValueOf(rapid.SampledFrom([]string{"3", "one", "new"}).Draw(f.t, "key"))
		if old := v.MapIndex(key); old.IsValid() && v.Len() > 1 && rapid.Bool().Draw(f.t, "delete") {
			v.SetMapIndex(key, reflect.Value{})
			return
		} else if old.IsValid() {
			e.Set(old)
			f.mutate(e, path+"["+key.String()+"]")
		} else {
			f.fill(e, path+"["+key.String()+"]")
		}
		v.SetMapIndex(key, e)
	default:
		v.Set(f.plain(v.Type()))
	}
}

// TestAnyMutation saves programs of random types again and again while they change. Each checkpoint holds the program as it was
// at the time of its save, and later saves do not change it.
func TestAnyMutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := types(2).Draw(t, "type")
		f := &filler{t, make(map[reflect.Type][]reflect.Value), make(map[string]int), false}
		model, disk := reflect.New(typ), errfs.New()
		f.fill(model.Elem(), "")
		c, err := ckpt.New(model.Interface(), ckpttest.On(disk))
		require.NoError(t, err)
		written := make(map[string][]byte)
		for range 3 {
			path, err := c.Save(ctx, "ckpt")
			require.NoError(t, err)
			loaded := reflect.New(typ)
			require.NoError(t, ckpt.LoadWeights(ctx, path, loaded.Interface(), ckpttest.On(disk), ckpt.Strict()))
			require.Equal(t, model.Interface(), loaded.Interface())
			for name, b := range disk.Files() {
				if old, ok := written[name]; ok && name != "checkpoint" {
					require.Equal(t, old, b, "a later save has changed %s", name)
				}
				written[name] = b
			}
			f.mutate(model.Elem(), "")
		}
	})
}
