package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// A convolution is the work of one call, over tensors with channels last: for each output position it gathers the
// inputs under the window into a row, and multiplies the rows with the kernel ("im2col"). Rows are gathered in blocks that
// fit a processor's cache, so that they never are in memory all at once.
type convolution struct {
	batch             int
	in, out           triple
	channels, filters int
	groups            int
	axes              [3]gathering
}

// A gathering says, for one axis, which output positions are computed and which inputs they see: the t-th of outLen
// positions is outAt + t*outStep, and its k-th tap is over input t*stride + offset + k*dilation, zero where that is outside.
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

// forward returns the activation of what compute makes of x: it is given x's values, of layout l, and the output's, both with
// channels last.
func (c *convolution) forward(who id, ctx *Context, l layout, x *Tensor, f activation.Func, compute func(w *kernel.Scratch, y, x []float32)) (*Tensor, error) {
	y, err := newOutput(who, l.shape(c.out, c.filters)...)
	if err != nil {
		return nil, err
	}
	if y.Len() > 0 {
		w := ctx.workspace()
		mark := w.Mark()
		from, to := channelsLast(w, l, x.Data()), y.Data()
		if l.channelsFirst {
			to = w.Floats(y.Len())
		}
		compute(w, to, from)
		if l.channelsFirst {
			swapAxes(y.Data(), to, l.batch, c.out.len(), c.filters)
		}
		w.Release(mark)
	}
	return activate(who, f, y)
}

// gatherFloats is how many gathered values a block has, more or less: 128 KiB, a part of what the second cache holds.
const gatherFloats = 1 << 15

// run adds up, for each position, the products of the inputs under the window with weights, [taps… channels/groups filters], and bias,
// which may be empty. Every value of y, which is not empty, at one of the positions is overwritten.
func (c *convolution) run(w *kernel.Scratch, y, x, weights, bias []float32) {
	positions := c.axes[0].outLen * c.axes[1].outLen * c.axes[2].outLen
	if positions == 0 {
		return
	}
	groups := c.groups
	depth := c.axes[0].taps * c.axes[1].taps * c.axes[2].taps * c.channels / groups
	if depth == 0 {
		groups = 1 // of nothing
	}
	channels, filters := c.channels/groups, c.filters/groups
	if c.isPlain() {
		// Every row is there already: the channels at its position.
		n := c.batch * positions
		fill(y, bias, c.filters)
		for g := range groups {
			kernel.Matmul(kernel.Cols(kernel.Matrix(y, n, c.filters), g*filters, (g+1)*filters), kernel.Cols(kernel.Matrix(x, n, c.channels), g*channels, (g+1)*channels),
				kernel.Cols(kernel.Matrix(weights, depth, c.filters), g*filters, (g+1)*filters))
		}
		return
	}
	block := min(max(gatherFloats/max(depth, 1)/kernel.RowStrip, 1)*kernel.RowStrip, positions)
	blocks := (positions + block - 1) / block
	cost := block * max(depth, 1) * c.filters
	direct := c.axes[0].outStep == 1 && c.axes[1].outStep == 1 && c.axes[2].outStep == 1

	mark := w.Mark()
	defer w.Release(mark)
	runs := kernel.Ranges(c.batch*blocks, cost)
	gathered := w.Floats(runs * block * depth)
	factors := make([]kernel.Factor, groups)
	for g := range factors {
		factors[g] = kernel.NewFactor(w, kernel.Cols(kernel.Matrix(weights, depth, c.filters), g*filters, (g+1)*filters))
	}
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
			fill(to, bias, c.filters)
			for g := range groups {
				c.gather(rows, x, from, n, g*channels, channels)
				factors[g].MulAdd(kernel.Cols(kernel.Matrix(to, n, c.filters), g*filters, (g+1)*filters), kernel.Matrix(rows, n, depth))
			}
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

// next moves t to the position behind it.
func (c *convolution) next(t *triple) {
	for i := 2; i >= 0; i-- {
		t[i]++
		if t[i] < c.axes[i].outLen || i == 0 {
			return
		}
		t[i] = 0
	}
}

// gather copies the inputs under the window at n positions from number from on to rows, a row for each: of the channels of one
// group, which are count from at on.
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

// gatherLine copies the inputs of a line of the image under a line of the window, which begins at place first, to row.
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

// scatter copies rows, the results at n positions from number from on, to their places in y.
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

// fill sets each run of width values of y to row, or to zeros where row is empty.
func fill(y, row []float32, width int) {
	if len(row) != width {
		clear(y)
		return
	}
	fillRows(y, row)
}
