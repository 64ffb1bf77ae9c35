package layers

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
	"gonum.org/v1/gonum/blas/blas32"
)

// ConvLSTMCell is the cell of [ConvLSTM]: an [LSTMCell] with convolutions instead of products, over one to three spatial axes. Its
// states are output and carry. They have the size of the kernel's convolution of the input; the recurrent kernel's convolution
// keeps that size.
type ConvLSTMCell struct {
	Kernel          Tensor `ckpt:"kernel,cast"`           // [window… channels 4*filters]
	RecurrentKernel Tensor `ckpt:"recurrent_kernel,cast"` // [window… filters 4*filters]
	Bias            Tensor `ckpt:"bias,optional,cast"`    // [4*filters]; not built: none is added

	Filters             int     // 0: the number in the kernel
	KernelSize          []int   // nil: the size of the kernel
	Strides             []int   // of the kernel; nil: 1
	Padding             Padding // of the kernel; Valid or Same
	ChannelsFirst       bool    // [batch steps channels space…] instead of [batch steps space… channels]
	DilationRate        []int   // of the kernel; nil: 1
	Activation          *activation.Func
	RecurrentActivation *activation.Func // nil: sigmoid; TF 2.0's Keras has [activation.HardSigmoidV2]
	NoBias              bool             // make no bias; one from a checkpoint is still added
	NoUnitForgetBias    bool             // make the forget gate's bias 0, not 1
	Name                string           // for error messages
	Seed                uint64           // of the kernels' initial values

	first firstCall
}

// ConvLSTM is keras.layers.ConvLSTM1D, ConvLSTM2D and ConvLSTM3D: [ConvLSTMCell] over a sequence of images. The rank of the input
// decides which of them it is.
type ConvLSTM struct {
	Cell ConvLSTMCell `ckpt:"cell"`

	ReturnSequences   bool   // return the outputs of all steps, not only of the last
	ReturnState       bool   // ForwardAll also returns the states
	GoBackwards       bool   // go from the last step to the first, and return outputs in that order
	ZeroOutputForMask bool   // at a masked step return zeros instead of the previous output
	Unroll            bool   // see [Bidirectional]: with it, Keras puts the zeros of ZeroOutputForMask in other places
	Name              string // for error messages
}

// Keras's names for a [ConvLSTM] over lines, images and volumes.
type (
	ConvLSTM1D = ConvLSTM
	ConvLSTM2D = ConvLSTM
	ConvLSTM3D = ConvLSTM
)

// NewConvLSTM returns a ConvLSTM with the given number of filters. It makes its weights at the first call, unless they are
// restored before. Its other options are fields of the layer and of its cell.
func NewConvLSTM(filters int, kernelSize ...int) *ConvLSTM {
	return &ConvLSTM{Cell: ConvLSTMCell{Filters: filters, KernelSize: kernelSize}}
}

func (l *ConvLSTM) id() id { return id{"conv_lstm", l.Name} }

func (l *ConvLSTM) recurrence() recurrence {
	return recurrence{l.id(), &l.Cell, l.ReturnSequences, l.ReturnState, l.GoBackwards, l.ZeroOutputForMask, l.Unroll}
}

func (l *ConvLSTM) reversed() RecurrentLayer {
	back := *l
	back.Cell = *l.Cell.fresh().(*ConvLSTMCell)
	back.GoBackwards = !back.GoBackwards
	return &back
}

// Build makes the cell's weights for sequences of the given shape.
func (l *ConvLSTM) Build(input tensor.Shape) error { return l.recurrence().build(input) }

// Call returns the output of the last step, or of all, for x, [batch steps space… channels].
func (l *ConvLSTM) Call(x *Tensor) (*Tensor, error) { return l.Forward(nil, x) }

// Forward is Call with a [Context]: masked steps are skipped.
func (l *ConvLSTM) Forward(c *Context, x *Tensor) (*Tensor, error) { return l.recurrence().one(c, x) }

// ForwardAll is Forward for x and optional initial states; a missing or nil state begins as zeros. It returns the output and, if
// ReturnState is set, the states.
func (l *ConvLSTM) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	return l.recurrence().forward(c, xs)
}

// OutputMask returns the input's mask if the output has the same steps.
func (l *ConvLSTM) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return l.recurrence().outputMask(c)
}

