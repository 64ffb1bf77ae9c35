package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"gonum.org/v1/gonum/blas/blas32"
)

// A convolution is the work of one call, over tensors with channels last. If a line of the window has enough channels, lines of
// the input are multiplied in place (conv_lines.go). Otherwise, for each output position, the inputs under the window are gathered
// into a row, and the rows are multiplied with the kernel ("im2col"), in blocks that fit a processor's cache.
type convolution struct {
	batch             int
	in, out           triple
	channels, filters int
	groups            int
	axes              [3]gathering
	epilogue          kernel.Epilogue // applied to each value while it is in the cache
}

// A gathering describes, for one axis, the computed output positions and their inputs. The t-th of outLen
// positions is outAt + t*outStep. Its k-th tap is over input t*stride + offset + k*dilation, or over zero if
// that is outside.
type gathering struct {
	outAt, outStep, outLen         int
	stride, offset, dilation, taps int
}

// newConvolution returns the convolution of an input of layout l with windows that slide along axes.
func newConvolution(l layout, axes [3]slide, out triple, filters, groups int) convolution {
	c := convolution{batch: l.batch, in: l.size, out: out, channels: l.channels, filters: filters, groups: groups}
	for i, s := range axes {
		c.axes[i] = gathering{outStep: 1, outLen: s.out, stride: s.stride, offset: -s.before, dilation: s.dilation, taps: s.size}
	}
	return c
}

// forward returns the activation of the result of compute for x. compute gets the values of x, of layout l, and those of the
// output, both with channels last.
func (c *convolution) forward(who id, ctx *Context, l layout, x *Tensor, f activation.Func, compute func(w *kernel.Scratch, y, x []float32)) (*Tensor, error) {
	y, err := ctx.newOutput(who, l.shape(c.out, c.filters)...)
	if err != nil {
		return nil, err
	}
	w := ctx.workspace()
	defer w.Release(w.Mark())
	if c.epilogue, err = ctx.epilogue(f, y.Shape()); err != nil {
		return nil, err
	}
	f = activation.Linear()
	if c.epilogue.Activation.ByRow() {
		c.epilogue.Activation, f = f, c.epilogue.Activation
	}
	if y.Len() > 0 {
		from, to := channelsLast(w, l, x.Data()), y.Data()
		if l.channelsFirst {
			to = w.Floats(y.Len())
		}
		compute(w, to, from)
		if l.channelsFirst {
			swapAxes(y.Data(), to, l.batch, c.out.len(), c.filters)
		}
	}
	return activate(who, f, y)
}

// run adds up, for each position, the products of the inputs under the window with weights, [taps… channels/groups filters], adds
// bias, which may be empty, and applies the activation. It overwrites every value of y, which is not empty, at one of the
// positions.
func (c *convolution) run(w *kernel.Scratch, y, x, weights, bias []float32) {
	positions := c.axes[0].outLen * c.axes[1].outLen * c.axes[2].outLen
	if c.channels*c.axes[0].taps*c.axes[1].taps*c.axes[2].taps == 0 { // only biases, which need no groups
		whole := *c
		whole.groups = 1
		c = &whole
	}
	switch {
	case positions == 0:
	case c.isPlain():
		c.runPlain(y, x, weights, bias, c.batch*positions)
	case c.hasLines():
		c.runLines(w, y, x, weights, bias)
	default:
		c.runGathered(w, y, x, weights, bias, positions)
	}
}

// runPlain is run for windows of one element: each row is the channels at its position.
func (c *convolution) runPlain(y, x, weights, bias []float32, n int) {
	channels := c.channels / c.groups
	for g := range c.groups {
		w, bias := c.group(weights, bias, channels, g)
		kernel.Linear(c.groupOf(kernel.Matrix(y, n, c.filters), g), kernel.Cols(kernel.Matrix(x, n, c.channels), g*channels, (g+1)*channels), w, bias, c.epilogue.Cols(g*c.filters/c.groups, (g+1)*c.filters/c.groups))
	}
}

// group returns the weights and the bias of group g.
func (c *convolution) group(weights, bias []float32, depth, g int) (blas32.General, []float32) {
	if len(bias) > 0 {
		n := c.filters / c.groups
		bias = bias[g*n : (g+1)*n]
	}
	return c.groupOf(kernel.Matrix(weights, depth, c.filters), g), bias
}

// groupOf returns the columns of group g.
func (c *convolution) groupOf(m blas32.General, g int) blas32.General {
	n := c.filters / c.groups
	return kernel.Cols(m, g*n, (g+1)*n)
}

// gatherFloats is the approximate number of gathered values in a block: 128 KiB, a part of the second cache.
const gatherFloats = 1 << 15

