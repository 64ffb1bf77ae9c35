package layers

import (
	"fmt"
	"slices"

	lay "github.com/gockpt/ckpt/layout"
)

// This file declares PyTorch's names and layouts of the layers' weights (torch.nn's modules, as their state_dict has them).

// CheckpointLayouts declares torch.nn.Linear's: weight is [units inputs].
func (d *Dense) CheckpointLayouts() []lay.Rule {
	if len(d.FlattenedFrom) < 2 {
		return []lay.Rule{lay.Permuted(lay.PyTorch, "_kernel", "weight", 1, 0)}
	}
	sizes, space := lay.Sizes{"c": d.FlattenedFrom[0]}, ""
	for i, n := range d.FlattenedFrom[1:] {
		name := fmt.Sprintf("s%d", i)
		sizes[name] = n
		space += name + " "
	}
	return []lay.Rule{lay.Pattern(lay.PyTorch, "_kernel", "weight", fmt.Sprintf("o (c %s) -> (%s c) o", space, space), sizes)}
}

// CheckpointLayouts declares torch.nn.Embedding's.
func (e *Embedding) CheckpointLayouts() []lay.Rule {
	return []lay.Rule{lay.Renamed(lay.PyTorch, "_embeddings", "weight")}
}

// CheckpointLayouts declares torch.nn.PReLU's: one slope, or one for each channel.
func (p *PReLU) CheckpointLayouts() []lay.Rule {
	return []lay.Rule{lay.Renamed(lay.PyTorch, "alpha", "weight")}
}

// CheckpointLayouts declares torch.nn.Conv1d's: weight is [filters channels/groups window].
func (c *Conv1D) CheckpointLayouts() []lay.Rule { return convLayouts("_kernel", "o i a -> a i o") }

// CheckpointLayouts declares torch.nn.Conv2d's: weight is [filters channels/groups rows columns].
func (c *Conv2D) CheckpointLayouts() []lay.Rule {
	return convLayouts("_kernel", "o i a b -> a b i o")
}

// CheckpointLayouts declares torch.nn.Conv3d's: weight is [filters channels/groups window…].
func (c *Conv3D) CheckpointLayouts() []lay.Rule {
	return convLayouts("_kernel", "o i a b c -> a b c i o")
}

// CheckpointLayouts declares torch.nn.ConvTranspose1d's, without groups: weight is [channels filters window].
func (c *Conv1DTranspose) CheckpointLayouts() []lay.Rule {
	return convLayouts("kernel", "i o a -> a o i")
}

// CheckpointLayouts declares torch.nn.ConvTranspose2d's, without groups: weight is [channels filters rows columns].
func (c *Conv2DTranspose) CheckpointLayouts() []lay.Rule {
	return convLayouts("kernel", "i o a b -> a b o i")
}

// CheckpointLayouts declares torch.nn.ConvTranspose3d's, without groups: weight is [channels filters window…].
func (c *Conv3DTranspose) CheckpointLayouts() []lay.Rule {
	return convLayouts("kernel", "i o a b c -> a b c o i")
}

func convLayouts(own, axes string) []lay.Rule {
	return []lay.Rule{lay.Pattern(lay.PyTorch, own, "weight", axes, nil)}
}

// CheckpointLayouts declares those of a torch.nn.Conv1d with as many groups as channels. DepthMultiplier says how many filters a
// channel has, 1 if it is 0.
func (d *DepthwiseConv1D) CheckpointLayouts() []lay.Rule {
	return depthwiseLayouts(d.DepthMultiplier, "(c m) 1 a -> a c m")
}

// CheckpointLayouts declares those of a torch.nn.Conv2d with as many groups as channels. DepthMultiplier says how many filters a
// channel has, 1 if it is 0.
func (d *DepthwiseConv2D) CheckpointLayouts() []lay.Rule {
	return depthwiseLayouts(d.DepthMultiplier, "(c m) 1 a b -> a b c m")
}

func depthwiseLayouts(multiplier int, axes string) []lay.Rule {
	return []lay.Rule{lay.Pattern(lay.PyTorch, "kernel", "weight", axes, lay.Sizes{"m": max(multiplier, 1)})}
}

// CheckpointLayouts declares torch.nn.BatchNorm1d's, 2d's and 3d's.
func (b *BatchNormalization) CheckpointLayouts() []lay.Rule {
	rules := append(affineLayouts("gamma", "beta"),
		lay.Renamed(lay.PyTorch, "moving_mean", "running_mean"),
		lay.Renamed(lay.PyTorch, "moving_variance", "running_var"),
		lay.Unneeded(lay.PyTorch, "num_batches_tracked"))
	return noteEpsilon(rules, b.Epsilon, 1e-3)
}