func (c *ConvLSTMCell) id() id { return id{"conv_lstm_cell", c.Name} }

func (c *ConvLSTMCell) fresh() Cell {
	f := *c
	f.Kernel, f.RecurrentKernel, f.Bias, f.first = Tensor{}, Tensor{}, Tensor{}, firstCall{}
	return &f
}

// Build makes kernel (Glorot uniform), recurrent kernel (orthogonal) and bias (zeros, the forget gate's 1) for steps of the
// given shape if there are no kernels.
func (c *ConvLSTMCell) Build(step tensor.Shape) error { return buildCell(c, step) }

// Call returns the output for one step's x and the new states. Without states they are zeros.
func (c *ConvLSTMCell) Call(x *Tensor, states ...*Tensor) (y *Tensor, next []*Tensor, err error) {
	return callCell(nil, c, x, states)
}

// ForwardAll is Call with a [Context], for x and the states after it. It returns the output and the new states.
func (c *ConvLSTMCell) ForwardAll(ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	return callCellAll(ctx, c, xs)
}

func (c *ConvLSTMCell) plan(who id, step tensor.Shape) (boundCell, error) {
	rank := len(step) - 2
	if rank < 1 || rank > 3 {
		return boundCell{}, shapeErrorf(who, "step of the input", step, "one to three spatial axes besides batch and channels")
	}
	l, err := newLayout(who, step, rank, c.ChannelsFirst)
	if err != nil {
		return boundCell{}, err
	}
	size, filters, err := c.build(who, l, step)
	if err != nil {
		return boundCell{}, err
	}
	strides, err := perAxis(who, "strides", c.Strides, rank, 1)
	if err != nil {
		return boundCell{}, err
	}
	dilation, err := perAxis(who, "dilation rate", c.DilationRate, rank, 1)
	if err != nil {
		return boundCell{}, err
	}
	if c.Padding > Same {
		return boundCell{}, errorf(who, "padding %v, want valid or same", c.Padding)
	}
	axes, out, err := slides(who, l, size, strides, dilation, c.Padding)
	if err != nil {
		return boundCell{}, err
	}
	inner := layout{rank: rank, batch: l.batch, channels: filters, size: out}
	one := triple{1, 1, 1}
	innerAxes, _, err := slides(who, inner, size, one, one, Same)
	if err != nil {
		return boundCell{}, err
	}
	f, r := functionOr(c.Activation, activation.Tanh), functionOr(c.RecurrentActivation, activation.Sigmoid)
	for _, f := range []activation.Func{f, r} {
		if width, err := f.Width(filters); err != nil || width != filters || f.ByRow() && c.ChannelsFirst {
			return boundCell{}, errorf(who, "this cell does not support activation %v", f)
		}
	}
	places := out.len()
	state := l.shape(out, filters)[1:]
	return boundCell{
		in: l.size.len() * l.channels, gates: places * 4 * filters, states: []tensor.Shape{state, state},
		scratch: places * 5 * filters, whole: true, places: placing{c.ChannelsFirst, l.size.len(), places},
		stepper: &convLSTMSteps{
			input: newConvolution(l, axes, out, 4*filters, 1), recurrent: newConvolution(inner, innerAxes, out, 4*filters, 1),
			cell: c, f: f, r: r, places: places, filters: filters,
		},
	}, nil
}