// runGathered is run with gathered rows.
func (c *convolution) runGathered(w *kernel.Scratch, y, x, weights, bias []float32, positions int) {
	channels := c.channels / c.groups
	depth := c.axes[0].taps * c.axes[1].taps * c.axes[2].taps * channels
	const strip = 24 // matrix products are fastest for a multiple of so many rows
	block := min(max(gatherFloats/max(depth, 1)/strip, 1)*strip, positions)
	blocks := (positions + block - 1) / block
	cost := kernel.ProductCost(block, max(depth, 1), c.filters)
	direct := c.axes[0].outStep == 1 && c.axes[1].outStep == 1 && c.axes[2].outStep == 1

	mark := w.Mark()
	defer w.Release(mark)
	runs := kernel.Ranges(c.batch*blocks, cost)
	gathered := w.Floats(runs * block * depth)
	var sums []float32
	if !direct {
		sums = w.Floats(runs * block * c.filters)
	}
	image, result := c.in.len()*c.channels, c.out.len()*c.filters
	kernel.Parallel(c.batch*blocks, cost, func(run, lo, hi int) {
		rows := gathered[run*block*depth:][:block*depth]
		for i := lo; i < hi; i++ {
			x, y := x[i/blocks*image:][:image], y[i/blocks*result:][:result]
			from := i % blocks * block
			n := min(block, positions-from)
			to := y
			if direct {
				to = y[from*c.filters : (from+n)*c.filters]
			} else {
				to = sums[run*block*c.filters:][:n*c.filters]
			}
			for g := range c.groups {
				c.gather(rows, x, from, n, g*channels, channels)
				w, bias := c.group(weights, bias, depth, g)
				kernel.Mul(c.groupOf(kernel.Matrix(to, n, c.filters), g), kernel.Matrix(rows, n, depth), w, bias)
			}
			c.epilogue.Apply(kernel.Matrix(to, n, c.filters))
			if !direct {
				c.scatter(y, to, from, n)
			}
		}
	})
}

// isPlain reports whether the gathered rows are the input.
func (c *convolution) isPlain() bool {
	for i, a := range c.axes {
		if a.taps != 1 || a.stride != 1 || a.offset != 0 || a.outStep != 1 || a.outLen != c.in[i] {
			return false
		}
	}
	return true
}

// position returns the number of the i-th position along each axis.
func (c *convolution) position(i int) triple {
	h, w := c.axes[1].outLen, c.axes[2].outLen
	return triple{i / (h * w), i / w % h, i % w}
}

// next moves t to the next position.
func (c *convolution) next(t *triple) {
	for i := 2; i >= 0; i-- {
		t[i]++
		if t[i] < c.axes[i].outLen || i == 0 {
			return
		}
		t[i] = 0
	}
}

// gather copies the inputs under the window at n positions, starting with number from, to rows, one row for each position. It
// copies count channels, those of one group, starting with channel at.
func (c *convolution) gather(rows, x []float32, from, n, at, count int) {
	d, h, w := c.axes[0], c.axes[1], c.axes[2]
	line, plane := w.taps*count, h.taps*w.taps*count
	t := c.position(from)
	for range n {
		for k := range d.taps {
			i := t[0]*d.stride + d.offset + k*d.dilation
			if uint(i) >= uint(c.in[0]) {
				clear(rows[:plane])
				rows = rows[plane:]
				continue
			}
			for k := range h.taps {
				j := t[1]*h.stride + h.offset + k*h.dilation
				if uint(j) >= uint(c.in[1]) {
					clear(rows[:line])
				} else {
					c.gatherLine(rows[:line], x[(i*c.in[1]+j)*c.in[2]*c.channels:][:c.in[2]*c.channels], t[2]*w.stride+w.offset, at, count)
				}
				rows = rows[line:]
			}
		}
		c.next(&t)
	}
}

// gatherLine copies the inputs of a line of the image under a line of the window, which begins at position first, to row.
func (c *convolution) gatherLine(row, line []float32, first, at, count int) {
	w, width := c.axes[2], c.in[2]
	if w.dilation == 1 && count == c.channels { // they lie side by side
		lo := min(max(-first, 0), w.taps)
		hi := max(min(width-first, w.taps), lo)
		clear(row[:lo*count])
		if lo < hi {
			copy(row[lo*count:hi*count], line[(first+lo)*count:])
		}
		clear(row[hi*count:])
		return
	}
	for k := range w.taps {
		if i := first + k*w.dilation; uint(i) < uint(width) {
			copy(row[k*count:(k+1)*count], line[i*c.channels+at:])
		} else {
			clear(row[k*count : (k+1)*count])
		}
	}
}

// scatter copies rows, the results at n positions, starting with number from, to y.
func (c *convolution) scatter(y, rows []float32, from, n int) {
	t := c.position(from)
	for range n {
		at := 0
		for i, a := range c.axes {
			at = at*c.out[i] + a.outAt + t[i]*a.outStep
		}
		copy(y[at*c.filters:(at+1)*c.filters], rows)
		rows = rows[c.filters:]
		c.next(&t)
	}
}

// fill sets each run of width values of y to row, or to zeros if row is empty.
func fill(y, row []float32, width int) {
	if len(row) != width {
		clear(y)
		return
	}
	fillRows(y, row)
}
