package layers

import (
	"fmt"
	"slices"

	lay "github.com/gockpt/ckpt/layout"
)

// CheckpointLayouts declares torch.nn.RNNCell's.
func (c *SimpleRNNCell) CheckpointLayouts() []lay.Rule { return cellLayouts(c, "", "") }

// CheckpointLayouts declares torch.nn.LSTMCell's. Its gates are in Keras's order, and its two biases become their sum.
func (c *LSTMCell) CheckpointLayouts() []lay.Rule { return cellLayouts(c, "", "") }

// CheckpointLayouts declares torch.nn.GRUCell's: its gates are reset, update and candidate. PyTorch resets after the
// multiplication, so a cell with ResetBefore refuses the weights.
func (c *GRUCell) CheckpointLayouts() []lay.Rule { return cellLayouts(c, "", "") }

// CheckpointLayouts declares the names and layouts of a torch.nn.RNN with one layer, and of a torch.nn.RNNCell.
func (s *SimpleRNN) CheckpointLayouts() []lay.Rule { return layerLayouts(&s.Cell) }

// CheckpointLayouts declares the names and layouts of a torch.nn.LSTM with one layer, and of a torch.nn.LSTMCell.
func (l *LSTM) CheckpointLayouts() []lay.Rule { return layerLayouts(&l.Cell) }

// CheckpointLayouts declares the names and layouts of a torch.nn.GRU with one layer, and of a torch.nn.GRUCell.
func (g *GRU) CheckpointLayouts() []lay.Rule { return layerLayouts(&g.Cell) }

// CheckpointLayouts declares the names and layouts of PyTorch's recurrent module with one layer of this kind of cell.
func (r *RNN) CheckpointLayouts() []lay.Rule { return layerLayouts(r.Cell) }

// CheckpointLayouts declares the names and layouts of a bidirectional recurrent module with one layer. ForwardLayer and
// BackwardLayer must be set.
func (b *Bidirectional) CheckpointLayouts() []lay.Rule {
	return append(b.layouts("", 0), lay.Refused(lay.PyTorch, "weight_ih_l1", "the module has several layers: declare a list of them, []layers.Bidirectional"))
}

// CheckpointListLayouts declares the names and layouts of a torch.nn.RNN with several layers.
func (s *SimpleRNN) CheckpointListLayouts(elements int, stored []string) []lay.Rule {
	return cellListLayouts(&s.Cell, elements, stored)
}

// CheckpointListLayouts declares the names and layouts of a torch.nn.LSTM with several layers.
func (l *LSTM) CheckpointListLayouts(elements int, stored []string) []lay.Rule {
	return cellListLayouts(&l.Cell, elements, stored)
}

// CheckpointListLayouts declares the names and layouts of a torch.nn.GRU with several layers.
func (g *GRU) CheckpointListLayouts(elements int, stored []string) []lay.Rule {
	return cellListLayouts(&g.Cell, elements, stored)
}

// CheckpointListLayouts declares the names and layouts of a bidirectional recurrent module with several layers.
func (b *Bidirectional) CheckpointListLayouts(elements int, stored []string) []lay.Rule {
	return listLayouts(elements, stored, b.layouts)
}

func cellListLayouts(c Cell, elements int, stored []string) []lay.Rule {
	rules := listLayouts(elements, stored, func(own string, i int) []lay.Rule {
		return cellLayouts(c, own+"cell/", fmt.Sprintf("_l%d", i))
	})
	if len(rules) == 0 {
		rules = append(refusals("weight_ih_l0"), refusals("weight_hh_l0")...)
	}
	return append(rules, refuseReverse())
}

// listLayouts collects the rules of each layer. The layers are the elements of the list, or, if it is empty, those that the stored
// names number: weight_ih_l0, weight_ih_l1, … A list that is not empty must have an element for each stored layer.
func listLayouts(elements int, stored []string, of func(own string, i int) []lay.Rule) (rules []lay.Rule) {
	layers := 0
	for stored == nil && layers < elements || slices.Contains(stored, fmt.Sprintf("weight_ih_l%d", layers)) {
		rules = append(rules, of(fmt.Sprintf("%d/", layers), layers)...)
		layers++
	}
	if elements > 0 && elements < layers {
		rules = append(rules, lay.Refused(lay.PyTorch, fmt.Sprintf("weight_ih_l%d", elements),
			fmt.Sprintf("the module has %d layers, the list has %d elements", layers, elements)))
	}
	return rules
}

func layerLayouts(c Cell) []lay.Rule {
	return slices.Concat(cellLayouts(c, "cell/", "_l0"), cellLayouts(c, "cell/", ""), []lay.Rule{
		refuseReverse(),
		lay.Refused(lay.PyTorch, "weight_ih_l1", "the module has several layers: declare a list of them, such as []layers.LSTM"),
	})
}

func refuseReverse() lay.Rule {
	return lay.Refused(lay.PyTorch, "weight_ih_l0_reverse", "the module is bidirectional: declare layers.Bidirectional")
}

func (b *Bidirectional) layouts(own string, i int) []lay.Rule {
	if b.ForwardLayer == nil || b.BackwardLayer == nil {
		return []lay.Rule{lay.Refused(lay.PyTorch, fmt.Sprintf("weight_ih_l%d_reverse", i),
			"ForwardLayer and BackwardLayer must be set before loading: see layers.NewBidirectional")}
	}
	forward := cellLayouts(b.ForwardLayer.recurrence().cell, own+"forward_layer/cell/", fmt.Sprintf("_l%d", i))
	return append(forward, cellLayouts(b.BackwardLayer.recurrence().cell, own+"backward_layer/cell/", fmt.Sprintf("_l%d_reverse", i))...)
}

// cellLayouts declares the layout of a cell's weights, which have the prefix own. Their stored names end in suffix.
func cellLayouts(c Cell, own, suffix string) []lay.Rule {
	var gates []int // our block i is PyTorch's block gates[i]
	biases := lay.Sum
	switch c := c.(type) {
	case *SimpleRNNCell:
		gates = []int{0}
	case *LSTMCell:
		gates = []int{0, 1, 2, 3}
	case *GRUCell:
		if c.ResetBefore {
			return []lay.Rule{lay.Refused(lay.PyTorch, "weight_ih"+suffix, "PyTorch's GRU resets after the multiplication: ResetBefore must be false")}
		}
		gates, biases = []int{1, 0, 2}, lay.Stacked
	default:
		return nil
	}
	return append(append(refusals("weight_ih"+suffix), refusals("weight_hh"+suffix)...),
		lay.Refused(lay.PyTorch, "weight_hr"+suffix, "PyTorch's proj_size makes the output of an LSTM smaller than its state, which is not supported"),
		lay.Blocks(lay.PyTorch, own+"kernel", "weight_ih"+suffix, gates...),
		lay.Blocks(lay.PyTorch, own+"recurrent_kernel", "weight_hh"+suffix, gates...),
		biases(lay.PyTorch, own+"bias", []string{"bias_ih" + suffix, "bias_hh" + suffix}, gates...))
}
