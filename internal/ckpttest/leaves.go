package ckpttest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// LeavesOf returns the variables of a program by their paths. A variable that is not built is nil.
func LeavesOf(v reflect.Value, path string, out map[string][]float32) {
	switch {
	case v.Type() == reflect.TypeFor[tensor.Tensor[float32]]():
		x := v.Addr().Interface().(*tensor.Tensor[float32])
		out[path] = slices.Clone(x.Data())
	case v.Type() == reflect.TypeFor[[]float32]():
		out[path] = slices.Clone(v.Interface().([]float32))
	case v.Type() == reflect.TypeFor[*tensor.Tensor[float32]]() && v.IsNil():
		out[path] = nil
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			LeavesOf(v.Elem(), path, out)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("ckpt"), ",")
			LeavesOf(v.Field(i), strings.TrimPrefix(path+"."+name, "."), out)
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		for i := range v.Len() {
			LeavesOf(v.Index(i), fmt.Sprint(path, ".", i), out)
		}
	}
}
