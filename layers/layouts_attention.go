package layers

import lay "github.com/gockpt/ckpt/layout"

// CheckpointLayouts declares torch.nn.MultiheadAttention's. NumHeads must be set, because no shape in the file determines it.
func (m *MultiHeadAttention) CheckpointLayouts() []lay.Rule {
	const added = "PyTorch's add_bias_kv adds a learned key and value, which is not supported"
	rules := append(append(refusals("in_proj_weight"), refusals("out_proj/weight")...), lay.Refused(lay.PyTorch, "bias_k", added), lay.Refused(lay.PyTorch, "bias_v", added))
	if m.NumHeads <= 0 {
		const unset = "NumHeads must be set: no shape in the file determines the number of heads"
		return append(rules, lay.Refused(lay.PyTorch, "in_proj_weight", unset), lay.Refused(lay.PyTorch, "q_proj_weight", unset))
	}
	heads := lay.Sizes{"h": m.NumHeads}
	kernels, biases := make([]string, 3), make([]string, 3)
	apart := make([]lay.Rule, 3) // if queries, keys and values differ in width
	for i, name := range []string{"query", "key", "value"} {
		kernels[i], biases[i] = "_"+name+"_dense/_kernel", "_"+name+"_dense/bias"
		apart[i] = lay.Pattern(lay.PyTorch, kernels[i], name[:1]+"_proj_weight", "(h d) i -> i h d", heads)
	}
	return append(rules,
		lay.Split(lay.PyTorch, kernels, "in_proj_weight", "(h d) i -> i h d", heads), apart[0], apart[1], apart[2],
		lay.Split(lay.PyTorch, biases, "in_proj_bias", "(h d) -> h d", heads),
		lay.Pattern(lay.PyTorch, "_output_dense/_kernel", "out_proj/weight", "o (h d) -> h d o", heads),
		lay.Renamed(lay.PyTorch, "_output_dense/bias", "out_proj/bias"))
}
