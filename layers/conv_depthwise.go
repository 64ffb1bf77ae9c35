package layers

import (
	"strconv"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
)

// DepthwiseConv has the weights and options of [DepthwiseConv1D] and [DepthwiseConv2D], which differ only in the number of spatial
// axes. Each channel is convolved separately, with DepthMultiplier windows. An option with a number per axis also accepts one
// number for all axes.
type DepthwiseConv struct {
	Kernel Tensor `ckpt:"kernel,alias=depthwise_kernel,cast"` // [window… channels multiplier]
	Bias   Tensor `ckpt:"bias,optional,cast"`                 // [channels*multiplier]; not built: none is added

	KernelSize      []int   // nil: the size of the kernel
	Strides         []int   // nil: 1
	Padding         Padding // Valid or Same
	DepthMultiplier int     // 0: the number in the kernel, or 1 without a kernel
	ChannelsFirst   bool    // [batch channels space…] instead of [batch space… channels]
	DilationRate    []int   // nil: 1
	Activation      activation.Func
	NoBias          bool   // make no bias; one from a checkpoint is still added
	Name            string // for error messages
	Seed            uint64 // of the kernel's initial values

	first firstCall
}

// DepthwiseConv1D is keras.layers.DepthwiseConv1D. Its fields are those of [DepthwiseConv].
type DepthwiseConv1D DepthwiseConv

// DepthwiseConv2D is keras.layers.DepthwiseConv2D. Its fields are those of [DepthwiseConv].
type DepthwiseConv2D DepthwiseConv

// Build makes kernel (Glorot uniform) and bias (zeros) as [Conv1D.Build] does.
func (d *DepthwiseConv1D) Build(input tensor.Shape) error { return (*DepthwiseConv)(d).build(input, 1) }

// Build makes kernel (Glorot uniform) and bias (zeros) as [Conv1D.Build] does.
func (d *DepthwiseConv2D) Build(input tensor.Shape) error { return (*DepthwiseConv)(d).build(input, 2) }

// Call returns the layer's output for x of shape [batch steps channels].
func (d *DepthwiseConv1D) Call(x *Tensor) (*Tensor, error) { return d.Forward(nil, x) }

// Call returns the layer's output for x of shape [batch rows columns channels].
func (d *DepthwiseConv2D) Call(x *Tensor) (*Tensor, error) { return d.Forward(nil, x) }

// Forward is Call with a [Context].
func (d *DepthwiseConv1D) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*DepthwiseConv)(d).forward(ctx, x, 1)
}

// Forward is Call with a [Context].
func (d *DepthwiseConv2D) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*DepthwiseConv)(d).forward(ctx, x, 2)
}

func (d *DepthwiseConv) id(rank int) id {
	return id{"depthwise_conv" + strconv.Itoa(rank) + "d", d.Name}
}

func (d *DepthwiseConv) build(input tensor.Shape, rank int) error {
	_, _, err := d.plan(input, rank)
	return err
}

// plan builds the weights for an input of the given shape and returns its layout and the convolution to compute.
func (d *DepthwiseConv) plan(input tensor.Shape, rank int) (l layout, conv convolution, err error) {
	defer d.first.begin().end(&err)
	who := d.id(rank)
	if l, err = newLayout(who, input, rank, d.ChannelsFirst); err != nil {
		return l, conv, err
	}
	size, multiplier, err := buildKernel(who, kernelWeights{
		name: "kernel", kernel: &d.Kernel, bias: &d.Bias, noBias: d.NoBias, seed: d.Seed,
		sizeOption: d.KernelSize, filters: multiplierOf(d.DepthMultiplier, &d.Kernel), perChannel: true,
	}, rank, l.channels, input)
	if err != nil {
		return l, conv, err
	}
	conv, err = depthwisePlan(who, l, size, multiplier, d.Strides, d.DilationRate, d.Padding)
	return l, conv, err
}

// multiplierOf returns the depth multiplier of a kernel, or 1 if the kernel is not made yet.
func multiplierOf(option int, kernel *Tensor) int {
	if option == 0 && !kernel.Built() {
		return 1
	}
	return option
}

// depthwisePlan returns the separate convolution of each channel of an input of layout l.
func depthwisePlan(who id, l layout, size triple, multiplier int, strides, dilation []int, p Padding) (convolution, error) {
	var conv convolution
	stride, err := perAxis(who, "strides", strides, l.rank, 1)
	if err != nil {
		return conv, err
	}
	dilate, err := perAxis(who, "dilation rate", dilation, l.rank, 1)
	if err != nil {
		return conv, err
	}
	if p > Same {
		return conv, errorf(who, "this layer does not support padding %v", p)
	}
	axes, out, err := slides(who, l, size, stride, dilate, p)
	if err != nil {
		return conv, err
	}
	return newConvolution(l, axes, out, l.channels*multiplier, max(l.channels, 1)), nil
}

func (d *DepthwiseConv) forward(ctx *Context, x *Tensor, rank int) (*Tensor, error) {
	who := d.id(rank)
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, conv, err := d.plan(ctx.inputShape(x), rank)
	if err != nil {
		return nil, err
	}
	conv.unpad(ctx, &l, x)
	return conv.forward(who, ctx, l, x, d.Activation, func(w *kernel.Scratch, y, x []float32) {
		weights, bias := conv.folded(w, d.Kernel.Data(), d.Bias.Data())
		conv.depthwise(y, x, weights, bias)
	})
}

