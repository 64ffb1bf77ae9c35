package layers

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// This file computes Keras's policies "int8" and "float8". With int8, weights are int8 multiples of the inverse of a scale for
// each unit or row, and inputs are also rounded to int8. With float8, inputs and kernel are float32 and are rounded to float8 when
// they are used.

// errQuantized is the text for a weight with a scale of an unsupported policy.
const errQuantized = "%s of shape %v: the weights are quantized by an unsupported policy (Keras's int8 and float8 are " +
	"supported): save the model without quantization"

// checkScale returns an error for a scale that does not have one value for each of n columns or rows. The scales of int4 and GPTQ
// belong to packed weights.
func checkScale(who id, name string, scale *Tensor, n int) error {
	if s := scale.Shape(); scale.Built() && (len(s) != 1 || s[0] != n) {
		return errorf(who, errQuantized, name, s)
	}
	return nil
}

// quantizeRows sets q to x rounded to int8, and scales to the scales. Each row of width values is scaled by its largest, as
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

// A quantized is a kernel, [inputs units] in memory, with a quantized policy.
type quantized struct {
	kernel *Tensor
	scale  *Tensor // of the kernel: one value for each unit for int8, one number for float8
	inputs *Tensor // the scale of the inputs for float8; not built: int8
	bias   []float32
	lora   lowRank
}

// isFloat8 reports whether the policy is float8.
func (q *quantized) isFloat8() bool { return q.inputs.Built() }

// check returns an error if scales do not fit a kernel with the given number of units.
func (q *quantized) check(who id, units int) error {
	switch scale := q.scale.Shape(); {
	case q.isFloat8() && (!q.scale.Built() || len(scale) > 0 || len(q.inputs.Shape()) > 0 || q.lora.built()):
		return errorf(who, errQuantized, "kernel_scale", scale)
	case !q.isFloat8() && q.scale.Built() && (len(scale) == 0 || scale.Len() != units):
		return errorf(who, errQuantized, "kernel_scale", scale)
	}
	return nil
}

// linear sets y, n rows of units values, to the product of x and the kernel, plus bias.
func (q *quantized) linear(w *kernel.Scratch, y, x []float32, n, inputs, units int) {
	defer w.Release(w.Mark())
	to := kernel.Matrix(y, n, units)
	if q.isFloat8() {
		x, weights, bias := q.float8(w, x)
		kernel.MatmulBias(to, kernel.Matrix(x, n, inputs), kernel.Matrix(weights, inputs, units), bias)
		return
	}
	rounded, scales := w.Floats(n*inputs), w.Floats(n)
	quantizeRows(rounded, scales, x, inputs)
	kernel.MatmulBias(to, kernel.Matrix(rounded, n, inputs), kernel.Matrix(q.kernel.Data(), inputs, units), nil)
	for i, s := range scales {
		for j, c := range q.scale.Data() {
			y[i*units+j] /= c * s
		}
	}
	if q.lora.built() {
		kernel.Matmul(to, kernel.Matrix(x, n, inputs), kernel.Matrix(q.lora.product(w, q.kernel), inputs, units))
	}
	for i := range n {
		for j, b := range q.bias {
			y[i*units+j] += b
		}
	}
}

// float8 returns inputs and kernel rounded to float8, and the bias rounded to bfloat16.
func (q *quantized) float8(w *kernel.Scratch, x []float32) (inputs, weights, bias []float32) {
	inputs, weights = w.Floats(len(x)), w.Floats(q.kernel.Len())
	roundFloat8(inputs, x, q.inputs.Data()[0])
	roundFloat8(weights, q.kernel.Data(), q.scale.Data()[0])
	bias = w.Floats(len(q.bias))
	for i, b := range q.bias {
		bias[i] = tensor.BFloat16FromFloat32(b).Float32()
	}
	return inputs, weights, bias
}

// roundFloat8 sets to to x, rounded to float8 in units of scale, as keras.quantizers.quantize_and_dequantize does.
func roundFloat8(to, x []float32, scale float32) {
	const largest = 448 // of float8_e4m3fn
	for i, v := range x {
		to[i] = tensor.Float8E4M3FNFromFloat32(min(max(v/scale, -largest), largest)).Float32() * scale
	}
}

// ignoredByFloat8 are the values that training with the policy float8 keeps in addition to the scales.
func ignoredByFloat8() []string {
	return []string{"inputs_amax_history", "kernel_amax_history", "outputs_grad_scale", "outputs_grad_amax_history"}
}

// fitsKernel reports whether a stored scale has one value for each position along some last axes of a kernel, like an int8 scale
// of EinsumDense.
func fitsKernel(weights, scale tensor.Shape) bool {
	return len(scale) > 0 && scale.Len() > 0 && weights.Len()%scale.Len() == 0
}

// policyOption returns the layer's quantized policy: "int8" with inputs in int8, Keras's default, "float8", or "".
func policyOption(c *config.Config) string {
	policy := c.Quantized("int8", "float8")
	var q struct {
		ClassName string `json:"class_name"`
		Config    struct {
			Activation *struct {
				ClassName string `json:"class_name"`
			} `json:"activation_quantizer"`
		} `json:"config"`
	}
	if !c.Get("quantization_config", &q) {
		return policy
	}
	switch rounded := q.Config.Activation; {
	case policy != "int8" && q.ClassName == "Float8QuantizationConfig": // of a layer that float8 leaves as it is, too
	case policy == "int8" && q.ClassName == "Int8QuantizationConfig" && rounded != nil && rounded.ClassName == "AbsMaxQuantizer":
	case policy == "int8":
		c.Fail("option %q is a %s without AbsMaxQuantizer for the inputs, which is not supported", "quantization_config", q.ClassName)
	default:
		c.Fail("option %q is a %s, which is not supported", "quantization_config", q.ClassName)
	}
	return policy
}
