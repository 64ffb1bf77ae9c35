package ckpt_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/tensor"
)

func TestParseTag(t *testing.T) {
	for _, tt := range []struct {
		text string
		want walk.Tag
		err  string
	}{
		{text: "kernel", want: walk.Tag{Name: "kernel", Named: true}},
		{text: "-", want: walk.Tag{Skip: true}},
		{text: "-,", want: walk.Tag{Name: "-", Named: true}, err: `unknown option ""`},
		{text: "'-'", want: walk.Tag{Name: "-", Named: true}},
		{text: "", want: walk.Tag{}},
		{text: "''", want: walk.Tag{Named: true}},
		{text: ",optional", want: walk.Tag{Optional: true}},
		{text: "table,alias=embeddings,alias=_embeddings", want: walk.Tag{Name: "table", Named: true, Field: object.Field{Aliases: []string{"embeddings", "_embeddings"}}}},
		{text: "a/b.c d", want: walk.Tag{Name: "a/b.c d", Named: true}},
		{text: `'a,b\'c\\d',alias='x,y'`, want: walk.Tag{Name: `a,b'c\d`, Named: true, Field: object.Field{Aliases: []string{"x,y"}}}},
		{text: "w,optional,alloc,cast,inline", want: walk.Tag{Name: "w", Named: true, Optional: true, Alloc: true, Cast: true, Inline: true}},
		{text: "w,shape=2x3", want: walk.Tag{Name: "w", Named: true, Field: object.Field{Shape: tensor.Shape{2, 3}}}},
		{text: "w,fullname=dense/kernel", want: walk.Tag{Name: "w", Named: true, Field: object.Field{FullName: "dense/kernel"}}},
		{text: "w,wrong", err: `unknown option "wrong"`},
		{text: "w,optional=yes", err: `option "optional" takes no value`},
		{text: "w,alias", err: `option "alias" needs a value`},
		{text: "w,shape=2x", err: `shape "2x" is not of the form 2x3`},
		{text: "w,shape=-1", err: `shape "-1" is not of the form 2x3`},
		{text: "'open", err: "is not closed"},
		{text: "'a'b", err: `text "b" after the quoted name`},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got, err := ckpt.ParseTag(tt.text)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			tt.want.Present = true
			require.Equal(t, tt.want, got)
		})
	}
}

func FuzzParseTag(f *testing.F) {
	for _, seed := range []string{"kernel", "-", "a,alias=b", "'a,b',optional", "w,shape=2x3,cast", "'", "a,'", ",=,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ckpt.ParseTag(text)
		if err != nil {
			return
		}
		require.True(t, got.Present)
		if got.Shape != nil {
			require.NoError(t, got.Shape.Check())
		}
	})
}

func TestSnakeCase(t *testing.T) {
	for in, want := range map[string]string{
		"InputTransform": "input_transform", "LSTMCell": "lstm_cell", "W1": "w1", "Conv2D": "conv2d", "Kernel": "kernel",
		"Layer2Norm": "layer2_norm", "HTTPServer": "http_server", "A": "a", "AB": "ab", "Über": "über", "Snake_Case": "snake_case",
	} {
		require.Equal(t, want, ckpt.SnakeCase(in), in)
	}
}

// leaf is a struct that leads to a tensor.
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
		}{}, "B", `the name "w" is that of field A already`},
		{"an alias that is another field's name", &struct {
			A tensor.Tensor[float32] `ckpt:"a"`
			B tensor.Tensor[float32] `ckpt:"b,alias=a"`
		}{}, "B", `the name "a"`},
		{"an inlined field with a name of the struct's", &struct {
			leafStruct
			X tensor.Tensor[float32] `ckpt:"w"`
		}{}, "X", `the name "w" is that of field leafStruct.W already`},
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
