package layers

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// A MergeMode says how a [Bidirectional] combines its two outputs.
type MergeMode uint8

// The merge modes of Keras.
const (
	MergeConcat MergeMode = iota // side by side along the last axis
	MergeSum
	MergeMul
	MergeAve
	MergeNone // no merging: ForwardAll returns two outputs
)

// mergeModes returns Keras's names of the modes.
func mergeModes() []string { return []string{"concat", "sum", "mul", "ave", "None"} }

// String returns Keras's name for m.
func (m MergeMode) String() string {
	if names := mergeModes(); int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("MergeMode(%d)", uint8(m))
}

// Bidirectional is keras.layers.Bidirectional: two recurrent layers, one of which processes the sequence backwards. Outputs of all
// steps are merged in the order of the input's steps. [NewBidirectional] makes the second layer from the first.
//
// As in Keras, if the layers return sequences, the outputs of masked steps are zero, whatever the options of the layers say. A
// backward layer with Unroll clears other steps, as Keras's unrolled loop does: output i in the order of computation, if the mask
// is false at step i from the front.
type Bidirectional struct {
	ForwardLayer  RecurrentLayer `ckpt:"forward_layer"`
	BackwardLayer RecurrentLayer `ckpt:"backward_layer"`

	MergeMode MergeMode
	Name      string // for error messages
}

// NewBidirectional returns a Bidirectional with layer and another layer that has the same options and the opposite direction.
func NewBidirectional(layer RecurrentLayer) *Bidirectional {
	return &Bidirectional{ForwardLayer: layer, BackwardLayer: layer.reversed()}
}

func (b *Bidirectional) id() id { return id{"bidirectional", b.Name} }

// recurrences returns the recurrences of the two layers.
func (b *Bidirectional) recurrences() (forward, backward recurrence, err error) {
	if b.ForwardLayer == nil || b.BackwardLayer == nil {
		return forward, backward, errorf(b.id(), "%w: ForwardLayer and BackwardLayer must be set", errNoLayer)
	}
	forward, backward = b.ForwardLayer.recurrence(), b.BackwardLayer.recurrence()
	switch {
	case forward.backwards == backward.backwards:
		err = errorf(b.id(), "both layers have the same direction, want one with GoBackwards")
	case forward.sequences != backward.sequences || forward.state != backward.state:
		err = errorf(b.id(), "one layer returns sequences or states, the other does not")
	case b.MergeMode > MergeNone:
		err = errorf(b.id(), "unknown merge mode %v", b.MergeMode)
	}
	forward.zeroOutput, backward.zeroOutput = forward.sequences, backward.sequences
	return forward, backward, err
}

// Build makes the weights of both layers for sequences of the given shape.
func (b *Bidirectional) Build(input tensor.Shape) error {
	forward, backward, err := b.recurrences()
	if err != nil {
		return err
	}
	if err := forward.build(input); err != nil {
		return err
	}
	return backward.build(input)
}

// Call returns the merged output for x, [batch steps inputs].
func (b *Bidirectional) Call(x *Tensor) (*Tensor, error) { return b.Forward(nil, x) }

// Forward is Call with a [Context]: masked steps are skipped. It returns an error if outputs are not merged.
func (b *Bidirectional) Forward(c *Context, x *Tensor) (*Tensor, error) {
	if b.MergeMode == MergeNone {
		return nil, errorf(b.id(), "the layer has two outputs: call ForwardAll")
	}
	ys, err := b.ForwardAll(c, []*Tensor{x})
	if err != nil {
		return nil, err
	}
	return ys[0], nil
}

// ForwardAll is Forward for x and optional initial states, first those of the forward layer; without them the states begin as
// zeros. It returns the output, or two if they are not merged, and, if the layers return states, the states of both.
func (b *Bidirectional) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	fr, br, err := b.recurrences()
	if err != nil {
		return nil, err
	}
	if len(xs) == 0 {
		return nil, errorf(b.id(), "no input")
	}
	initial := xs[1:]
	if len(initial)%2 != 0 {
		return nil, errorf(b.id(), "got %d initial states, want an even number, half for each layer", len(initial))
	}
	half := len(initial) / 2
	forward, err := fr.check(c, append([]*Tensor{xs[0]}, initial[:half]...))
	if err != nil {
		return nil, err
	}
	backward, err := br.check(c, append([]*Tensor{xs[0]}, initial[half:]...))
	if err != nil {
		return nil, err
	}
	return b.run(c.workspace(), &forward, &backward)
}

