package layers

import "github.com/gockpt/ckpt/layers/internal/kernel"

// hasLines reports whether runLines can compute the convolution.
func (c *convolution) hasLines() bool {
	w := c.axes[2]
	return c.groups == 1 && (w.dilation == 1 || w.taps == 1)
}

// runLines is run without gathering: the inputs under a line of the window are adjacent in memory, so a line of the output is the
// sum of one product for each line of the window. A line is copied only to add zeros, if the window extends beyond one of its
// ends.
func (c *convolution) runLines(w *kernel.Scratch, y, x, weights, bias []float32) {
	d, h, wide := c.axes[0], c.axes[1], c.axes[2]
	lines := c.batch * d.outLen * h.outLen
	cost := kernel.ProductCost(wide.outLen, max(d.taps*h.taps*wide.taps*c.channels, 1), c.filters)
	length := ((wide.outLen-1)*wide.stride + wide.taps) * c.channels // of the inputs that a line of the output sees

	mark := w.Mark()
	defer w.Release(mark)
	runs := kernel.Ranges(lines, cost)
	slots := d.taps * h.taps
	padded := c.padsLines()
	var memory []float32
	if padded {
		memory = w.Floats(runs * slots * length)
	}
	image, result := c.in.len()*c.channels, c.out.len()*c.filters
	kernel.Parallel(lines, cost, func(run, lo, hi int) {
		l := lineRun{convolution: c, weights: weights, bias: bias, length: length}
		if padded {
			l.memory = memory[run*slots*length:][:slots*length]
		}
		for i := lo; i < hi; i++ {
			b := i / (d.outLen * h.outLen)
			l.line(y[b*result:][:result], x[b*image:][:image], b, i/h.outLen%d.outLen, i%h.outLen)
		}
	})
}

// padsLines reports whether the window extends beyond an end of a line.
func (c *convolution) padsLines() bool {
	w := c.axes[2]
	return w.offset < 0 || (w.outLen-1)*w.stride+w.offset+w.taps > c.in[2]
}

// A lineRun is a goroutine's part of runLines.
type lineRun struct {
	*convolution
	weights, bias []float32
	length        int
	memory        []float32 // padded lines of the input, one for each line of the window; empty if no line is padded
	kept          [32]int   // the number of the input line that each of the first holds, counted from 1
}

// line computes the line of y at position (i, j).
func (l *lineRun) line(y, x []float32, batch, i, j int) {
	d, h, w := l.axes[0], l.axes[1], l.axes[2]
	at := ((d.outAt+i*d.outStep)*l.out[1]+h.outAt+j*h.outStep)*l.out[2] + w.outAt
	to := kernel.Matrix(y[at*l.filters:], w.outLen, l.filters)
	to.Stride = w.outStep * l.filters
	depth := w.taps * l.channels
	first := true
	for kd := range d.taps {
		for kh := range h.taps {
			a, b := i*d.stride+d.offset+kd*d.dilation, j*h.stride+h.offset+kh*h.dilation
			if uint(a) >= uint(l.in[0]) || uint(b) >= uint(l.in[1]) {
				continue
			}
			from := kernel.Matrix(l.inputs(x, batch, a, b), w.outLen, depth)
			from.Stride = w.stride * l.channels
			part := kernel.Matrix(l.weights[(kd*h.taps+kh)*depth*l.filters:], depth, l.filters)
			if first {
				kernel.Mul(to, from, part, l.bias)
			} else {
				kernel.MulAdd(to, from, part)
			}
			first = false
		}
	}
	if first { // the window is outside the input
		kernel.Mul(to, kernel.Matrix(nil, w.outLen, 0), kernel.Matrix(nil, 0, l.filters), l.bias)
	}
	l.epilogue.Apply(to)
}

// inputs returns the inputs in line (a, b) that a line of the output sees.
func (l *lineRun) inputs(x []float32, batch, a, b int) []float32 {
	w, line := l.axes[2], a*l.in[1]+b
	x = x[line*l.in[2]*l.channels:]
	if len(l.memory) == 0 {
		return x[w.offset*l.channels:]
	}
	// The next line of the output sees most of the same lines.
	slot := a%l.axes[0].taps*l.axes[1].taps + b%l.axes[1].taps
	to, tag := l.memory[slot*l.length:][:l.length], batch*l.in[0]*l.in[1]+line+1
	if slot < len(l.kept) {
		if l.kept[slot] == tag {
			return to
		}
		l.kept[slot] = tag
	}
	before := min(max(-w.offset, 0)*l.channels, l.length)
	from := max(w.offset, 0) * l.channels
	n := max(min(l.length-before, l.in[2]*l.channels-from), 0)
	clear(to[:before])
	if n > 0 {
		copy(to[before:before+n], x[from:])
	}
	clear(to[before+n:])
	return to
}
