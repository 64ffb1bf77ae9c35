package layers

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// This file computes what Keras's policies "int8" and "float8" do. Under int8 weights are int8, in steps of 1 over a scale for each unit
// or row, and inputs are rounded to int8 as well. Under float8 inputs and kernel, both float32, are rounded to float8 when they are used.

// errQuantized says that a weight has a scale of a policy that is not computed here.
const errQuantized = "%s of shape %v: the weights are quantized in a way that is not computed here (of Keras's policies only int8 and float8 " +
	"are): save the model without quantization"

// checkScale refuses a scale that is not one value for each of n columns or rows: those of int4 and of GPTQ are of packed weights.
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

// A quantized is a kernel, [inputs units] in memory, that is used as a quantized policy says.
type quantized struct {
	kernel *Tensor
	scale  *Tensor // of the kernel: one for each unit in int8, a number in float8
	inputs *Tensor // the inputs' scale in float8; not built: int8
	bias   []float32
	lora   lowRank
}

// isFloat8 reports whether the policy is float8.
func (q *quantized) isFloat8() bool { return q.inputs.Built() }

// check refuses scales that do not fit a kernel of so many units.
func (q *quantized) check(who id, units int) error {
	switch scale := q.scale.Shape(); {
	case q.isFloat8() && (!q.scale.Built() || len(scale) > 0 || len(q.inputs.Shape()) > 0 || q.lora.built()):
		return errorf(who, errQuantized, "kernel_scale", scale)
	case !q.isFloat8() && q.scale.Built() && (len(scale) == 0 || scale.Len() != units):
		return errorf(who, errQuantized, "kernel_scale", scale)
	}
	return nil
}

// linear sets y, n rows of so many units, to the product of x and the kernel, plus bias.
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

// ignoredByFloat8 are what training under the policy float8 keeps beside the scales.
func ignoredByFloat8() []string {
	return []string{"inputs_amax_history", "kernel_amax_history", "outputs_grad_scale", "outputs_grad_amax_history"}
}

// fitsKernel reports whether a stored scale has one value for each of some last axes of a kernel, as int8's of a layer with an equation has.
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
		c.Fail("option %q is a %s without AbsMaxQuantizer for the inputs, which is not computed here", "quantization_config", q.ClassName)
	default:
		c.Fail("option %q is a %s, which is not computed here", "quantization_config", q.ClassName)
	}
	return policy
}