// run runs both layers and merges their outputs.
func (b *Bidirectional) run(w *kernel.Scratch, forward, backward *sequence) ([]*Tensor, error) {
	ys, outputs, err := b.outputs(forward.outputShape(), backward.outputShape())
	if err != nil {
		return nil, err
	}
	merged := len(ys)
	if forward.state {
		if ys, err = forward.appendStates(ys); err != nil {
			return nil, err
		}
	}
	middle := len(ys)
	if backward.state {
		if ys, err = backward.appendStates(ys); err != nil {
			return nil, err
		}
	}
	if b.MergeMode == MergeNone {
		forward.run(w, ys[0].Data(), ys[merged:middle], false)
		backward.run(w, ys[1].Data(), ys[middle:], true)
		return ys, nil
	}
	defer w.Release(w.Mark())
	one, other := w.Floats(outputs[0].Len()), w.Floats(outputs[1].Len())
	forward.run(w, one, ys[merged:middle], false)
	backward.run(w, other, ys[middle:], true)
	b.merge(ys[0].Data(), one, other, outputs)
	return ys, nil
}

// outputs returns the tensors for the outputs of two layers with the given output shapes.
func (b *Bidirectional) outputs(shapes ...tensor.Shape) ([]*Tensor, []tensor.Shape, error) {
	one, other := shapes[0], shapes[1]
	last := len(one) - 1
	fits := len(one) == len(other) && one[:last].Equal(other[:last]) && (b.MergeMode == MergeConcat || one[last] == other[last])
	if b.MergeMode != MergeNone && !fits {
		return nil, nil, shapeErrorf(b.id(), "output of the backward layer", other, "one that merges by %v with the forward layer's %v", b.MergeMode, one)
	}
	ys := make([]*Tensor, 0, 6)
	switch b.MergeMode {
	case MergeConcat:
		wide := slices.Clone(one)
		wide[last] += other[last]
		shapes = []tensor.Shape{wide}
	case MergeNone:
	default:
		shapes = shapes[:1]
	}
	for _, s := range shapes {
		y, err := newOutput(b.id(), s...)
		if err != nil {
			return nil, nil, err
		}
		ys = append(ys, y)
	}
	return ys, []tensor.Shape{one, other}, nil
}

// merge merges the outputs of both layers, which have the given shapes, into y.
func (b *Bidirectional) merge(y, one, other []float32, shapes []tensor.Shape) {
	switch b.MergeMode {
	case MergeConcat:
		n, m := shapes[0][len(shapes[0])-1], shapes[1][len(shapes[1])-1]
		for len(y) > 0 {
			copy(y, one[:n])
			copy(y[n:], other[:m])
			y, one, other = y[n+m:], one[n:], other[m:]
		}
	case MergeSum:
		for i, v := range one {
			y[i] = v + other[i]
		}
	case MergeMul:
		for i, v := range one {
			y[i] = v * other[i]
		}
	case MergeAve:
		for i, v := range one {
			y[i] = (v + other[i]) / 2
		}
	}
}

// OutputMask returns the input's mask if the output has the same steps.
func (b *Bidirectional) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	forward, _, err := b.recurrences()
	if err != nil {
		return nil, err
	}
	return forward.outputMask(c)
}

func makeBidirectional(c *config.Config) any {
	b := &Bidirectional{Name: c.Name()}
	read := func(key string) RecurrentLayer {
		object, made := c.Object(key)
		layer, ok := made.(RecurrentLayer)
		if !ok && object.ClassName != "" {
			c.Fail("option %q is a %q, want a recurrent layer", key, object.ClassName)
		}
		return layer
	}
	b.ForwardLayer, b.BackwardLayer = read("layer"), read("backward_layer")
	if b.ForwardLayer != nil && b.BackwardLayer == nil {
		b.BackwardLayer = b.ForwardLayer.reversed()
	}
	if c.IsNull("merge_mode") {
		b.MergeMode = MergeNone
		c.Skip("merge_mode")
		return b
	}
	mode := c.Text("merge_mode", "concat")
	at := slices.Index(mergeModes()[:MergeNone], mode)
	if at < 0 {
		c.Fail("merge mode %q is not one of %v", mode, mergeModes())
		at = 0
	}
	b.MergeMode = MergeMode(at)
	return b
}