// CheckpointIgnores names what tf_keras stores beside the weights of a layer that renormalizes batches. Inference needs none of it.
func (b *BatchNormalization) CheckpointIgnores() []string {
	return []string{"renorm_mean", "renorm_stddev"}
}

// CheckpointLayouts declares torch.nn.LayerNorm's.
func (l *LayerNormalization) CheckpointLayouts() []lay.Rule {
	return noteEpsilon(affineLayouts("gamma", "beta"), l.Epsilon, 1e-3)
}

// CheckpointLayouts declares torch.nn.GroupNorm's.
func (g *GroupNormalization) CheckpointLayouts() []lay.Rule {
	return noteEpsilon(affineLayouts("gamma", "beta"), g.Epsilon, 1e-3)
}

// CheckpointLayouts declares torch.nn.RMSNorm's. PyTorch's default epsilon depends on the dtype: 1.2e-07 for float32.
func (r *RMSNormalization) CheckpointLayouts() []lay.Rule {
	return noteEpsilon([]lay.Rule{lay.Renamed(lay.PyTorch, "scale", "weight")}, r.Epsilon, 1e-6)
}

func affineLayouts(gamma, beta string) []lay.Rule {
	return []lay.Rule{lay.Renamed(lay.PyTorch, gamma, "weight"), lay.Renamed(lay.PyTorch, beta, "bias")}
}

// noteEpsilon lets the report say, once, that an epsilon that was not set is Keras's, which the file's maker may not share.
func noteEpsilon(rules []lay.Rule, epsilon, keras float32) []lay.Rule {
	if epsilon == 0 {
		rules[0].Note = fmt.Sprintf("Epsilon is not set and not in the file: %v, Keras's default, is used; PyTorch's default is 1e-05", keras)
	}
	return rules
}

// CheckpointLayouts declares torch.nn.MultiheadAttention's. NumHeads must be set, for no shape in the file tells it.
func (m *MultiHeadAttention) CheckpointLayouts() []lay.Rule {
	if m.NumHeads <= 0 {
		return nil
	}
	heads := lay.Sizes{"h": m.NumHeads}
	kernels, biases := make([]string, 3), make([]string, 3)
	apart := make([]lay.Rule, 3) // where queries, keys and values differ in width
	for i, name := range []string{"query", "key", "value"} {
		kernels[i], biases[i] = "_"+name+"_dense/_kernel", "_"+name+"_dense/bias"
		apart[i] = lay.Pattern(lay.PyTorch, kernels[i], name[:1]+"_proj_weight", "(h d) i -> i h d", heads)
	}
	return []lay.Rule{
		lay.Split(lay.PyTorch, kernels, "in_proj_weight", "(h d) i -> i h d", heads), apart[0], apart[1], apart[2],
		lay.Split(lay.PyTorch, biases, "in_proj_bias", "(h d) -> h d", heads),
		lay.Pattern(lay.PyTorch, "_output_dense/_kernel", "out_proj/weight", "o (h d) -> h d o", heads),
		lay.Renamed(lay.PyTorch, "_output_dense/bias", "out_proj/bias"),
	}
}

// CheckpointLayouts declares torch.nn.RNNCell's.
func (c *SimpleRNNCell) CheckpointLayouts() []lay.Rule { return cellLayouts(c, "", "") }

// CheckpointLayouts declares torch.nn.LSTMCell's, whose gates are in Keras's order and whose two biases become their sum.
func (c *LSTMCell) CheckpointLayouts() []lay.Rule { return cellLayouts(c, "", "") }

// CheckpointLayouts declares torch.nn.GRUCell's, whose gates are reset, update and candidate. It resets after the
// multiplication, so there is no rule for a cell with ResetBefore.
func (c *GRUCell) CheckpointLayouts() []lay.Rule { return cellLayouts(c, "", "") }

// CheckpointLayouts declares those of a torch.nn.RNN of one layer, and of a torch.nn.RNNCell.
func (s *SimpleRNN) CheckpointLayouts() []lay.Rule { return layerLayouts(&s.Cell) }

// CheckpointLayouts declares those of a torch.nn.LSTM of one layer, and of a torch.nn.LSTMCell.
func (l *LSTM) CheckpointLayouts() []lay.Rule { return layerLayouts(&l.Cell) }