// build makes and checks the weights for steps of layout l, and returns the window's size and the number of filters.
func (c *ConvLSTMCell) build(who id, l layout, step tensor.Shape) (size triple, filters int, err error) {
	defer c.first.begin().end(&err)
	if c.Filters < 0 || c.Filters > kernel.MaxElements {
		return triple{}, 0, errorf(who, "%d filters", c.Filters)
	}
	restored := c.Kernel.Built() || c.RecurrentKernel.Built()
	if restored && !c.Kernel.Built() {
		return triple{}, 0, shapeErrorf(who, "kernel", nil, "values, like the recurrent kernel")
	}
	var gates int
	size, gates, err = buildKernel(who, kernelWeights{
		name: "kernel", kernel: &c.Kernel, seed: c.Seed, sizeOption: c.KernelSize, filters: 4 * c.Filters,
	}, l.rank, l.channels, step)
	if err != nil {
		return size, 0, err
	}
	filters = gates / 4
	if gates%4 != 0 || gates == 0 {
		return size, 0, shapeErrorf(who, "kernel", c.Kernel.Shape(), "a last axis of four times the number of filters")
	}
	recurrent := append(slices.Clone(size[3-l.rank:]), filters, gates)
	if !restored {
		if err := buildWeight(who, "recurrent_kernel", &c.RecurrentKernel, c.Seed, orthogonal, recurrent...); err != nil {
			return size, 0, err
		}
		if !c.NoBias {
			init := unitForget
			if c.NoUnitForgetBias {
				init = zeros
			}
			if err := buildWeight(who, "bias", &c.Bias, 0, init, gates); err != nil {
				return size, 0, err
			}
		}
	}
	reason := fmt.Sprintf("for kernel shape %v", c.Kernel.Shape())
	if err := checkWeight(who, "recurrent_kernel", &c.RecurrentKernel, reason, recurrent...); err != nil {
		return size, 0, err
	}
	if c.Bias.Built() {
		err = checkWeight(who, "bias", &c.Bias, reason, gates)
	}
	return size, filters, err
}

type convLSTMSteps struct {
	input, recurrent convolution
	cell             *ConvLSTMCell
	f, r             activation.Func
	places, filters  int // of a state
}

func (s *convLSTMSteps) project(w *kernel.Scratch, z, x blas32.General, _ product) {
	if z.Rows*z.Cols == 0 {
		return
	}
	conv := s.input
	conv.batch = z.Rows
	conv.run(w, z.Data[:z.Rows*z.Cols], x.Data[:x.Rows*x.Cols], s.cell.Kernel.Data(), s.cell.Bias.Data())
}

func (s *convLSTMSteps) advance(w *kernel.Scratch, z, states blas32.General, scratch []float32, _ product) {
	n, size := z.Rows, s.places*s.filters
	if n*size == 0 {
		return
	}
	h, gates := scratch[:n*size], scratch[n*size:][:4*n*size]
	for i := range n {
		copy(h[i*size:(i+1)*size], states.Data[i*states.Stride:])
	}
	conv := s.recurrent
	conv.batch = n
	conv.run(w, gates, h, s.cell.RecurrentKernel.Data(), nil)
	kernel.Parallel(n*s.places, 5*s.filters*kernel.ActivationCost, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			b, p := i/s.places, i%s.places
			row := gates[i*4*s.filters:][:4*s.filters]
			for j, v := range z.Data[b*z.Stride+p*4*s.filters:][:4*s.filters] {
				row[j] += v
			}
			state := states.Data[b*states.Stride+p*s.filters:]
			lstmGates(state[:s.filters], state[size:][:s.filters], row, s.f, s.r)
		}
	})
}

func makeConvLSTM(c *config.Config) any {
	skipCellOptions(c)
	o := recurrenceOptions(c)
	return &ConvLSTM{
		Cell: ConvLSTMCell{
			Filters:             c.Int("filters", 0),
			KernelSize:          c.Ints("kernel_size"),
			Strides:             c.Ints("strides"),
			Padding:             paddingOption(c),
			ChannelsFirst:       c.ChannelsFirst(),
			DilationRate:        c.Ints("dilation_rate"),
			Activation:          functionOption(c, "activation"),
			RecurrentActivation: functionOption(c, "recurrent_activation"),
			NoBias:              !c.Bool("use_bias", true),
			NoUnitForgetBias:    !c.Bool("unit_forget_bias", true),
			Name:                c.Name(),
		},
		ReturnSequences: o.sequences, ReturnState: o.state, GoBackwards: o.backwards, ZeroOutputForMask: o.zeroOutput, Unroll: o.unroll,
		Name: c.Name(),
	}
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that Filters fixes.
func (c *ConvLSTMCell) WantShapes(want func(variable tensor.Any, shape ...int)) {
	want(&c.Bias, anyOr(4*c.Filters))
	if n := len(c.KernelSize); n > 1 { // one length may be for any number of axes
		window := wantedWindow(c.KernelSize, n)
		want(&c.Kernel, append(window, -1, anyOr(4*c.Filters))...)
		want(&c.RecurrentKernel, append(window[:n:n], anyOr(c.Filters), anyOr(4*c.Filters))...)
	}
}
