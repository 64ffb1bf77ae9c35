package transfer

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// A wantedShape is a shape that the options of an object fix for one of its variables; -1 stands for any length.
type wantedShape struct {
	by    *object.Node
	shape []int
}

// askShapes asks every [tensor.Shaper] of the program which shapes its options fix.
func (p *Plan) askShapes() {
	for _, n := range p.graph.Nodes {
		if n.Group && n.Obj.CanAddr() {
			if shaper, ok := n.Obj.Addr().Interface().(tensor.Shaper); ok {
				p.askShaper(n, shaper)
			}
		}
	}
}

func (p *Plan) askShaper(n *object.Node, shaper tensor.Shaper) {
	if p.wants == nil {
		p.wants = make(map[object.Identity][]wantedShape)
	}
	shaper.WantShapes(func(variable tensor.Any, shape ...int) {
		v := reflect.ValueOf(variable)
		if v.Kind() != reflect.Pointer || v.IsNil() {
			return
		}
		key := object.IdentityOf(v.Elem(), nil, nil)
		p.wants[key] = append(p.wants[key], wantedShape{n, slices.Clone(shape)})
	})
}

// misfit says why a stored tensor cannot be a variable for which shapes are wanted, "" if it can.
func misfit(wants []wantedShape, e format.Entry) string {
	for _, w := range wants {
		fits := len(w.shape) == len(e.Shape)
		for i := 0; fits && i < len(w.shape); i++ {
			fits = w.shape[i] < 0 || w.shape[i] == e.Shape[i]
		}
		if !fits {
			return fmt.Sprintf("shape %v in the checkpoint, %s by the options of %s (%v)", e.Shape, w, w.by.GoPath(), w.by.Key.Type)
		}
	}
	return ""
}

// String writes an axis of any length as "?".
func (w wantedShape) String() string {
	axes := make([]string, len(w.shape))
	for i, n := range w.shape {
		if axes[i] = strconv.Itoa(n); n < 0 {
			axes[i] = "?"
		}
	}
	return "[" + strings.Join(axes, " ") + "]"
}
