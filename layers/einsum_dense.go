package layers

import (
	"slices"
	"strings"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// EinsumDense is keras.layers.EinsumDense: activation(einsum(equation, x, kernel) + bias).
type EinsumDense struct {
	Kernel Tensor `ckpt:"_kernel,alias=kernel,cast"` // as the equation labels it
	Bias   Tensor `ckpt:"bias,optional,cast"`        // stretches to the output; not built: none is added

	LoRAKernelA Tensor `ckpt:"lora_kernel_a,optional,cast"` // the kernel's axes except the last, then the rank; see [Dense]
	LoRAKernelB Tensor `ckpt:"lora_kernel_b,optional,cast"` // [rank last]
	KernelScale Tensor `ckpt:"kernel_scale,optional,cast"`  // stretches to the output; built: the kernel is of Keras's policy int8, in steps of 1/KernelScale
	InputsScale Tensor `ckpt:"inputs_scale,optional,cast"`  // one number; built: the policy is float8, and KernelScale is one number, too

	// Equation is Keras's option of that name, such as "abc,cd->abd". "..." may stand for the first or the last axes of input and
	// output.
	Equation string
	// OutputShape has the lengths of the output's axes, without the batch axis and those of "...". -1 means the length in the
	// input. It matters only if there is no kernel yet.
	OutputShape []int
	LoRAAlpha   float32 // LoRAKernelA·LoRAKernelB is added LoRAAlpha/rank times, 0: once
	BiasAxes    string  // the output's labels along which bias values differ; "": make no bias
	Activation  activation.Func
	Name        string // for error messages
	Seed        uint64 // of the kernel's initial values

	policy string // of the description: int8 or float8, by which the kernel needs its scale
	first  firstCall
}

func (d *EinsumDense) lora() lowRank {
	return lowRank{"lora_kernel", &d.LoRAKernelA, &d.LoRAKernelB, d.LoRAAlpha}
}

// checkKernel checks the other weights of a kernel that computes the given number of values from each run of
// inputs.
func (d *EinsumDense) checkKernel(who id, outputs int) error {
	if d.policy != "" && !d.KernelScale.Built() {
		return errorf(who, "an %s kernel without kernel_scale: %w", d.policy, ErrNotBuilt)
	}
	if err := d.quantized().check(who, outputs); err != nil {
		return err
	}
	return d.lora().check(who, d.Kernel.Shape())
}

func (d *EinsumDense) quantized() *quantized {
	return &quantized{&d.Kernel, &d.KernelScale, &d.InputsScale, d.Bias.Data(), d.lora()}
}

// WantScales implements [tensor.Scaler]: an int8 kernel needs KernelScale.
func (d *EinsumDense) WantScales(scaled func(variable, by tensor.Any, fits func(variable, by tensor.Shape) bool)) {
	scaled(&d.Kernel, &d.KernelScale, func(weights, scale tensor.Shape) bool {
		return len(scale) == 0 || fitsKernel(weights, scale)
	})
}

// CheckpointIgnores names the values that only training under the policy float8 needs.
func (d *EinsumDense) CheckpointIgnores() []string { return ignoredByFloat8() }

func (d *EinsumDense) id() id { return id{"einsum_dense", d.Name} }

// WantShapes implements [tensor.Shaper]: it reports the shapes that Equation and OutputShape fix.
func (d *EinsumDense) WantShapes(want func(variable tensor.Any, shape ...int)) {
	operands, y, err := kernel.SplitEinsum(d.Equation)
	if err != nil || len(operands) != 2 {
		return
	}
	shape := repeated(-1, len([]rune(operands[1])))
	outputs := []rune(strings.ReplaceAll(y, "…", ""))
	if len(outputs) > 0 && !strings.HasPrefix(y, "…") && !strings.HasSuffix(y, "…") {
		outputs = outputs[1:] // without the batch axis
	}
	for i, l := range operands[1] {
		if at := slices.Index(outputs, l); at >= 0 && len(outputs) == len(d.OutputShape) && d.OutputShape[at] > 0 {
			shape[i] = d.OutputShape[at]
		}
	}
	want(&d.Kernel, shape...)
}

// plan returns the contraction for an input of rank axes, with labels for the axes of an ellipsis, and the number of those.
func (d *EinsumDense) plan(input tensor.Shape) (c *kernel.Contraction, elided int, err error) {
	who := d.id()
	if d.Equation == "" {
		return nil, 0, errorf(who, "no equation: %w", ErrNotBuilt)
	}
	operands, y, err := kernel.SplitEinsum(d.Equation)
	if err != nil {
		return nil, 0, errorf(who, "%w", err)
	}
	if len(operands) != 2 || !strings.Contains(d.Equation, "->") {
		return nil, 0, errorf(who, `equation %q, want one of the form "ab,bc->ac"`, d.Equation)
	}
	x, w := operands[0], operands[1]
	dots := func(s string) [2]bool { return [2]bool{strings.HasPrefix(s, "…"), strings.HasSuffix(s, "…")} }
	if strings.Contains(w, "…") || dots(x) != dots(y) || strings.Contains(x, "…") && dots(x) == [2]bool{} {
		return nil, 0, errorf(who, `equation %q: "..." must be first or last in both input and output`, d.Equation)
	}
	rank := len(strings.ReplaceAll(x, "…", ""))
	elided = len(input) - rank
	if elided < 0 || elided > 0 && !strings.Contains(x, "…") {
		return nil, 0, shapeErrorf(who, "input", input, "rank %d for equation %q", rank, d.Equation)
	}
	spare, err := kernel.SpareLabels(elided, x+w+y)
	if err != nil {
		return nil, 0, errorf(who, "%w", err)
	}
	c, err = kernel.NewContraction(strings.ReplaceAll(x, "…", spare), w, strings.ReplaceAll(y, "…", spare))
	if err != nil {
		return nil, 0, errorf(who, "%w", err)
	}
	return c, elided, nil
}

// Build makes kernel (Glorot uniform) and, along BiasAxes, bias (zeros) if there is no kernel. The error is a [*ShapeError] if
// weights, options and input do not fit each other, or has [ErrNotBuilt] if Equation or OutputShape is missing.
func (d *EinsumDense) Build(input tensor.Shape) error {
	_, _, err := d.prepare(input)
	return err
}

// prepare is Build that also returns the values that Forward needs.
func (d *EinsumDense) prepare(input tensor.Shape) (_ *kernel.Contraction, _ map[rune]int, err error) {
	defer d.first.begin().end(&err)
	who := d.id()
	c, elided, err := d.plan(input)
	if err != nil {
		return nil, nil, err
	}
	if !d.Kernel.Built() {
		if d.policy != "" {
			return nil, nil, errorf(who, "%w", ErrNotBuilt)
		}
		if err := d.make(c, elided, input); err != nil {
			return nil, nil, err
		}
	}
	weights := d.Kernel.Shape()
	if len(weights) != len(c.W) {
		return nil, nil, shapeErrorf(who, "kernel", weights, "axes %q for equation %q", c.W, d.Equation)
	}
	for i, l := range c.X {
		if at := strings.IndexRune(c.W, l); at >= 0 && weights[at] != input[i] {
			want := slices.Repeat([]int{-1}, len(input))
			want[i] = weights[at]
			return nil, nil, shapeErrorf(who, "input", input, "%s for kernel shape %v and equation %q", fault.Pattern(want), weights, d.Equation)
		}
	}
	sizes, err := c.Sizes(input, weights)
	if err != nil {
		return nil, nil, errorf(who, "%w", err)
	}
	if err := d.checkKernel(who, c.Outputs(sizes)); err != nil {
		return nil, nil, err
	}
	out := kernel.Labelled(c.Y, sizes)
	if s, ok := kernel.Stretched(out, d.KernelScale.Shape()); d.KernelScale.Built() && (!ok || !s.Equal(out)) {
		return nil, nil, shapeErrorf(who, "kernel_scale", d.KernelScale.Shape(), "one that broadcasts to output shape %v", out)
	}
	if d.Bias.Built() {
		if s, ok := kernel.Stretched(out, d.Bias.Shape()); !ok || !s.Equal(out) {
			return nil, nil, shapeErrorf(who, "bias", d.Bias.Shape(), "one that broadcasts to output shape %v", out)
		}
	}
	return c, sizes, nil
}

// make makes the weights, with the sizes of Keras's _analyze_split_string.
func (d *EinsumDense) make(c *kernel.Contraction, elided int, input tensor.Shape) error {
	who := d.id()
	if len(d.OutputShape) == 0 {
		return errorf(who, "no output shape: %w", ErrNotBuilt)
	}
	// OutputShape leaves out the batch axis and the axes of an ellipsis.
	sizes := make(map[rune]int)
	for i, l := range c.X {
		sizes[l] = input[i]
	}
	left := strings.HasPrefix(d.Equation, "...")
	given := c.Y[1:]
	switch {
	case left && elided > 0:
		given = c.Y[elided:]
	case elided > 0:
		given = c.Y[1 : len(c.Y)-elided]
	}
	if len(given) != len(d.OutputShape) {
		return errorf(who, "output shape %v, want one length for each of the axes %q of equation %q", d.OutputShape, given, d.Equation)
	}
	for i, l := range given {
		n := d.OutputShape[i]
		if at, ok := sizes[l]; ok && n > 0 && at != n {
			return shapeErrorf(who, "input", input, "axis %q of length %d, the output's length in the layer's options", l, n)
		}
		if n > 0 {
			sizes[l] = n
		}
	}
	for _, l := range c.W {
		if sizes[l] <= 0 {
			return errorf(who, "label %q of equation %q has no length", l, d.Equation)
		}
	}
	if err := buildWeight(who, "kernel", &d.Kernel, d.Seed, glorotUniform, kernel.Labelled(c.W, sizes)...); err != nil || d.BiasAxes == "" {
		return err
	}
	first := len(c.Y)
	for _, l := range d.BiasAxes {
		at := strings.IndexRune(c.Y, l)
		if at < 0 {
			return errorf(who, "bias axis %q is not in the output of equation %q", l, d.Equation)
		}
		first = min(first, at)
	}
	bias := kernel.Labelled(c.Y[first:], sizes)
	for i, l := range c.Y[first:] {
		if !strings.ContainsRune(d.BiasAxes, l) {
			bias[i] = 1
		}
	}
	return buildWeight(who, "bias", &d.Bias, d.Seed, zeros, bias...)
}

// Call returns the layer's output for x.
func (d *EinsumDense) Call(x *Tensor) (*Tensor, error) { return d.Forward(nil, x) }

// Forward is Call with a [Context].
func (d *EinsumDense) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(d.id(), x, 1, 0); err != nil {
		return nil, err
	}
	c, sizes, err := d.prepare(x.Shape())
	if err != nil {
		return nil, err
	}
	work := ctx.workspace()
	defer work.Release(work.Mark())
	if cols := c.Cols(sizes); c.IsProduct() && !d.KernelScale.Built() && (!d.Bias.Built() || d.Bias.Shape().Equal(cols)) {
		y, err := ctx.newOutput(d.id(), kernel.Labelled(c.Y, sizes)...)
		if err != nil {
			return nil, err
		}
		e := kernel.Epilogue{Activation: d.Activation}
		if d.Activation.ByRow() {
			e.Activation = activation.Linear()
		}
		c.Linear(work, y.Data(), x.Data(), d.lora().addedTo(work, &d.Kernel), d.Bias.Data(), e, sizes)
		if !d.Activation.ByRow() {
			return y, nil
		}
		return activate(d.id(), d.Activation, y)
	}
	y, err := ctx.newZeros(d.id(), kernel.Labelled(c.Y, sizes)...)
	if err != nil {
		return nil, err
	}
	bias := d.Bias.Data()
	switch q := d.quantized(); {
	case q.isFloat8():
		var inputs, weights []float32
		inputs, weights, bias = q.float8(work, x.Data())
		c.Add(work, y.Data(), inputs, weights, sizes)
	case d.KernelScale.Built():
		d.addInt8(work, c, y, x.Data(), sizes)
	default:
		c.Add(work, y.Data(), x.Data(), d.lora().addedTo(work, &d.Kernel), sizes)
	}
	if d.Bias.Built() {
		kernel.AddStretched(y.Data(), y.Shape(), bias, d.Bias.Shape())
	}
	return activate(d.id(), d.Activation, y)
}

