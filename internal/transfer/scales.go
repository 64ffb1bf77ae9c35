package transfer

import (
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

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
		want, ok := scales[a.Node.Key]
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
					a.Node.Parent.Key.Type, stored.DType, stored.Shape, by.DType, by.Shape))
			}
		case stored.DType == tensor.DTInt8:
			failed[a] = true
			p.Problem(a.Node, a.Key, fmt.Sprintf("quantized values (%v), and the checkpoint has no scale beside them that %v knows; save the model without quantization",
				stored.DType, a.Node.Parent.Key.Type))
		}
	}
	return failed
}
