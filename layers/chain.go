package layers

import (
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A link is a layer of a chain, with its Keras class.
type link struct {
	class string
	layer any
}

// A chainStep is a layer of a chain, or an operator that Keras adds for a mask; from are the steps before it.
type chainStep struct {
	track  any
	isMask bool
	from   []int
	depth  int // counted from the output; -1: the output does not need it
}

// chainOperations returns the layers of a chain as Keras 3 holds them: after an input, and with the operators that compute masks
// if there is an embedding or a Masking and a later layer takes masks. The JSON does not have these operators.
func chainOperations(links []link) []any {
	steps := []chainStep{{depth: -1}} // the input
	add := func(s chainStep) int {
		s.depth = -1
		steps = append(steps, s)
		return len(steps) - 1
	}
	last, mask := 0, -1
	for _, l := range links {
		step := chainStep{track: l.layer, from: []int{last}}
		if mask >= 0 && takesMask(l) {
			step.from = append(step.from, mask)
		}
		input := last
		last = add(step)
		switch l := l.layer.(type) {
		case *Embedding:
			if mask = -1; l.MaskZero {
				mask = add(chainStep{isMask: true, from: []int{input}}) // NotEqual
			}
		case *Masking:
			mask = add(chainStep{isMask: true, from: []int{input}}) // NotEqual
			mask = add(chainStep{isMask: true, from: []int{mask}})  // Any
		default:
			if !passesMask(l) {
				mask = -1
			}
		}
	}
	steps[last].depth = 0
	order := make([]int, 0, len(steps))
	for i := range slices.Backward(steps) {
		if steps[i].depth < 0 {
			continue
		}
		order = append(order, i)
		for _, from := range steps[i].from {
			steps[from].depth = max(steps[from].depth, steps[i].depth+1)
		}
	}
	slices.SortFunc(order, func(i, j int) int {
		switch a, b := steps[i], steps[j]; {
		case a.depth != b.depth:
			return b.depth - a.depth
		case a.isMask == b.isMask:
			return i - j
		case a.isMask: // Keras reaches masks after the layers
			return 1
		}
		return -1
	})
	var operations []any
	seen := make(map[any]bool)
	for _, i := range order {
		t := steps[i].track
		if t != nil && reflect.TypeOf(t).Kind() == reflect.Pointer { // a layer that is in the chain twice
			if seen[t] {
				continue
			}
			seen[t] = true
		}
		operations = append(operations, t)
	}
	return operations
}

// takesMask reports whether the call of l's layer takes a mask.
func takesMask(l link) bool {
	switch l.layer.(type) {
	case *Model, *Sequential:
		return true
	}
	switch l.class {
	case "BatchNormalization", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "GlobalAveragePooling1D", "LSTM", "RNN",
		"SimpleRNN", "Softmax", "TimeDistributed":
		return true
	}
	return false
}

// passesMask reports whether a layer passes its input's mask on unchanged.
func passesMask(layer any) bool {
	l, ok := layer.(Masker)
	if !ok {
		return false
	}
	in := tensor.New[bool](1, 1)
	out, err := l.OutputMask(&Context{Masks: []*Mask{in}})
	return err == nil && out == in
}