// addInt8 adds the result of the policy int8 for x to y, which is zero: each run of inputs that one output sums is rounded to
// int8.
func (d *EinsumDense) addInt8(work *kernel.Scratch, c *kernel.Contraction, y *Tensor, x []float32, sizes map[rune]int) {
	rows, inner := c.Rows()
	width := kernel.Labelled(inner, sizes).Len()
	rounded, scales := work.Floats(len(x)), work.Floats(len(x)/max(width, 1))
	quantizeRows(rounded, scales, kernel.Arranged(work, x, c.X, rows+inner, sizes), width)
	by, err := kernel.NewContraction(rows+inner, c.W, c.Y)
	if err != nil { // the labels are those of c
		return
	}
	by.Add(work, y.Data(), rounded, d.Kernel.Data(), sizes)

	shape, order := make(tensor.Shape, 0, len(c.Y)), ""
	for _, l := range c.Y {
		n := 1
		if strings.ContainsRune(rows, l) {
			n, order = sizes[l], order+string(l)
		}
		shape = append(shape, n)
	}
	steps := work.Floats(y.Len())
	kernel.Zip(steps, y.Shape(), kernel.Arranged(work, scales, rows, order, sizes), shape, d.KernelScale.Data(), d.KernelScale.Shape(),
		func(a, b float32) float32 { return a * b })
	for i, s := range steps {
		y.Data()[i] /= s
	}
	if l := d.lora(); l.built() {
		c.Add(work, y.Data(), x, l.product(work, &d.Kernel), sizes)
	}
}

func einsumDenseMaker(class string) config.Maker {
	if class != "EinsumDense" {
		return nil
	}
	return func(c *config.Config) any {
		c.Refuse("gptq_unpacked_column_size")
		return &EinsumDense{
			Equation:    c.Text("equation", ""),
			OutputShape: c.Dims("output_shape"),
			BiasAxes:    c.Text("bias_axes", ""),
			Activation:  c.Activation("activation"),
			LoRAAlpha:   loraOptions(c),
			policy:      policyOption(c),
			Name:        c.Name(),
		}
	}
}
