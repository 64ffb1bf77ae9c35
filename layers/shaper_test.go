package layers

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// TestWantShapesFitKeras checks all golden layers: Keras's weights for a configuration have the shapes that the layer made from it expects.
func TestWantShapesFitKeras(t *testing.T) {
	wanted := 0
	for _, family := range []string{"dense", "einsum_dense", "embedding", "conv", "convlstm", "recurrent", "attention", "model"} {
		for _, c := range readGolden(t, family) {
			t.Run(c.Class+"/"+c.Name, func(t *testing.T) {
				layer, err := kerasLibrary{}.Make(c.Class, c.Config)
				require.NoError(t, err)
				c.setWeights(t, layer)
				for _, s := range shapers(reflect.ValueOf(layer)) {
					s.WantShapes(func(v tensor.Any, shape ...int) {
						if x := v.(*Tensor); x.Built() {
							wanted++
							require.True(t, fitsPattern(x.Shape(), shape), "%T wants %v, Keras has %v", s, shape, x.Shape())
						}
					})
				}
			})
		}
	}
	require.Greater(t, wanted, 200)
}

func fitsPattern(s tensor.Shape, pattern []int) bool {
	fits := len(s) == len(pattern)
	for i := 0; fits && i < len(s); i++ {
		fits = pattern[i] == -1 || pattern[i] == s[i]
	}
	return fits
}

// shapers returns the Shapers that are reachable by exported fields.
func shapers(v reflect.Value) []tensor.Shaper {
	var found []tensor.Shaper
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return shapers(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, shapers(v.Index(i))...)
		}
	case reflect.Struct:
		if v.CanAddr() {
			if s, ok := v.Addr().Interface().(tensor.Shaper); ok {
				found = append(found, s)
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				found = append(found, shapers(v.Field(i))...)
			}
		}
	}
	return found
}

func TestWantShapesOfOptions(t *testing.T) {
	for _, tt := range []struct {
		class, config string
		variable      func(layer any) *Tensor
		want          []int
	}{
		{"Dense", `{"units": 5}`, func(l any) *Tensor { return &l.(*Dense).Kernel }, []int{-1, 5}},
		{"Dense", `{}`, func(l any) *Tensor { return &l.(*Dense).Kernel }, []int{-1, -1}},
		{"Conv2D", `{"filters": 5, "kernel_size": 3}`, func(l any) *Tensor { return &l.(*Conv2D).Kernel }, []int{3, 3, -1, 5}},
		{"Conv2DTranspose", `{"filters": 5, "kernel_size": [3, 2]}`, func(l any) *Tensor { return &l.(*Conv2DTranspose).Kernel }, []int{3, 2, 5, -1}},
		{"EinsumDense", `{"equation": "abc,cd->abd", "output_shape": [null, 7]}`, func(l any) *Tensor { return &l.(*EinsumDense).Kernel }, []int{-1, 7}},
		{"GRU", `{"units": 5}`, func(l any) *Tensor { return &l.(*GRU).Cell.Bias }, []int{2, 15}},
		{"MultiHeadAttention", `{"num_heads": 2, "key_dim": 3}`, func(l any) *Tensor { return &l.(*MultiHeadAttention).KeyDense.Kernel }, []int{-1, 2, 3}},
	} {
		t.Run(tt.class, func(t *testing.T) {
			layer, err := kerasLibrary{}.Make(tt.class, json.RawMessage(tt.config))
			require.NoError(t, err)
			var got []int
			for _, s := range shapers(reflect.ValueOf(layer)) {
				s.WantShapes(func(v tensor.Any, shape ...int) {
					if v == tensor.Any(tt.variable(layer)) {
						got = shape
					}
				})
			}
			require.Equal(t, tt.want, got)
		})
	}
}
