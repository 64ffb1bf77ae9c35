package layers

import (
	"slices"
	"strconv"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// Conv has the weights and options of [Conv1D], [Conv2D] and [Conv3D], which differ only in the number of spatial axes, 1 to 3. An
// option with a number per axis also accepts one number for all axes.
//
// Kernel and bias from a checkpoint determine the number of filters and the size of the window. If nothing was restored, Filters
// and KernelSize say what to make.
//
// With ChannelsFirst, if the last axis of the output is as long as the number of filters, Keras 3 on TensorFlow adds the bias
// along that axis (keras.src.backend.tensorflow.numpy.add), but only if the shape is known when it traces. Here the bias always
// has one value per filter, as Keras documents and as other backends do.
type Conv struct {
	Kernel Tensor `ckpt:"_kernel,alias=kernel,cast"` // [window… channels/groups filters]
	Bias   Tensor `ckpt:"bias,optional,cast"`        // [filters]; not built: none is added

	LoRAKernelA Tensor `ckpt:"lora_kernel_a,optional,cast"` // [window… channels/groups rank]; see [Dense]
	LoRAKernelB Tensor `ckpt:"lora_kernel_b,optional,cast"` // [rank filters]

	Filters       int   // 0: the number in the kernel
	KernelSize    []int // nil: the size of the kernel
	Strides       []int // nil: 1
	Padding       Padding
	ChannelsFirst bool  // [batch channels space…] instead of [batch space… channels]
	DilationRate  []int // nil: 1
	Groups        int   // channels and filters are divided into this number of groups, each convolved separately; 0: 1
	Activation    activation.Func
	LoRAAlpha     float32 // LoRAKernelA·LoRAKernelB is added LoRAAlpha/rank times, 0: once
	NoBias        bool    // make no bias; a bias from a checkpoint is still added
	Name          string  // for error messages
	Seed          uint64  // of the kernel's initial values

	first firstCall
}

// Conv1D is keras.layers.Conv1D: a convolution over steps. Its fields are those of [Conv].
type Conv1D Conv

// Conv2D is keras.layers.Conv2D: a convolution over the rows and columns of images. Its fields are those of [Conv].
type Conv2D Conv

// Conv3D is keras.layers.Conv3D: a convolution over volumes. Its fields are those of [Conv].
type Conv3D Conv

// NewConv1D returns a Conv1D with the given number of filters. It makes its weights at the first call, unless they are restored
// before. Its other options are fields.
func NewConv1D(filters int, kernelSize ...int) *Conv1D {
	return &Conv1D{Filters: filters, KernelSize: kernelSize}
}

// NewConv2D is [NewConv1D] for images.
func NewConv2D(filters int, kernelSize ...int) *Conv2D {
	return &Conv2D{Filters: filters, KernelSize: kernelSize}
}

// NewConv3D is [NewConv1D] for volumes.
func NewConv3D(filters int, kernelSize ...int) *Conv3D {
	return &Conv3D{Filters: filters, KernelSize: kernelSize}
}

// Build makes kernel (Glorot uniform) and bias (zeros) for inputs of the given shape if there is no kernel. The error is a
// [*ShapeError] if weights, options or input do not fit each other, or has [ErrNotBuilt] if the options do not give the size of
// the kernel.
func (c *Conv1D) Build(input tensor.Shape) error { return (*Conv)(c).build(input, 1) }

// Build is [Conv1D.Build] for images.
func (c *Conv2D) Build(input tensor.Shape) error { return (*Conv)(c).build(input, 2) }

// Build is [Conv1D.Build] for volumes.
func (c *Conv3D) Build(input tensor.Shape) error { return (*Conv)(c).build(input, 3) }

// Call returns the activation of x, of shape [batch steps channels], convolved with the kernel, plus bias: a tensor of shape
// [batch positions filters].
func (c *Conv1D) Call(x *Tensor) (*Tensor, error) { return c.Forward(nil, x) }

// Call is [Conv1D.Call] for x of shape [batch rows columns channels].
func (c *Conv2D) Call(x *Tensor) (*Tensor, error) { return c.Forward(nil, x) }

// Call is [Conv1D.Call] for x of shape [batch planes rows columns channels].
func (c *Conv3D) Call(x *Tensor) (*Tensor, error) { return c.Forward(nil, x) }

// Forward is Call with a [Context].
func (c *Conv1D) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*Conv)(c).forward(ctx, x, 1)
}

