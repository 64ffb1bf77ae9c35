package tensor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestPrinting(t *testing.T) {
	m, err := tensor.FromSlice([]float32{1, 2.5, -3, 4}, 2, 2)
	require.NoError(t, err)
	half := vector(t, tensor.Float16FromFloat32(0.5), tensor.Float16FromFloat32(2))
	for _, c := range []struct {
		name   string
		format string
		value  any
		want   string
	}{
		{"%v is dtype, shape and elements", "%v", m, "float32[2 2] [[1 2.5] [-3 4]]"},
		{"%s is dtype and shape", "%s", m, "float32[2 2]"},
		{"%#v equals %v", "%#v", m, "float32[2 2] [[1 2.5] [-3 4]]"},
		{"%v is short", "%v", tensor.New[int8](3, 3, 9), "int8[3 3 9] [[[0 0 0 ... 0 0 0] ... [0 0 0 ... 0 0 0]] ... [[0 0 0 ... 0 0 0] ... [0 0 0 ... 0 0 0]]]"},
		{"%v of a row", "%v", tensor.New[int8](13), "int8[13] [0 0 0 ... 0 0 0]"},
		{"%v of many rows", "%v", tensor.New[int8](1<<30, 0), "int8[1073741824 0] []"},
		{"%+v has dtype, shape and elements", "%+v", m, "float32[2 2] [[1 2.5] [-3 4]]"},
		{"a verb for numbers applies to each element", "%.2f", m, "[[1.00 2.50] [-3.00 4.00]]"},
		{"with a width", "%5.1f", m, "[[  1.0   2.5] [ -3.0   4.0]]"},
		{"%f prints small floats as numbers", "%.1f", half, "[0.5 2.0]"},
		{"%+v prints small floats as numbers", "%+v", half, "float16[2] [0.5 2]"},
		{"%d prints small integers as numbers", "%d", vector(t, tensor.Int4FromInt8(-1), 7), "[-1 7]"},
		{"with or without a sign", "%d", vector(t, tensor.UInt2(0xff)), "[3]"},
		{"%+v shows the ends of strings", "%+v", vector(t, "a b", ""), `string[2] ["a b" ""]`},
		{"and in %q", "%q", vector(t, "a b", ""), `["a b" ""]`},
		{"a scalar has no brackets", "%+v", tensor.Scalar(true), "bool[] true"},
		{"an empty tensor has one pair of brackets, whatever its rows", "%+v", tensor.New[int8](1<<30, 0), "int8[1073741824 0] []"},
		{"not built", "%v", new(tensor.Tensor[int8]), "int8 (not built)"},
		{"not built, with %+v", "%+v", new(tensor.Tensor[int8]), "int8 (not built)"},
		{"a field that is a tensor prints like one", "%v", struct{ Kernel tensor.Tensor[float32] }{*m}, "{float32[2 2] [[1 2.5] [-3 4]]}"},
		{"and in %+v", "%+v", struct{ Kernel tensor.Tensor[float32] }{*m}, "{Kernel:float32[2 2] [[1 2.5] [-3 4]]}"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, fmt.Sprintf(c.format, c.value)) })
	}
	require.Equal(t, "float32[2 2]", m.String())

	t.Run("a thousand elements are printed completely", func(t *testing.T) {
		require.Equal(t, 1000, strings.Count(fmt.Sprintf("%d", tensor.New[int8](10, 100)), "0"))
	})
	t.Run("more elements are summarized along every axis", func(t *testing.T) {
		big := tensor.New[int32](7, 2, 1000)
		for i := range big.Data() {
			big.Data()[i] = int32(i)
		}
		require.Equal(t, "[[[0 1 2 ... 997 998 999] [1000 1001 1002 ... 1997 1998 1999]] "+
			"[[2000 2001 2002 ... 2997 2998 2999] [3000 3001 3002 ... 3997 3998 3999]] "+
			"[[4000 4001 4002 ... 4997 4998 4999] [5000 5001 5002 ... 5997 5998 5999]] ... "+
			"[[8000 8001 8002 ... 8997 8998 8999] [9000 9001 9002 ... 9997 9998 9999]] "+
			"[[10000 10001 10002 ... 10997 10998 10999] [11000 11001 11002 ... 11997 11998 11999]] "+
			"[[12000 12001 12002 ... 12997 12998 12999] [13000 13001 13002 ... 13997 13998 13999]]]", fmt.Sprintf("%d", big))
	})
}
