package layers

import "testing"

// callCategories calls the layer as a model does, for it takes integers.
func callCategories(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	a := &arguments{who: id{kind: c.Class}, args: []any{floatValue(xs[0])}, kw: make(map[string]any), used: make(map[string]bool), work: ctx.Workspace}
	if w := c.kwarg(t, "count_weights"); w != nil {
		a.kw["count_weights"] = floatValue(w)
	}
	vs, err := layer.(kerasLayer).callKeras(a)
	if err != nil {
		return nil, err
	}
	y, err := vs[0].float()
	return []*Tensor{y}, err
}

func TestCategoryGolden(t *testing.T) { runGolden(t, "category", callCategories) }
