package layers

import (
	"strconv"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// ConvTranspose has the weights and options of [Conv1DTranspose], [Conv2DTranspose] and [Conv3DTranspose], which differ only in
// the number of spatial axes. They spread each input over a window of the output, in the opposite direction of a [Conv]. An option
// with a number per axis also accepts one number for all axes.
type ConvTranspose struct {
	Kernel Tensor `ckpt:"kernel,cast"`        // [window… filters/groups channels]
	Bias   Tensor `ckpt:"bias,optional,cast"` // [filters]; not built: none is added

	Filters       int     // 0: the number in the kernel
	KernelSize    []int   // nil: the size of the kernel
	Strides       []int   // nil: 1
	Padding       Padding // Valid or Same
	OutputPadding []int   // the number of positions beyond the minimum for the strides; nil: Keras's default
	ChannelsFirst bool    // [batch channels space…] instead of [batch space… channels]
	DilationRate  []int   // nil: 1
	Groups        int     // channels and filters are divided into this number of groups, as in PyTorch; 0: 1
	Activation    activation.Func
	NoBias        bool   // make no bias; one from a checkpoint is still added
	Name          string // for error messages
	Seed          uint64 // of the kernel's initial values

	first firstCall
}

// Conv1DTranspose is keras.layers.Conv1DTranspose. Its fields are those of [ConvTranspose].
type Conv1DTranspose ConvTranspose

// Conv2DTranspose is keras.layers.Conv2DTranspose. Its fields are those of [ConvTranspose].
type Conv2DTranspose ConvTranspose

// Conv3DTranspose is keras.layers.Conv3DTranspose. Its fields are those of [ConvTranspose].
type Conv3DTranspose ConvTranspose

// NewConv1DTranspose returns a Conv1DTranspose with the given number of filters. It makes its weights at the first call, unless
// they are restored before. Its other options are fields.
func NewConv1DTranspose(filters int, kernelSize ...int) *Conv1DTranspose {
	return &Conv1DTranspose{Filters: filters, KernelSize: kernelSize}
}

// NewConv2DTranspose is [NewConv1DTranspose] for images.
func NewConv2DTranspose(filters int, kernelSize ...int) *Conv2DTranspose {
	return &Conv2DTranspose{Filters: filters, KernelSize: kernelSize}
}

// NewConv3DTranspose is [NewConv1DTranspose] for volumes.
func NewConv3DTranspose(filters int, kernelSize ...int) *Conv3DTranspose {
	return &Conv3DTranspose{Filters: filters, KernelSize: kernelSize}
}

// Build makes kernel (Glorot uniform) and bias (zeros) as [Conv1D.Build] does.
func (c *Conv1DTranspose) Build(input tensor.Shape) error { return (*ConvTranspose)(c).build(input, 1) }

// Build makes kernel (Glorot uniform) and bias (zeros) as [Conv1D.Build] does.
func (c *Conv2DTranspose) Build(input tensor.Shape) error { return (*ConvTranspose)(c).build(input, 2) }

// Build makes kernel (Glorot uniform) and bias (zeros) as [Conv1D.Build] does.
func (c *Conv3DTranspose) Build(input tensor.Shape) error { return (*ConvTranspose)(c).build(input, 3) }

// Call returns the layer's output for x of shape [batch steps channels].
func (c *Conv1DTranspose) Call(x *Tensor) (*Tensor, error) { return c.Forward(nil, x) }

// Call returns the layer's output for x of shape [batch rows columns channels].
func (c *Conv2DTranspose) Call(x *Tensor) (*Tensor, error) { return c.Forward(nil, x) }

// Call returns the layer's output for x of shape [batch planes rows columns channels].
func (c *Conv3DTranspose) Call(x *Tensor) (*Tensor, error) { return c.Forward(nil, x) }

// Forward is Call with a [Context].
func (c *Conv1DTranspose) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*ConvTranspose)(c).forward(ctx, x, 1)
}

// Forward is Call with a [Context].
func (c *Conv2DTranspose) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*ConvTranspose)(c).forward(ctx, x, 2)
}

// Forward is Call with a [Context].
func (c *Conv3DTranspose) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*ConvTranspose)(c).forward(ctx, x, 3)
}

func (c *ConvTranspose) id(rank int) id {
	return id{"conv" + strconv.Itoa(rank) + "d_transpose", c.Name}
}

func (c *ConvTranspose) build(input tensor.Shape, rank int) error {
	_, _, err := c.plan(input, rank)
	return err
}

