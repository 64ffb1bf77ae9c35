package gen

import (
	"fmt"
	"strings"
)

// torch recognizes modules of torch.nn by the names and ranks of the tensors in their state_dict. hint is the module's name in its
// parent.
func (w *weights) torch(hint string) *layer {
	hint = strings.ToLower(hint)
	if l := w.torchAttention(); l != nil {
		return l
	}
	if len(w.inner) > 0 {
		return nil
	}
	if l := w.torchRecurrent(); l != nil {
		return l
	}
	weight, bias := w.shapes["weight"], w.shapes["bias"]
	switch {
	case w.has("(weight) (bias) running_mean running_var (num_batches_tracked)"):
		return &layer{goType: "BatchNormalization", options: "Epsilon: 1e-5", note: "Epsilon is PyTorch's default: the file has none"}
	case !w.has("weight (bias)"):
		return nil
	case len(weight) == 2 && bias == nil && isEmbedding(hint):
		return &layer{goType: "Embedding"}
	case len(weight) == 2:
		return &layer{goType: "Dense", note: "Activation is not in the file, nor FlattenedFrom, which is needed after nn.Flatten"}
	case len(weight) > 2:
		l := w.ofRank("Conv", len(weight)-2, 3)
		if l == nil {
			return nil
		}
		if strings.Contains(hint, "transpose") || strings.Contains(hint, "deconv") || len(bias) == 1 && bias[0] == weight[1] && bias[0] != weight[0] {
			l.goType += "Transpose"
		}
		l.note = "Strides, Padding, DilationRate, Groups and Activation are not in the file"
		return l
	case len(weight) != 1:
		return nil
	case bias != nil && (strings.Contains(hint, "group") || strings.Contains(hint, "gn")):
		return &layer{goType: "GroupNormalization", options: "Epsilon: 1e-5", note: "Groups is not in the file; Epsilon is PyTorch's default"}
	case bias != nil:
		return &layer{goType: "LayerNormalization", options: "Epsilon: 1e-5", note: "or a GroupNormalization; Epsilon is PyTorch's default: the file has none"}
	case strings.Contains(hint, "relu") || weight[0] == 1:
		return &layer{goType: "PReLU"}
	}
	return &layer{goType: "RMSNormalization", options: "Epsilon: 1e-6", note: "or a PReLU; Epsilon is a guess: the file has none"}
}

func isEmbedding(hint string) bool {
	for _, part := range []string{"emb", "wte", "wpe", "token", "shared"} {
		if strings.Contains(hint, part) {
			return true
		}
	}
	return false
}

// torchAttention recognizes torch.nn.MultiheadAttention.
func (w *weights) torchAttention() *layer {
	out := w.inner["out_proj"]
	if out == nil || out.goType != "layers.Dense" || len(w.inner) != 1 {
		return nil
	}
	inner := w.inner
	w.inner = nil
	known := w.has("in_proj_weight (in_proj_bias)") || w.has("q_proj_weight k_proj_weight v_proj_weight (in_proj_bias)")
	w.inner = inner
	if !known {
		return nil
	}
	return &layer{
		goType: "MultiHeadAttention", options: "NumHeads: 1",
		note: "NumHeads is not in the file: set it, because the weights are split by it",
	}
}

// torchRecurrent recognizes torch.nn.RNN, LSTM and GRU and their cells. Stacked and bidirectional ones become slices of layers.
func (w *weights) torchRecurrent() *layer {
	suffix := "_l0"
	if _, ok := w.shapes["weight_ih"]; ok {
		suffix = ""
	}
	ih, hh := w.shapes["weight_ih"+suffix], w.shapes["weight_hh"+suffix]
	if len(ih) != 2 || len(hh) != 2 || hh[1] == 0 {
		return nil
	}
	family, ok := map[int]string{1: "SimpleRNN", 3: "GRU", 4: "LSTM"}[hh[0]/hh[1]]
	if !ok {
		return nil
	}
	if suffix == "" {
		if !w.has("weight_ih weight_hh (bias_ih) (bias_hh)") {
			return nil
		}
		return &layer{goType: family + "Cell"}
	}
	_, both := w.shapes["weight_ih_l0_reverse"]
	depth, count := 0, 0
	for ; w.shapes[fmt.Sprintf("weight_ih_l%d", depth)] != nil; depth++ {
		for _, end := range []string{"", "_reverse"} {
			for _, name := range []string{"weight_ih", "weight_hh", "bias_ih", "bias_hh"} {
				if _, ok := w.shapes[fmt.Sprintf("%s_l%d%s", name, depth, end)]; ok {
					count++
				}
			}
		}
	}
	if count != len(w.shapes) {
		return nil // a projection: an LSTM with proj_size
	}
	l := &layer{goType: family, options: "ReturnSequences: true", note: "all steps, as PyTorch returns them", many: depth > 1}
	if family == "SimpleRNN" {
		l.note += "; Activation is not in the file"
	}
	if both {
		l.goType = "Bidirectional"
		l.options = fmt.Sprintf("ForwardLayer: &layers.%s{ReturnSequences: true}, BackwardLayer: &layers.%[1]s{ReturnSequences: true, GoBackwards: true}", family)
	}
	if l.many {
		l.options = strings.TrimSuffix(strings.Repeat("{"+l.options+"}, ", depth), ", ")
	}
	return l
}
