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
			return fmt.Sprintf("shape %v in the checkpoint, %s by the options of %s (%v)", e.Shape, w, w.by.GoPath(), w.by.Key().Type)
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

// A wantedScale says which object gives the steps of a variable that may be stored as integers.
type wantedScale struct {
	by   object.Identity
	fits func(variable, by tensor.Shape) bool
}

// askScales asks every [tensor.Scaler] of the program which of its variables may be stored as integers.
func (p *Plan) askScales() map[object.Identity]wantedScale {
	scales := make(map[object.Identity]wantedScale)
	for _, n := range p.graph.Nodes {
		if !n.Group || !n.Obj.CanAddr() || !n.Obj.CanInterface() {
			continue
		}
		if scaler, ok := n.Obj.Addr().Interface().(tensor.Scaler); ok {
			scaler.WantScales(func(variable, by tensor.Any, fits func(variable, by tensor.Shape) bool) {
				if !object.IsNil(variable) && !object.IsNil(by) {
					scales[identityOf(variable)] = wantedScale{identityOf(by), fits}
				}
			})
		}
	}
	return scales
}

func identityOf(variable tensor.Any) object.Identity {
	return object.IdentityOf(reflect.ValueOf(variable).Elem(), nil, nil)
}

// checkScales marks the values that are stored as integers with steps. It adds a problem for each that cannot be computed with, and
// returns those.
func (p *Plan) checkScales(r format.Reader) (failed map[*Assignment]bool) {
	scales := p.askScales()
	if len(scales) == 0 {
		return nil
	}
	failed = make(map[*Assignment]bool)
	keys := p.Keys()
	for _, a := range p.assignments {
		want, ok := scales[a.Node.Key()]
		if !ok {
			continue
		}
		stored, found, err := r.Lookup(a.Key)
		if err != nil || !found {
			continue // the check says so
		}
		steps, scaled := keys[want.by]
		switch {
		case scaled:
			by, found, err := r.Lookup(steps)
			if err != nil || !found {
				continue
			}
			if a.Value.Scaled = want.fits(stored.Shape, by.Shape); !a.Value.Scaled {
				failed[a] = true
				p.Problem(a.Node, a.Key, fmt.Sprintf("quantized in a way that %v does not compute: %v %v with scale %v %v; save the model without quantization",
					a.Node.Parent.Key().Type, stored.DType, stored.Shape, by.DType, by.Shape))
			}
		case stored.DType == tensor.DTInt8:
			failed[a] = true
			p.Problem(a.Node, a.Key, fmt.Sprintf("quantized values (%v), and the checkpoint has no scale beside them that %v knows; save the model without quantization",
				stored.DType, a.Node.Parent.Key().Type))
		}
	}
	return failed
}
