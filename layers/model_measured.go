package layers

import (
	"slices"
	"strings"

	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// measured returns the shapes of the layers' outputs, as Keras writes them, by running the model on empty batches: once with each
// of two lengths for the open axes of the description. It returns nil if a model fixes the batch, has no shapes for its inputs,
// lacks weights or has layers of other packages.
func (m *Model) measured() map[string]string {
	var found [2]map[string][]tensor.Shape
	for i, open := range []int{1 << 10, 1 << 11} { // two lengths that stay different when they are halved, as pooling does
		inputs := make([]*ops.Value, len(m.program.Inputs))
		for k, in := range m.program.Inputs {
			if len(in.Shape) == 0 || in.Shape[0] != -1 {
				return nil
			}
			shape := slices.Clone(in.Shape)
			for axis, n := range shape {
				if n < 0 {
					shape[axis] = open
				}
			}
			shape[0] = 0
			x, err := tensor.NewAny(in.DType, shape...)
			if err != nil {
				return nil
			}
			if inputs[k], err = ops.NewValue(x); err != nil {
				return nil
			}
		}
		found[i] = m.program.Shapes(inputs)
	}
	texts := make(map[string]string)
	for name, shapes := range found[0] {
		if others := found[1][name]; len(others) == len(shapes) {
			texts[name] = shapesText(shapes, others)
		}
	}
	return texts
}

// shapesText returns the shapes, given those for two lengths of open axes. A length that differs, or is 0, is open.
func shapesText(shapes, others []tensor.Shape) string {
	texts := make([]string, len(shapes))
	for i, s := range shapes {
		open := make([]any, len(s))
		for axis, n := range s {
			if n != 0 && axis < len(others[i]) && others[i][axis] == n {
				open[axis] = float64(n)
			}
		}
		texts[i] = shapeText(open)
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return "[" + strings.Join(texts, ", ") + "]"
}
