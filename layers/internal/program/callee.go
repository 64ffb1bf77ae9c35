package program

import (
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// A Callee is the layer, model or operator that a node calls.
type Callee struct {
	Who      fault.Who
	Class    string
	Layer    any          // nil for an input and for an operator
	operator ops.Operator // nil for a layer
	to       tensor.DType // dtype of an operator's result if its configuration has one
	lib      Library
	keeps    bool // a layer that may keep tensors
}

// Keras 2's classes for TensorFlow functions.
const (
	tensorFlowFunction = "TFOpLambda"
	tensorFlowSlice    = "SlicingOpLambda"
)

// Name returns Keras's name for the layer.
func (c *Callee) Name() string { return c.Who.Name }

// call calls the callee, as Layer.__call__ does.
func (c *Callee) call(a *ops.Arguments) ([]*ops.Value, error) {
	if c.operator != nil {
		out, err := c.operator(a)
		if err == nil {
			err = a.Unused(len(a.Args))
		}
		if err != nil {
			who := c.Who
			if c.Class != tensorFlowFunction && c.Class != tensorFlowSlice {
				who.Kind = "keras.ops " + c.Class
			}
			return nil, fault.Errorf(who, "%w", err)
		}
		return out, nil
	}
	// Keras 3's predict passes training=False to all layers. Keras 2 keeps the argument of the model's calls.
	if training := a.Get(-1, "training"); training == true && c.lib.Keras2() {
		return nil, fault.Errorf(c.Who, "argument %q is true: %w", "training", fault.ErrUnknownOption)
	}
	if inner := c.inner(); inner != nil {
		return inner.callNested(a)
	}
	out, err := c.lib.Call(c.Who.String(), c.Class, c.Layer, a)
	if err == nil {
		if err = a.Unused(len(a.Args)); err != nil {
			err = fault.Errorf(c.Who, "%w", err)
		}
	}
	return out, err
}

// inner returns the program of a callee that is a model; nil for other callees.
func (c *Callee) inner() *Program {
	if c.Layer == nil {
		return nil
	}
	return c.lib.Program(c.Layer)
}

// callNested runs p as a layer of another model. A mask argument applies to the inputs. Outputs have their own masks.
func (p *Program) callNested(a *ops.Arguments) ([]*ops.Value, error) {
	first := a.First()
	if len(a.Args) > 1 {
		return nil, fault.Errorf(p.Who, "%d arguments, want 1", len(a.Args))
	}
	if dict, ok := first.(map[string]any); ok && !p.named {
		list := make([]any, len(p.Inputs))
		for i, s := range p.Inputs {
			if list[i], ok = dict[s.Name]; !ok {
				return nil, fault.Errorf(p.Who, "no input %q", s.Name)
			}
		}
		first = list
	}
	vs, err := ops.Flattened(first)
	if err != nil {
		return nil, fault.Errorf(p.Who, "%w", err)
	}
	if mask := a.Get(-1, "mask"); mask != nil {
		masks, err := ops.MaskList(mask, len(vs))
		if err != nil {
			return nil, fault.Errorf(p.Who, "%w", err)
		}
		for i, v := range vs { // Keras also sets it on the tensor
			if masks[i] != nil {
				v.Mask = masks[i]
			}
		}
	}
	return p.Run(a.Work, vs, !a.Passing)
}