// Forward is Call with a [Context].
func (c *Conv2D) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*Conv)(c).forward(ctx, x, 2)
}

// Forward is Call with a [Context].
func (c *Conv3D) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	return (*Conv)(c).forward(ctx, x, 3)
}

func (c *Conv) lora() lowRank {
	return lowRank{"lora_kernel", &c.LoRAKernelA, &c.LoRAKernelB, c.LoRAAlpha}
}

func (c *Conv) id(rank int) id { return id{"conv" + strconv.Itoa(rank) + "d", c.Name} }

func (c *Conv) build(input tensor.Shape, rank int) error {
	_, _, err := c.plan(input, rank)
	return err
}

// plan builds the weights for an input of the given shape and returns its layout and the convolution to compute.
func (c *Conv) plan(input tensor.Shape, rank int) (l layout, conv convolution, err error) {
	defer c.first.begin().end(&err)
	who := c.id(rank)
	if l, err = newLayout(who, input, rank, c.ChannelsFirst); err != nil {
		return l, conv, err
	}
	groups := max(c.Groups, 1)
	switch {
	case c.Groups < 0:
		return l, conv, errorf(who, "%d groups", c.Groups)
	case l.channels%groups != 0:
		return l, conv, shapeErrorf(who, "input", input, "a multiple of %d channels for %d groups", groups, groups)
	}
	size, filters, err := buildKernel(who, kernelWeights{
		name: "kernel", kernel: &c.Kernel, bias: &c.Bias, noBias: c.NoBias, seed: c.Seed,
		sizeOption: c.KernelSize, filters: c.Filters,
	}, rank, l.channels/groups, input)
	switch {
	case err != nil:
		return l, conv, err
	case filters%groups != 0:
		return l, conv, shapeErrorf(who, "kernel", c.Kernel.Shape(), "a multiple of %d filters for %d groups", groups, groups)
	}
	if err := c.lora().check(who, c.Kernel.Shape()); err != nil {
		return l, conv, err
	}
	strides, err := perAxis(who, "strides", c.Strides, rank, 1)
	if err != nil {
		return l, conv, err
	}
	dilation, err := perAxis(who, "dilation rate", c.DilationRate, rank, 1)
	if err != nil {
		return l, conv, err
	}
	axes, out, err := slides(who, l, size, strides, dilation, c.Padding)
	if err != nil {
		return l, conv, err
	}
	if !c.ChannelsFirst && groups == 1 {
		likeCuboids(&axes, rank, c.Padding)
	}
	return l, newConvolution(l, axes, out, filters, groups), nil
}

func (c *Conv) forward(ctx *Context, x *Tensor, rank int) (*Tensor, error) {
	who := c.id(rank)
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, conv, err := c.plan(ctx.inputShape(x), rank)
	if err != nil {
		return nil, err
	}
	conv.unpad(ctx, &l, x)
	return conv.forward(who, ctx, l, x, c.Activation, func(w *kernel.Scratch, y, x []float32) {
		weights, bias := conv.folded(w, c.lora().addedTo(w, &c.Kernel), c.Bias.Data())
		if conv.groups > 1 && conv.groups == conv.channels { // a depthwise kernel in all but its shape
			conv.depthwise(y, x, weights, bias)
		} else {
			conv.run(w, y, x, weights, bias)
		}
	})
}

// kernelWeights are the weights and options that buildKernel reads and builds.
type kernelWeights struct {
	name         string
	kernel, bias *Tensor // no bias: nil
	noBias       bool
	seed         uint64
	sizeOption   []int
	filters      int  // 0: the number in the kernel
	transposed   bool // [window… filters/groups channels]
	groups       int  // of a transposed kernel
	perChannel   bool // filters for each channel: a bias for each of channels*filters
}

