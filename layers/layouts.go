package layers

import (
	"fmt"
	"path"

	"github.com/gockpt/ckpt/layers/activation"
	lay "github.com/gockpt/ckpt/layout"
)

// This file and its siblings declare the names and layouts of the layers' weights in the state_dict of torch.nn's modules.

// CheckpointLayouts declares torch.nn.Linear's: weight is [units inputs].
func (d *Dense) CheckpointLayouts() []lay.Rule {
	kernel := lay.Permuted(lay.PyTorch, "_kernel", "weight", 1, 0)
	if len(d.FlattenedFrom) > 1 {
		sizes, space := lay.Sizes{"c": d.FlattenedFrom[0]}, ""
		for i, n := range d.FlattenedFrom[1:] {
			name := fmt.Sprintf("s%d", i)
			sizes[name] = n
			space += name + " "
		}
		kernel = lay.Pattern(lay.PyTorch, "_kernel", "weight", fmt.Sprintf("o (c %s) -> (%s c) o", space, space), sizes)
	}
	kernel.Note = noteActivation(d.Activation)
	return append(refusals("weight"), refusePacked("kernel_zero"), refuseQuantized(), kernel)
}

// CheckpointLayouts declares torch.nn.Embedding's.
func (e *Embedding) CheckpointLayouts() []lay.Rule {
	return append(refusals("weight"), refusePacked("embeddings_zero"), lay.Renamed(lay.PyTorch, "_embeddings", "weight"))
}

// CheckpointLayouts declares torch.nn.PReLU's: one slope, or one for each channel.
func (p *PReLU) CheckpointLayouts() []lay.Rule {
	return []lay.Rule{lay.Renamed(lay.PyTorch, "alpha", "weight")}
}

// CheckpointLayouts declares weights that the layer cannot use: those of Keras's policies int4, gptq and awq. PyTorch has no
// module like this layer.
func (d *EinsumDense) CheckpointLayouts() []lay.Rule { return []lay.Rule{refusePacked("kernel_zero")} }

// refusePacked is the rule for the zero points of weights if Keras packs two weights into a byte.
func refusePacked(zero string) lay.Rule {
	return lay.Refused(lay.Keras, zero,
		"the weights are quantized by an unsupported policy (Keras's int8 and float8 are supported): save the model without quantization")
}

// refuseQuantized is the rule for the integers that Hugging Face's files of GPTQ and AWQ hold instead of a Linear's weight.
func refuseQuantized() lay.Rule {
	return lay.Refused(lay.PyTorch, "qweight",
		"the weights are quantized by GPTQ or AWQ, which is not supported: load the original model, or save a dequantized one")
}

// refusals are the rules for the tensors from which torch.nn.utils computes a weight.
func refusals(weight string) []lay.Rule {
	module, name := path.Split(weight)
	parametrized := module + "parametrizations/" + name + "/original"
	var rules []lay.Rule
	for _, r := range []struct{ stored, undo string }{
		{weight + "_g", "torch.nn.utils.remove_weight_norm"},
		{weight + "_orig", "torch.nn.utils.remove_spectral_norm or torch.nn.utils.prune.remove"},
		{parametrized, "torch.nn.utils.parametrize.remove_parametrizations"},
		{parametrized + "0", "torch.nn.utils.parametrize.remove_parametrizations"},
	} {
		rules = append(rules, lay.Refused(lay.PyTorch, r.stored,
			fmt.Sprintf("PyTorch computes %s from this value, which is not supported: call %s on the module before saving it", weight, r.undo)))
	}
	return rules
}

// noteActivation returns a note about an activation that the file does not determine: GELU has two forms with the same name.
func noteActivation(f activation.Func) string {
	switch {
	case f.Is(activation.GELU()):
		return "Activation is the exact GELU, the default of Keras and PyTorch; the file does not say if the module approximated it with a tanh"
	case f.Is(activation.GELUApproximate()):
		return "Activation is the GELU that a tanh approximates; the file does not say if the module's was exact, the default of PyTorch"
	}
	return ""
}
