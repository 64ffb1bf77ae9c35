package vmath

// LSTM takes an example through one step of a long short-term memory with Keras's default activations. h and c, of as many values as
// there are units, are the output and the carry before the step, and then those behind it; z has what input and state gave to the gates
// input, forget, candidate and output.
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

// GRU takes an example through one step of a gated recurrent unit with Keras's default activations and its option reset_after. h, of as
// many values as there are units, is the output before the step, and then that behind it; z and inner have what the input and what the
// state gave to the gates update, reset and candidate.
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
