package layers

import (
	"testing"

	"github.com/gockpt/ckpt/layers/internal/ops"
)

// callCategories calls the layer as a model does, because the layer takes integers.
func callCategories(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	a := &ops.Arguments{Args: []any{ops.FloatValue(xs[0])}, Kw: make(map[string]any), Used: make(map[string]bool), Work: ctx.workspace()}
	if w := c.kwarg(t, "count_weights"); w != nil {
		a.Kw["count_weights"] = ops.FloatValue(w)
	}
	vs, err := layer.(kerasLayer).callKeras(a)
	if err != nil {
		return nil, err
	}
	y, err := vs[0].Float()
	return []*Tensor{y}, err
}

func TestCategoryGolden(t *testing.T) { runGolden(t, "category", callCategories) }
