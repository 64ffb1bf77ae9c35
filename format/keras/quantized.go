package keras

import "github.com/gockpt/ckpt/tensor"

// quantizedNames names the variables of a layer that one of Keras's quantization policies changed, and
// reports whether it is such a layer. It looks at the stored dtypes and shapes, because the class does not
// show the policy, and parts of an attention layer have no description.
func quantizedNames(names [][]string, class string, vars []variable) bool {
	switch class {
	case "", "dense", "einsum_dense", "embedding":
	default:
		return false
	}
	if len(vars) >= 2 && (vars[0].dtype == tensor.DTInt8 || vars[0].dtype == tensor.DTUInt8) {
		integerNames(names, class, vars)
		return true
	}
	return float8Names(names, vars)
}

// integerNames names the variables of the policies int8, int4, gptq and awq: the packed or rounded weight, the bias of a kernel,
// the scale, and for some policies an integer zero point and indices of groups.
func integerNames(names [][]string, class string, vars []variable) {
	integer := func(i int) bool { return vars[i].dtype == tensor.DTInt8 || vars[i].dtype == tensor.DTUInt8 }
	table := class == "embedding"
	weight, scale, zero := []string{"kernel"}, []string{"kernel_scale"}, []string{"kernel_zero"}
	switch {
	case table:
		weight, scale, zero = []string{"embeddings"}, []string{"embeddings_scale"}, []string{"embeddings_zero"}
	case class == "" && len(vars) == 2: // a program asks only for the names that its layer has
		weight, scale = append(weight, "embeddings"), append(scale, "embeddings_scale")
	}
	names[0] = weight
	rest := names[1:]
	if !table && len(vars) > 2 && !integer(2) {
		rest[0], rest = []string{"bias"}, rest[1:]
	}
	for i, n := range [][]string{scale, zero, {"g_idx"}} {
		if i < len(rest) {
			rest[i] = n
		}
	}
}

// float8Names names the variables of the policy float8. After kernel and bias come a scale and its history for inputs, kernel and
// gradients.
func float8Names(names [][]string, vars []variable) bool {
	first := len(vars) - 6
	if first != 1 && first != 2 {
		return false
	}
	for i, v := range vars[first:] {
		if len(v.shape) != i%2 || i%2 == 1 && !v.shape.Equal(vars[first+1].shape) {
			return false
		}
	}
	names[0] = []string{"kernel"}
	if first == 2 {
		names[1] = []string{"bias"}
	}
	for i, name := range []string{"inputs_scale", "inputs_amax_history", "kernel_scale", "kernel_amax_history", "outputs_grad_scale", "outputs_grad_amax_history"} {
		names[first+i] = []string{name}
	}
	return true
}