// buildKernel makes the kernel and the bias of a convolution if there is no kernel, checks them and returns the
// window's size and the number of filters.
func buildKernel(who id, k kernelWeights, rank, channels int, input tensor.Shape) (size triple, filters int, err error) {
	if k.filters < 0 {
		return size, 0, errorf(who, "%d filters", k.filters)
	}
	pattern := [5]int{-1, -1, -1, -1, -1}
	want := pattern[:rank+2]
	if k.sizeOption != nil {
		t, err := perAxis(who, "kernel size", k.sizeOption, rank, 0)
		if err != nil {
			return size, 0, err
		}
		copy(want, t[3-rank:])
	}
	in, out := rank, rank+1
	if k.transposed {
		in, out = out, in
	}
	want[in] = channels
	groups := max(k.groups, 1)
	if k.filters > 0 {
		want[out] = k.filters / groups
	}
	if !k.kernel.Built() {
		if slices.Contains(want, -1) {
			return size, 0, errorf(who, "%w", ErrNotBuilt)
		}
		if err := buildWeight(who, k.name, k.kernel, k.seed, glorotUniform, slices.Clone(want)...); err != nil {
			return size, 0, err
		}
		if !k.noBias && k.bias != nil {
			if err := buildWeight(who, "bias", k.bias, k.seed, zeros, k.biases(k.filters, channels)); err != nil {
				return size, 0, err
			}
		}
	}
	fits := len(k.kernel.Shape()) == len(want)
	for i := 0; fits && i < len(want); i++ {
		fits = want[i] == -1 || want[i] == k.kernel.Shape()[i]
	}
	if !fits {
		return size, 0, checkWeight(who, k.name, k.kernel, "for input shape "+input.String(), slices.Clone(want)...)
	}
	size = triple{1, 1, 1}
	copy(size[3-rank:], k.kernel.Shape()[:rank])
	if size.len() == 0 || max(size[0], size[1], size[2]) > maxOption {
		return size, 0, shapeErrorf(who, k.name, k.kernel.Shape(), "a window of 1 or more along each axis")
	}
	filters = k.kernel.Shape()[out] * groups
	if k.bias != nil && k.bias.Built() && !(len(k.bias.Shape()) == 1 && k.bias.Len() == k.biases(filters, channels)) {
		err = checkWeight(who, "bias", k.bias, "for "+k.name+" shape "+k.kernel.Shape().String(), k.biases(filters, channels))
	}
	return size, filters, err
}

// biases returns the number of values of the bias.
func (k *kernelWeights) biases(filters, channels int) int {
	if k.perChannel {
		return channels * filters
	}
	return filters
}

func convMaker(class string) config.Maker {
	switch class {
	case "Conv1D", "Convolution1D":
		return func(c *config.Config) any { return (*Conv1D)(makeConv(c)) }
	case "Conv2D", "Convolution2D":
		return func(c *config.Config) any { return (*Conv2D)(makeConv(c)) }
	case "Conv3D", "Convolution3D":
		return func(c *config.Config) any { return (*Conv3D)(makeConv(c)) }
	}
	return nil
}

func makeConv(c *config.Config) *Conv {
	return &Conv{
		Filters:       c.Int("filters", 0),
		KernelSize:    c.Ints("kernel_size"),
		Strides:       c.Ints("strides"),
		Padding:       paddingOption(c),
		ChannelsFirst: c.ChannelsFirst(),
		DilationRate:  c.Ints("dilation_rate"),
		Groups:        c.Int("groups", 1),
		Activation:    c.Activation("activation"),
		LoRAAlpha:     loraOptions(c),
		NoBias:        !c.Bool("use_bias", true),
		Name:          c.Name(),
	}
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (c *Conv1D) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*Conv)(c).wantShapes(want, 1)
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (c *Conv2D) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*Conv)(c).wantShapes(want, 2)
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that the options fix.
func (c *Conv3D) WantShapes(want func(variable tensor.Any, shape ...int)) {
	(*Conv)(c).wantShapes(want, 3)
}

func (c *Conv) wantShapes(want func(variable tensor.Any, shape ...int), rank int) {
	want(&c.Kernel, append(wantedWindow(c.KernelSize, rank), -1, anyOr(c.Filters))...)
	want(&c.Bias, anyOr(c.Filters))
}

// wantedWindow returns the first axes of a kernel: the lengths of its window along each spatial axis.
func wantedWindow(size []int, rank int) []int {
	switch len(size) {
	case rank:
		return slices.Clone(size)
	case 1:
		return repeated(size[0], rank)
	}
	return repeated(-1, rank)
}
