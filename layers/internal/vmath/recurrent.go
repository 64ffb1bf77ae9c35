package vmath

// LSTM computes one step of a long short-term memory with Keras's default activations, for one example. h and
// c have one value per unit: the output and the carry. LSTM replaces the values before the step by those
// after it. z has the sums of input and state for the gates input, forget, candidate and output.
func LSTM(h, c, z []float32) {
	units := len(h)
	c, z = c[:units], z[:4*units]
	n := whole(h)
	if n > 0 {
		lstm(n, &h[0], &c[0], &z[0], units)
	}
	for i := n; i < units; i++ {
		c[i] = fma(sigmoidOf(z[i]), tanhOf(z[2*units+i]), sigmoidOf(z[units+i])*c[i])
		h[i] = sigmoidOf(z[3*units+i]) * tanhOf(c[i])
	}
}

// GRU computes one step of a gated recurrent unit with Keras's default activations and its option
// reset_after, for one example. h has the output, one value per unit. GRU replaces the values before the step
// by those after it. z has the input's values for the gates update, reset and candidate, and inner has the
// state's.
func GRU(h, z, inner []float32) {
	units := len(h)
	z, inner = z[:3*units], inner[:3*units]
	n := whole(h)
	if n > 0 {
		gru(n, &h[0], &z[0], &inner[0], units)
	}
	for i := n; i < units; i++ {
		update, reset := sigmoidOf(z[i]+inner[i]), sigmoidOf(z[units+i]+inner[units+i])
		candidate := tanhOf(fma(reset, inner[2*units+i], z[2*units+i]))
		h[i] = fma(update, h[i]-candidate, candidate)
	}
}
