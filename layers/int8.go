package layers

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// This file computes what Keras's policy "int8" does: weights are int8, a scale for each unit or row is beside them, and Dense
// rounds its inputs to int8 as well.

// errQuantized says that a weight has a scale of a policy that is not computed here.
const errQuantized = "%s of shape %v: the weights are quantized in a way that is not computed here (of Keras's policies only int8, of Dense and " +
	"Embedding, is): save the model without quantization"

// checkScale refuses a scale that is not one value for each of n columns or rows: that of float8 is a number, those of int4 and of
// GPTQ are of packed weights.
func checkScale(who id, name string, scale *Tensor, n int) error {
	if s := scale.Shape(); scale.Built() && (len(s) != 1 || s[0] != n) {
		return errorf(who, errQuantized, name, s)
	}
	return nil
}

// quantizeRows sets q to x in steps of int8, each row of width values by its largest, and scales to the steps in 1, as
// keras.quantizers.AbsMaxQuantizer does.
func quantizeRows(q, scales, x []float32, width int) {
	for i := range scales {
		row, to := x[i*width:(i+1)*width], q[i*width:(i+1)*width]
		largest := float32(0)
		for _, v := range row {
			largest = max(largest, float32(math.Abs(float64(v))))
		}
		scales[i] = 127 / (largest + 1e-7)
		for j, v := range row {
			to[j] = min(max(float32(math.RoundToEven(float64(v*scales[i]))), -127), 127)
		}
	}
}

// forwardInt8 sets y to the product of x and the kernel, both int8, in the units that their scales say, plus bias.
func (d *Dense) forwardInt8(w *kernel.Scratch, y, x []float32, n, inputs, units int) {
	mark := w.Mark()
	defer w.Release(mark)
	q, scales := w.Floats(n*inputs), w.Floats(n)
	quantizeRows(q, scales, x, inputs)
	to := kernel.Matrix(y, n, units)
	kernel.MatmulBias(to, kernel.Matrix(q, n, inputs), kernel.Matrix(d.Kernel.Data(), inputs, units), nil)
	for i, s := range scales {
		for j, c := range d.KernelScale.Data() {
			y[i*units+j] /= c * s
		}
	}
	if l := d.lora(); l.built() {
		xa := w.Floats(n * l.rank())
		kernel.MatmulBias(kernel.Matrix(xa, n, l.rank()), kernel.Matrix(x, n, inputs), kernel.Matrix(l.a.Data(), inputs, l.rank()), nil)
		l.add(w, to, xa)
	}
	if d.Bias.Built() {
		for i := range n {
			for j, b := range d.Bias.Data() {
				y[i*units+j] += b
			}
		}
	}
}

// int8Option reports whether the layer's policy is int8 with inputs in int8, Keras's default.
func int8Option(c *config.Config) bool {
	if !c.Int8() {
		return false
	}
	var q struct {
		ClassName string `json:"class_name"`
		Config    struct {
			Activation *struct {
				ClassName string `json:"class_name"`
			} `json:"activation_quantizer"`
		} `json:"config"`
	}
	if c.Get("quantization_config", &q) && (q.ClassName != "Int8QuantizationConfig" || q.Config.Activation == nil || q.Config.Activation.ClassName != "AbsMaxQuantizer") {
		c.Fail("option %q is a %s without AbsMaxQuantizer for the inputs, which is not computed here", "quantization_config", q.ClassName)
	}
	return true
}
