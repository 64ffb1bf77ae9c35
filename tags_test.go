package ckpt_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

func TestSnakeCase(t *testing.T) {
	for in, want := range map[string]string{
		"InputTransform": "input_transform", "LSTMCell": "lstm_cell", "W1": "w1", "Conv2D": "conv2d", "Kernel": "kernel",
		"Layer2Norm": "layer2_norm", "HTTPServer": "http_server", "A": "a", "AB": "ab", "Über": "über", "Snake_Case": "snake_case",
	} {
		require.Equal(t, want, ckpt.SnakeCase(in), in)
	}
}

// leaf is a struct that contains a tensor.
type leafStruct struct{ W tensor.Tensor[float32] }

type SelfEmbedding struct {
	*SelfEmbedding
	W tensor.Tensor[float32]
}

type embeddedUnexported struct{ W tensor.Tensor[float32] }

func TestTagMisuse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		model any
		field string // in the error
		want  string
	}{
		{"an unknown option", &struct {
			W tensor.Tensor[float32] `ckpt:"w,sparse"`
		}{}, "W", `unknown option "sparse"`},
		{"an unexported tagged field", &struct {
			w tensor.Tensor[float32] `ckpt:"w"`
		}{}, "w", "not exported"},
		{"two fields with one name", &struct {
			A tensor.Tensor[float32] `ckpt:"w"`
			B tensor.Tensor[float32] `ckpt:"w"`
		}{}, "B", `field A already has the name "w"`},
		{"an alias with another field's name", &struct {
			A tensor.Tensor[float32] `ckpt:"a"`
			B tensor.Tensor[float32] `ckpt:"b,alias=a"`
		}{}, "B", `the name "a"`},
		{"an inlined field with a name that the struct has", &struct {
			leafStruct
			X tensor.Tensor[float32] `ckpt:"w"`
		}{}, "X", `field leafStruct.W already has the name "w"`},
		{"a tagged channel", &struct {
			C chan int `ckpt:"c"`
		}{}, "C", "a chan int cannot be saved"},
		{"a tagged function in a slice", &struct {
			F []func() `ckpt:"f"`
		}{}, "F", "a func() cannot be saved"},
		{"a map with keys that are not strings", &struct {
			M map[int]*leafStruct
		}{}, "M", "the keys of map[int]*ckpt_test.leafStruct are not strings"},
		{"inline on a slice", &struct {
			S []leafStruct `ckpt:",inline"`
		}{}, "S", `option "inline" is for structs`},
		{"shape on a matrix", &struct {
			S [][]float32 `ckpt:"s,shape=2x3"`
		}{}, "S", `option "shape" is for a flat slice`},
		{"a struct embedded in itself by pointer", &SelfEmbedding{}, "SelfEmbedding", "inlined into itself"},
		{"an embedded pointer to an unexported struct", &struct{ *embeddedUnexported }{}, "embeddedUnexported", "embed the struct itself"},
		{"a mistake behind a nil pointer", &struct {
			Next *struct {
				C chan int `ckpt:"c"`
			}
		}{}, "C", "cannot be saved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ckpt.New(tt.model)
			var tagErr *ckpt.TagError
			require.ErrorAs(t, err, &tagErr)
			require.Equal(t, tt.field, tagErr.Field)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, reflect.TypeOf(tagErr.Struct).String()[:0]+tagErr.Struct.String())
		})
	}
}
