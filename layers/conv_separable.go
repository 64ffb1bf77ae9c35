package layers

import (
	"strconv"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// SeparableConv has the weights and options of [SeparableConv1D] and [SeparableConv2D], which differ only in the number of spatial
// axes. They compute a depthwise convolution and then, at each position, the product of its channels with a matrix. An option with
// a number per axis also accepts one number for all axes.
type SeparableConv struct {
	DepthwiseKernel Tensor `ckpt:"depthwise_kernel,cast"` // [window… channels multiplier]
	PointwiseKernel Tensor `ckpt:"pointwise_kernel,cast"` // [1… channels*multiplier filters]
	Bias            Tensor `ckpt:"bias,optional,cast"`    // [filters]; not built: none is added

	Filters         int     // 0: the number in the pointwise kernel
	KernelSize      []int   // nil: the size of the depthwise kernel
	Strides         []int   // nil: 1
	Padding         Padding // Valid or Same
	ChannelsFirst   bool    // [batch channels space…] instead of [batch space… channels]
	DilationRate    []int   // nil: 1
	DepthMultiplier int     // 0: the number in the depthwise kernel, or 1 without one
	Activation      activation.Func
	NoBias          bool   // make no bias; one from a checkpoint is still added
	Name            string // for error messages
	Seed            uint64 // of the kernels' initial values

	first firstCall
}

// SeparableConv1D is keras.layers.SeparableConv1D. Its fields are those of [SeparableConv].
type SeparableConv1D SeparableConv

// SeparableConv2D is keras.layers.SeparableConv2D. Its fields are those of [SeparableConv].
type SeparableConv2D SeparableConv

// Build makes kernels (Glorot uniform) and bias (zeros) as [Conv1D.Build] does.
func (s *SeparableConv1D) Build(input tensor.Shape) error { return (*SeparableConv)(s).build(input, 1) }

// Build makes kernels (Glorot uniform) and bias (zeros) as [Conv1D.Build] does.
func (s *SeparableConv2D) Build(input tensor.Shape) error { return (*SeparableConv)(s).build(input, 2) }

// Call returns the layer's output for x of shape [batch steps channels].
func (s *SeparableConv1D) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

// Call returns the layer's output for x of shape [batch rows columns channels].
func (s *SeparableConv2D) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

// Forward is Call with a [Context].
func (s *SeparableConv1D) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*SeparableConv)(s).forward(ctx, x, 1)
}

// Forward is Call with a [Context].
func (s *SeparableConv2D) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*SeparableConv)(s).forward(ctx, x, 2)
}

func (s *SeparableConv) id(rank int) id {
	return id{"separable_conv" + strconv.Itoa(rank) + "d", s.Name}
}

func (s *SeparableConv) build(input tensor.Shape, rank int) error {
	_, _, _, err := s.plan(input, rank)
	return err
}

// plan builds the weights for an input of the given shape and returns its layout, the convolution of its channels, and the
// convolution of that result at each position.
func (s *SeparableConv) plan(input tensor.Shape, rank int) (l layout, depthwise, pointwise convolution, err error) {
	defer s.first.begin().end(&err)
	who := s.id(rank)
	if l, err = newLayout(who, input, rank, s.ChannelsFirst); err != nil {
		return l, depthwise, pointwise, err
	}
	size, multiplier, err := buildKernel(who, kernelWeights{
		name: "depthwise kernel", kernel: &s.DepthwiseKernel, seed: s.Seed,
		sizeOption: s.KernelSize, filters: multiplierOf(s.DepthMultiplier, &s.DepthwiseKernel),
	}, rank, l.channels, input)
	if err != nil {
		return l, depthwise, pointwise, err
	}
	depthwise, err = depthwisePlan(who, l, size, multiplier, s.Strides, s.DilationRate, s.Padding)
	if err != nil {
		return l, depthwise, pointwise, err
	}
	one, filters, err := buildKernel(who, kernelWeights{
		name: "pointwise kernel", kernel: &s.PointwiseKernel, bias: &s.Bias, noBias: s.NoBias, seed: s.Seed,
		sizeOption: []int{1}, filters: s.Filters,
	}, rank, depthwise.filters, input)
	if err != nil {
		return l, depthwise, pointwise, err
	}
	middle := l
	middle.size, middle.channels = depthwise.out, depthwise.filters
	axes, out, err := slides(who, middle, one, triple{1, 1, 1}, triple{1, 1, 1}, Same)
	return l, depthwise, newConvolution(middle, axes, out, filters, 1), err
}

func (s *SeparableConv) forward(ctx *Context, x *Tensor, rank int) (*Tensor, error) {
	who := s.id(rank)
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, depthwise, pointwise, err := s.plan(x.Shape(), rank)
	if err != nil {
		return nil, err
	}
	if err := checkSize(who, "output of the depthwise kernel", l.shape(depthwise.out, depthwise.filters)); err != nil {
		return nil, err
	}
	return pointwise.forward(who, ctx, l, x, s.Activation, func(w *kernel.Scratch, y, x []float32) {
		middle := w.Floats(depthwise.batch * depthwise.out.len() * depthwise.filters)
		depthwise.depthwise(middle, x, s.DepthwiseKernel.Data(), nil)
		weights, bias := pointwise.folded(w, s.PointwiseKernel.Data(), s.Bias.Data())
		pointwise.run(w, y, middle, weights, bias)
	})
}

func separableMaker(class string) config.Maker {
	switch class {
	case "SeparableConv1D", "SeparableConvolution1D":
		return func(c *config.Config) any { return (*SeparableConv1D)(makeSeparable(c)) }
	case "SeparableConv2D", "SeparableConvolution2D":
		return func(c *config.Config) any { return (*SeparableConv2D)(makeSeparable(c)) }
	}
	return nil
}

func makeSeparable(c *config.Config) *SeparableConv {
	c.Only("groups", 1) // which Keras 2 writes and does not use
	return &SeparableConv{
		Filters:         c.Int("filters", 0),
		KernelSize:      c.Ints("kernel_size"),
		Strides:         c.Ints("strides"),
		Padding:         paddingOption(c),
		ChannelsFirst:   c.ChannelsFirst(),
		DilationRate:    c.Ints("dilation_rate"),
		DepthMultiplier: c.Int("depth_multiplier", 1),
		Activation:      c.Activation("activation"),
		NoBias:          !c.Bool("use_bias", true),
		Name:            c.Name(),
	}
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (s *SeparableConv1D) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*SeparableConv)(s).wantShapes(want, 1)
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (s *SeparableConv2D) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*SeparableConv)(s).wantShapes(want, 2)
}

func (s *SeparableConv) wantShapes(want func(variable tensor.Any, shape ...int), rank int) {
	want(&s.DepthwiseKernel, append(wantedWindow(s.KernelSize, rank), -1, anyOr(s.DepthMultiplier))...)
	want(&s.PointwiseKernel, append(repeated(1, rank), -1, anyOr(s.Filters))...)
	want(&s.Bias, anyOr(s.Filters))
}
