package layers

import (
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

func TestModelGolden(t *testing.T) { runGolden(t, "model", callModel) }

// callModel runs a model on a case's inputs in the dtypes that Keras was given them in.
func callModel(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	inputs := make([]tensor.Any, len(xs))
	for i, x := range xs {
		d, err := tensor.ParseDType(c.Inputs[i].DType)
		require.NoError(t, err)
		v, err := floatValue(x).cast(d)
		require.NoError(t, err)
		inputs[i], err = v.tensor()
		require.NoError(t, err)
	}
	m := layer.(*Model)
	ys, err := m.Run(ctx, inputs...)
	if err != nil {
		return nil, err
	}
	out := make([]*Tensor, len(ys))
	for i, y := range ys {
		spec := m.Outputs()[i]
		require.Equal(t, c.Outputs[i].DType, y.DType().String(), "dtype of output %d, %s", i, spec.Name)
		require.Equal(t, y.DType(), spec.DType, "what Outputs says of output %d, %s", i, spec.Name)
		v, err := newValue(y)
		require.NoError(t, err)
		out[i], err = v.float()
		require.NoError(t, err)
	}
	return out, nil
}