// A spreading is the work of one call of a transposed convolution. Along each axis the input at i and the window's element k
// meet in the output at i*stride + k*dilation - before.
type spreading struct {
	in, out                        triple
	size, stride, dilation, before triple
	filters, groups                int
}

// plan builds the weights for an input of the given shape and returns its layout and the convolution to compute.
func (c *ConvTranspose) plan(input tensor.Shape, rank int) (l layout, s spreading, err error) {
	defer c.first.begin().end(&err)
	who := c.id(rank)
	if l, err = newLayout(who, input, rank, c.ChannelsFirst); err != nil {
		return l, s, err
	}
	s.groups = max(c.Groups, 1)
	switch {
	case c.Groups < 0:
		return l, s, errorf(who, "%d groups", c.Groups)
	case l.channels%s.groups != 0:
		return l, s, shapeErrorf(who, "input", input, "a multiple of %d channels for %d groups", s.groups, s.groups)
	case c.Filters%s.groups != 0:
		return l, s, errorf(who, "%d filters in %d groups: want a multiple of the number of groups", c.Filters, s.groups)
	}
	s.size, s.filters, err = buildKernel(who, kernelWeights{
		name: "kernel", kernel: &c.Kernel, bias: &c.Bias, noBias: c.NoBias, seed: c.Seed,
		sizeOption: c.KernelSize, filters: c.Filters, transposed: true, groups: s.groups,
	}, rank, l.channels, input)
	if err != nil {
		return l, s, err
	}
	if s.stride, err = perAxis(who, "strides", c.Strides, rank, 1); err != nil {
		return l, s, err
	}
	if s.dilation, err = perAxis(who, "dilation rate", c.DilationRate, rank, 1); err != nil {
		return l, s, err
	}
	s.in = l.size
	s.out = triple{1, 1, 1}
	for i := range rank {
		at := 3 - rank + i
		extra, err := c.extra(who, i, rank, s.stride[at])
		if err != nil {
			return l, s, err
		}
		s.out[at], s.before[at] = spread(s.in[at], s.size[at], s.stride[at], s.dilation[at], extra, c.Padding)
		if s.out[at] < 0 {
			return l, s, shapeErrorf(who, "input", input, "1 or more along each axis")
		}
	}
	if c.Padding > Same {
		return l, s, errorf(who, "this layer does not support padding %v", c.Padding)
	}
	return l, s, nil
}

// extra returns the output padding of an axis, or -1 for Keras's default.
func (c *ConvTranspose) extra(who id, axis, rank, stride int) (int, error) {
	list := c.OutputPadding
	var extra int
	switch len(list) {
	case 0:
		return -1, nil
	case 1:
		extra = list[0]
	case rank:
		extra = list[axis]
	default:
		return 0, errorf(who, "output padding %v: want %d, one for each axis", list, rank)
	}
	if extra < 0 || extra >= stride {
		return 0, errorf(who, "output padding %v: want 0 or more and less than the strides %v", list, c.Strides)
	}
	return extra, nil
}

// spread returns the number of positions of a transposed convolution's output along an axis, and the number
// of positions that are cut off at the front
// (keras.src.backend.common.backend_utils._get_output_shape_given_tf_padding). TensorFlow computes the
// gradient of a convolution here, and the cut is that of the convolution.
func spread(in, size, stride, dilation, extra int, p Padding) (out, before int) {
	span := (size-1)*dilation + 1
	switch {
	case p == Valid && extra < 0:
		return (in-1)*stride + max(span, stride), 0
	case p == Valid:
		return (in-1)*stride + span + extra, 0
	case extra < 0:
		out = in * stride
	default:
		out = (in-1)*stride + span%2 + extra
	}
	return out, max((in-1)*stride+span-out, 0) / 2
}

func (c *ConvTranspose) forward(ctx *Context, x *Tensor, rank int) (*Tensor, error) {
	who := c.id(rank)
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, s, err := c.plan(x.Shape(), rank)
	if err != nil {
		return nil, err
	}
	conv := convolution{batch: l.batch, in: s.in, out: s.out, channels: l.channels, filters: s.filters, groups: s.groups}
	return conv.forward(who, ctx, l, x, c.Activation, func(w *kernel.Scratch, y, x []float32) {
		weights := w.Floats(c.Kernel.Len()) // of one phase, with its axes in the order of a Conv's
		for p := (triple{}); p[0] < min(s.stride[0], s.out[0]); s.nextPhase(&p) {
			taps := s.phase(&conv, p)
			s.phaseKernel(weights, c.Kernel.Data(), &conv, taps)
			conv.run(w, y, x, weights, c.Bias.Data())
		}
	})
}