// depthwise is run for a convolution with a group for each channel. It does not gather inputs: kernel is [taps… channels
// multiplier].
func (c *convolution) depthwise(y, x, weights, bias []float32) {
	if len(y) == 0 {
		return
	}
	line, width := c.in[2]*c.channels, c.out[2]*c.filters
	taps := c.axes[0].taps * c.axes[1].taps * c.axes[2].taps
	kernel.Parallel(c.batch*c.out[0]*c.out[1], width*taps/2, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			image := x[i/(c.out[0]*c.out[1])*c.in.len()*c.channels:]
			c.depthwiseLine(y[i*width:(i+1)*width], image, weights, bias, triple{i / c.out[1] % c.out[0], i % c.out[1]}, line)
			c.epilogue.Apply(kernel.Matrix(y[i*width:(i+1)*width], c.out[2], c.filters))
		}
	})
}

// depthwiseLine computes y, the line at position t of one image. Lines of the image have length line.
func (c *convolution) depthwiseLine(y, image, weights, bias []float32, t triple, line int) {
	if c.filters == c.channels {
		c.windowLine(y, image, weights, bias, t)
		return
	}
	fill(y, bias, c.filters)
	d, h, w := c.axes[0], c.axes[1], c.axes[2]
	for kd := range d.taps {
		for kh := range h.taps {
			i, j := t[0]*d.stride+d.offset+kd*d.dilation, t[1]*h.stride+h.offset+kh*h.dilation
			if uint(i) >= uint(c.in[0]) || uint(j) >= uint(c.in[1]) {
				continue
			}
			x := image[(i*c.in[1]+j)*line:][:line]
			for kw := range w.taps {
				k := weights[((kd*h.taps+kh)*w.taps+kw)*c.filters:][:c.filters]
				at := w.offset + kw*w.dilation
				first := 0 // the first position that sees the input
				if at < 0 {
					first = (-at + w.stride - 1) / w.stride
				}
				for t := first; t < w.outLen && t*w.stride+at < c.in[2]; t++ {
					multiplyAdd(y[t*c.filters:(t+1)*c.filters], x[(t*w.stride+at)*c.channels:][:c.channels], k)
				}
			}
		}
	}
}

// windowLine is depthwiseLine for one weight per channel and tap.
func (c *convolution) windowLine(y, image, weights, bias []float32, t triple) {
	d, h, w := c.axes[0], c.axes[1], c.axes[2]
	var memory [32]vmath.Tap
	for first := 0; first < w.outLen; {
		// Positions that see the same taps: all except those at the ends of the line.
		from, to := w.seen(first, c.in[2])
		n := 1
		for first+n < w.outLen {
			if a, b := w.seen(first+n, c.in[2]); a != from || b != to {
				break
			}
			n++
		}
		taps := memory[:0]
		for kd := range d.taps {
			for kh := range h.taps {
				i, j := t[0]*d.stride+d.offset+kd*d.dilation, t[1]*h.stride+h.offset+kh*h.dilation
				if uint(i) >= uint(c.in[0]) || uint(j) >= uint(c.in[1]) {
					continue
				}
				for kw := from; kw < to; kw++ {
					taps = append(taps, vmath.Tap{
						X: ((i*c.in[1]+j)*c.in[2] + (kw-from)*w.dilation) * c.channels, W: ((kd*h.taps+kh)*w.taps + kw) * c.channels,
					})
				}
			}
		}
		at := max(first*w.stride+w.offset+from*w.dilation, 0) // below 0 only if there are no taps
		line := vmath.Line{
			Y: y[first*c.channels:], YStep: c.channels, X: image[min(at*c.channels, len(image)):], XStep: w.stride * c.channels, Count: n, Channels: c.channels,
		}
		line.Weigh(taps, weights, bias)
		first += n
	}
}

// seen returns the range [from, to) of taps that see the input at position t.
func (g *gathering) seen(t, in int) (from, to int) {
	at := t*g.stride + g.offset
	if at < 0 {
		from = min((-at+g.dilation-1)/g.dilation, g.taps)
	}
	to = from
	if last := in - 1 - at; last >= 0 {
		to = max(min(last/g.dilation+1, g.taps), from)
	}
	return from, to
}

// multiplyAdd adds to y the products of x and k. Each value of x is used for the same number of values of y.
func multiplyAdd(y, x, k []float32) {
	k = k[:len(y)]
	n := len(y) / len(x)
	for _, v := range x {
		for i := range n {
			y[i] += v * k[i]
		}
		y, k = y[n:], k[n:]
	}
}

func depthwiseMaker(class string) config.Maker {
	switch class {
	case "DepthwiseConv1D":
		return func(c *config.Config) any { return (*DepthwiseConv1D)(makeDepthwise(c)) }
	case "DepthwiseConv2D":
		return func(c *config.Config) any { return (*DepthwiseConv2D)(makeDepthwise(c)) }
	}
	return nil
}

func makeDepthwise(c *config.Config) *DepthwiseConv {
	c.Only("groups", 1) // which Keras 2 writes and does not use
	return &DepthwiseConv{
		KernelSize:      c.Ints("kernel_size"),
		Strides:         c.Ints("strides"),
		Padding:         paddingOption(c),
		DepthMultiplier: c.Int("depth_multiplier", 1),
		ChannelsFirst:   c.ChannelsFirst(),
		DilationRate:    c.Ints("dilation_rate"),
		Activation:      c.Activation("activation"),
		NoBias:          !c.Bool("use_bias", true),
		Name:            c.Name(),
	}
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (d *DepthwiseConv1D) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*DepthwiseConv)(d).wantShapes(want, 1)
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (d *DepthwiseConv2D) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*DepthwiseConv)(d).wantShapes(want, 2)
}

func (d *DepthwiseConv) wantShapes(want func(variable tensor.Any, shape ...int), rank int) {
	want(&d.Kernel, append(wantedWindow(d.KernelSize, rank), -1, anyOr(d.DepthMultiplier))...)
	want(&d.Bias, -1)
}