// CheckpointLayouts declares those of a torch.nn.GRU of one layer, and of a torch.nn.GRUCell.
func (g *GRU) CheckpointLayouts() []lay.Rule { return layerLayouts(&g.Cell) }

// CheckpointLayouts declares those of a bidirectional recurrent module of one layer. The layers in both directions must be set.
func (b *Bidirectional) CheckpointLayouts() []lay.Rule { return b.layouts("", 0) }

// CheckpointListLayouts declares those of a torch.nn.RNN of several layers.
func (s *SimpleRNN) CheckpointListLayouts(elements int, stored []string) []lay.Rule {
	return listLayouts(elements, stored, func(own string, i int) []lay.Rule { return cellLayouts(&s.Cell, own+"cell/", fmt.Sprintf("_l%d", i)) })
}

// CheckpointListLayouts declares those of a torch.nn.LSTM of several layers.
func (l *LSTM) CheckpointListLayouts(elements int, stored []string) []lay.Rule {
	return listLayouts(elements, stored, func(own string, i int) []lay.Rule { return cellLayouts(&l.Cell, own+"cell/", fmt.Sprintf("_l%d", i)) })
}

// CheckpointListLayouts declares those of a torch.nn.GRU of several layers.
func (g *GRU) CheckpointListLayouts(elements int, stored []string) []lay.Rule {
	return listLayouts(elements, stored, func(own string, i int) []lay.Rule { return cellLayouts(&g.Cell, own+"cell/", fmt.Sprintf("_l%d", i)) })
}

// CheckpointListLayouts declares those of a bidirectional recurrent module of several layers.
func (b *Bidirectional) CheckpointListLayouts(elements int, stored []string) []lay.Rule {
	return listLayouts(elements, stored, b.layouts)
}

// listLayouts collects the rules of each layer: of those that the stored names number, weight_ih_l0, weight_ih_l1, …, or of a list's elements.
func listLayouts(elements int, stored []string, of func(own string, i int) []lay.Rule) (rules []lay.Rule) {
	for i := 0; stored == nil && i < elements || slices.Contains(stored, fmt.Sprintf("weight_ih_l%d", i)); i++ {
		rules = append(rules, of(fmt.Sprintf("%d/", i), i)...)
	}
	return rules
}

func layerLayouts(c Cell) []lay.Rule {
	return append(cellLayouts(c, "cell/", "_l0"), cellLayouts(c, "cell/", "")...)
}

func (b *Bidirectional) layouts(own string, i int) []lay.Rule {
	var rules []lay.Rule
	for _, way := range []struct {
		layer       RecurrentLayer
		own, suffix string
	}{{b.ForwardLayer, "forward_layer", ""}, {b.BackwardLayer, "backward_layer", "_reverse"}} {
		switch l := way.layer.(type) {
		case *SimpleRNN:
			rules = append(rules, cellLayouts(&l.Cell, own+way.own+"/cell/", fmt.Sprintf("_l%d%s", i, way.suffix))...)
		case *LSTM:
			rules = append(rules, cellLayouts(&l.Cell, own+way.own+"/cell/", fmt.Sprintf("_l%d%s", i, way.suffix))...)
		case *GRU:
			rules = append(rules, cellLayouts(&l.Cell, own+way.own+"/cell/", fmt.Sprintf("_l%d%s", i, way.suffix))...)
		}
	}
	return rules
}

// cellLayouts declares the layout of a cell's weights, which lie below own and whose stored names end in suffix.
func cellLayouts(c Cell, own, suffix string) []lay.Rule {
	var gates []int // block i of ours is block gates[i] of PyTorch's
	biases := lay.Sum
	switch c := c.(type) {
	case *SimpleRNNCell:
		gates = []int{0}
	case *LSTMCell:
		gates = []int{0, 1, 2, 3}
	case *GRUCell:
		if c.ResetBefore {
			return nil
		}
		gates, biases = []int{1, 0, 2}, lay.Stacked
	default:
		return nil
	}
	return []lay.Rule{
		lay.Blocks(lay.PyTorch, own+"kernel", "weight_ih"+suffix, gates...),
		lay.Blocks(lay.PyTorch, own+"recurrent_kernel", "weight_hh"+suffix, gates...),
		biases(lay.PyTorch, own+"bias", []string{"bias_ih" + suffix, "bias_hh" + suffix}, gates...),
	}
}