// nextPhase moves p to the next phase. Output positions with the same remainder modulo the stride see inputs through the same
// elements of the window, so each phase is a convolution of stride 1.
func (s *spreading) nextPhase(p *triple) {
	for i := 2; i >= 0; i-- {
		p[i]++
		if p[i] < min(s.stride[i], s.out[i]) || i == 0 {
			return
		}
		p[i] = 0
	}
}

// A tapping says which elements of the window a phase has along an axis: its j-th tap is the element last - j*step.
type tapping struct{ last, step int }

// phase sets the axes of conv to those of phase p.
func (s *spreading) phase(conv *convolution, p triple) (taps [3]tapping) {
	for i := range p {
		common := gcd(s.stride[i], s.dilation[i])
		// The input that position p + t*stride sees through element k is t + (p + before - k*dilation)/stride, for each k for
		// which the division is exact.
		step, first := s.stride[i]/common, 0
		for first < step && (p[i]+s.before[i]-first*s.dilation[i])%s.stride[i] != 0 {
			first++
		}
		g := gathering{outAt: p[i], outStep: s.stride[i], outLen: (s.out[i]-p[i]-1)/s.stride[i] + 1, stride: 1, dilation: s.dilation[i] / common}
		if first < step && first < s.size[i] {
			g.taps = (s.size[i]-1-first)/step + 1
			taps[i] = tapping{first + (g.taps-1)*step, step}
			g.offset = (p[i] + s.before[i] - taps[i].last*s.dilation[i]) / s.stride[i]
		}
		conv.axes[i] = g
	}
	return taps
}

// phaseKernel copies the elements of kernel that belong to a phase to dst, as [taps… channels/groups filters].
func (s *spreading) phaseKernel(dst, weights []float32, conv *convolution, taps [3]tapping) {
	size := conv.channels / conv.groups * conv.filters
	for d := range conv.axes[0].taps {
		for h := range conv.axes[1].taps {
			for w := range conv.axes[2].taps {
				at := ((taps[0].last-d*taps[0].step)*s.size[1]+taps[1].last-h*taps[1].step)*s.size[2] + taps[2].last - w*taps[2].step
				s.tapKernel(dst[:size], weights[at*size:(at+1)*size], conv.channels)
				dst = dst[size:]
			}
		}
	}
}

// tapKernel turns an element of the window, [filters/groups channels], into [channels/groups filters].
func (s *spreading) tapKernel(dst, src []float32, channels int) {
	filters, inputs := s.filters/s.groups, channels/s.groups // of a group
	for f := range filters {
		row := src[f*channels:][:channels]
		for i, v := range row {
			dst[i%inputs*s.filters+i/inputs*filters+f] = v
		}
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func convTransposeMaker(class string) config.Maker {
	switch class {
	case "Conv1DTranspose", "Convolution1DTranspose":
		return func(c *config.Config) any { return (*Conv1DTranspose)(makeConvTranspose(c)) }
	case "Conv2DTranspose", "Convolution2DTranspose":
		return func(c *config.Config) any { return (*Conv2DTranspose)(makeConvTranspose(c)) }
	case "Conv3DTranspose", "Convolution3DTranspose":
		return func(c *config.Config) any { return (*Conv3DTranspose)(makeConvTranspose(c)) }
	}
	return nil
}

func makeConvTranspose(c *config.Config) *ConvTranspose {
	c.Only("groups", 1) // which Keras 2 writes and does not use
	return &ConvTranspose{
		Filters:       c.Int("filters", 0),
		KernelSize:    c.Ints("kernel_size"),
		Strides:       c.Ints("strides"),
		Padding:       paddingOption(c),
		OutputPadding: c.Ints("output_padding"),
		ChannelsFirst: c.ChannelsFirst(),
		DilationRate:  c.Ints("dilation_rate"),
		Activation:    c.Activation("activation"),
		NoBias:        !c.Bool("use_bias", true),
		Name:          c.Name(),
	}
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (c *Conv1DTranspose) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*ConvTranspose)(c).wantShapes(want, 1)
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (c *Conv2DTranspose) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*ConvTranspose)(c).wantShapes(want, 2)
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (c *Conv3DTranspose) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*ConvTranspose)(c).wantShapes(want, 3)
}

func (c *ConvTranspose) wantShapes(want func(variable tensor.Any, shape ...int), rank int) {
	want(&c.Kernel, append(wantedWindow(c.KernelSize, rank), anyOr(c.Filters/max(c.Groups, 1)), -1)...)
	want(&c.Bias, anyOr(c.Filters))
}
