package keras

import (
	"github.com/gockpt/ckpt/tensor"
)

// A slot is a variable of the objects of a class. The slots of a class are in the order in which Keras stores the variables.
type slot struct {
	names  []string // Keras's name first, then other names
	option string   // the option that omits the variable if it is false; "" if the variable always exists
}

func named(names ...string) slot                 { return slot{names: names} }
func unless(option string, names ...string) slot { return slot{names, option} }
func affine(gamma, beta string) []slot           { return []slot{unless(gamma, "gamma"), unless(beta, "beta")} }
func withBias(slots ...slot) []slot              { return append(slots, unless("use_bias", "bias")) }
func kernelAndBias(names ...string) []slot {
	return withBias(named(append([]string{"kernel"}, names...)...))
}
func cell() []slot      { return withBias(named("kernel"), named("recurrent_kernel")) }
func separable() []slot { return withBias(named("depthwise_kernel"), named("pointwise_kernel")) }

// slotsOf returns the slots of a class, given by the name under which Keras stores its objects, or nil if the class is unknown.
func slotsOf(class string) []slot {
	switch class {
	case "dense", "einsum_dense", "conv1d", "conv2d", "conv3d",
		"conv1d_transpose", "conv2d_transpose", "conv3d_transpose":
		return kernelAndBias()
	case "depthwise_conv1d", "depthwise_conv2d":
		return kernelAndBias("depthwise_kernel")
	case "separable_conv1d", "separable_conv2d":
		return separable()
	case "simple_rnn_cell", "lstm_cell", "gru_cell", "conv_lstm_cell":
		return cell()
	case "embedding":
		return []slot{named("embeddings")}
	case "reversible_embedding":
		return []slot{named("embeddings"), named("reverse_embeddings")}
	case "batch_normalization":
		return append(affine("scale", "center"), named("moving_mean"), named("moving_variance"))
	case "layer_normalization", "group_normalization":
		return affine("scale", "center")
	case "rms_normalization":
		return []slot{named("scale")}
	case "spectral_normalization":
		return []slot{named("kernel"), named("vector_u")} // the kernel belongs to the wrapped layer
	case "normalization":
		return []slot{named("adapt_mean", "mean"), named("adapt_variance", "variance"), named("count")}
	case "p_re_lu":
		return []slot{named("alpha")}
	case "additive_attention":
		return []slot{named("scale")}
	}
	return nil
}

// variableNames returns the names of an object's variables in order, or none if nothing is known about the object. class is the
// object's stored class, or "" if it is unknown. d is the object's description, or nil.
func variableNames(class string, d *description, vars []variable) [][]string {
	names, shapes := make([][]string, len(vars)), make([]tensor.Shape, len(vars))
	for i, v := range vars {
		shapes[i] = v.shape
	}
	if quantizedNames(names, class, vars) {
		return names
	}
	slots := slotsOf(class)
	if class == "attention" {
		slots = attentionSlots(d, len(shapes))
	}
	if class == "stft_spectrogram" {
		slots = stftSlots(d, len(shapes))
	}
	if slots == nil {
		guessNames(names, shapes)
		return names
	}
	if d != nil {
		var on []slot
		for _, s := range slots {
			if s.option == "" || !d.off(s.option) {
				on = append(on, s)
			}
		}
		slots = on
	} else if len(slots) > len(shapes) {
		slots = without(slots, len(shapes))
	}
	for i := range min(len(slots), len(names)) { // further names are unknown
		names[i] = slots[i].names
	}
	return names
}

// attentionSlots returns the slots of an Attention layer. Both of its variables are optional.
func attentionSlots(d *description, n int) []slot {
	scale, weight := named("scale"), named("concat_score_weight")
	switch {
	case n == 2:
		return []slot{scale, weight}
	case n == 1 && d != nil && string(d.options["use_scale"]) == "true":
		return []slot{scale}
	case n == 1 && d != nil:
		return []slot{weight}
	}
	return nil
}

// stftSlots returns the slots of an STFTSpectrogram. Modes for one part have one variable.
func stftSlots(d *description, n int) []slot {
	re, im := named("real_kernel"), named("imag_kernel")
	switch {
	case n == 2:
		return []slot{re, im}
	case n == 1 && d != nil && string(d.options["mode"]) == `"real"`:
		return []slot{re}
	case n == 1 && d != nil:
		return []slot{im}
	}
	return nil
}

// without returns slots for n variables, if there are more slots than that. If options could omit different variables, those that
// remain are ambiguous and get no names.
func without(slots []slot, n int) []slot {
	var always []slot
	for _, s := range slots {
		if s.option == "" {
			always = append(always, s)
		}
	}
	switch missing, optional := len(slots)-n, len(slots)-len(always); {
	case missing == optional:
		return always
	case missing > optional:
		return nil
	case slots[0].option != "": // gamma or beta, and the variables that follow
		return append(make([]slot, optional-missing), always...)
	}
	return nil
}

// guessNames names the variables of an object of unknown class, such as a layer that is stored under the name of an attribute, by
// their number and ranks. It gives a name only if it fits no other variable. A program asks only for the names that its layer has.
func guessNames(names [][]string, shapes []tensor.Shape) {
	rank := func(i int) int { return len(shapes[i]) }
	vectors := true
	for i := range shapes {
		vectors = vectors && rank(i) == 1 && shapes[i].Equal(shapes[0])
	}
	switch n := len(shapes); {
	case n == 1 && rank(0) >= 2:
		names[0] = []string{"kernel", "embeddings", "depthwise_kernel", "alpha"}
	case n == 2 && vectors:
		names[0], names[1] = []string{"gamma"}, []string{"beta"}
	case n == 2 && rank(0) >= 2 && rank(1) < rank(0):
		names[0], names[1] = []string{"kernel", "depthwise_kernel"}, []string{"bias"}
	case n == 2 && rank(0) == 2 && rank(1) == 2:
		names[0], names[1] = []string{"kernel"}, []string{"recurrent_kernel"}
	case n == 2 && rank(0) >= 3 && rank(1) == rank(0):
		names[0], names[1] = []string{"depthwise_kernel", "kernel"}, []string{"pointwise_kernel", "recurrent_kernel"}
	case n == 3 && rank(0) == 2 && rank(1) == 2:
		names[0], names[1], names[2] = []string{"kernel"}, []string{"recurrent_kernel"}, []string{"bias"}
	case n == 3 && rank(0) >= 3 && rank(1) == rank(0) && rank(2) == 1:
		names[0], names[1], names[2] = []string{"depthwise_kernel", "kernel"}, []string{"pointwise_kernel", "recurrent_kernel"}, []string{"bias"}
	case n == 4 && vectors:
		names[0], names[1], names[2], names[3] = []string{"gamma"}, []string{"beta"}, []string{"moving_mean"}, []string{"moving_variance"}
	}
}
