// Package layers runs trained Keras layers: plain structs that take their weights from a checkpoint and compute what
// Keras computes, inference only, within 1e-5 of the largest output.
//
// # Using a layer
//
// A layer is a struct; its zero value is ready to be restored into and to be called:
//
//	type Regress struct {
//		InputTransform layers.Dense
//		Logits         layers.Dense
//	}
//
//	var m Regress
//	err := ckpt.LoadWeights(ctx, "model/ckpt", &m)
//	y, err := m.InputTransform.Call(x)
//
// A layer takes and returns a [Tensor], float32 in row-major order. The first axis is the batch. It never changes an input;
// an output is the caller's own, and may be the input itself where the layer has nothing to do (dropout, linear). Where
// Keras takes integers, such as an embedding's, Call takes them as float32, which has all of them up to 2^24.
//
// Zero-valued options use Keras's defaults. Options for which zero is meaningful are pointers, nil for the default
// (`Alpha: new(float32(0.2))`), or are named for the opposite ([Dense].NoBias).
//
// # Weights
//
// A layer's exported tagged fields are the edges of Keras's object graph: first the name that Keras 3 saves, then as an
// alias the name of TF 2.0's Keras. Weights are float32; the tag option cast makes float16, bfloat16 and float64 ones
// float32 on their way in. Options are untagged and not saved: set activations, strides and
// epsilons before the first call.
//
// Weights that nothing was restored into are made at the first call, from the input's shape, as Keras makes them: the
// layer's own Build does it, once, and fills in Keras's initial values. They are the same on every run; Seed makes others. A
// weight that is there, from a checkpoint or by hand, is never replaced: one that does not fit the input or the options is a
// [*ShapeError].
//
// Layers are safe for concurrent use by calls, and so is the first call: calls that may have to make weights, those of a layer until one
// succeeds, wait for each other, and all see the same weights. Fields must be set, and weights loaded, before or after all calls. Where the
// weights of a layer that was called are taken out again, call Build before goroutines share it anew.
//
// # Models
//
// [FromKeras] makes a [Model] of the JSON that Keras 3 writes for a Functional or Sequential model, layers, operators and masks between
// them included; its edges are those of Keras's object graph. [Sequential] chains layers by hand.
//
// # Speed
//
// Matrix products, and convolutions and attention through them, run on kernels of this module's own (layers/internal/gemm) for AVX-512,
// AVX2 and NEON, and functions such as exp, GELU and softmax on those of layers/internal/vmath; elsewhere plain Go does both. Weights are used
// where they lie: a model has them in memory once. Work is spread over at most GOMAXPROCS goroutines where it is worth one, and results do
// not depend on how many there are. A goroutine that helped looks for more work for a tenth of a millisecond, and then ends. A [Context] with a
// [Workspace] keeps the scratch memory from call to call, so that a call allocates little more than its outputs, and less where these are
// given back ([Workspace.Reuse]); without one, each call makes its own. A Workspace grows to what the hungriest layer
// needs at a time: convolutions some 128 KiB for each goroutine, attention its keys and 200 KiB for each, recurrent layers their
// projected inputs, at most 1 MiB for each or those of one step.
//
// # Errors
//
// A call returns an error, and never panics, where tensors do not fit: "layers: dense "logits": input shape [2 3], want
// [… 4] for kernel shape [4 7]". Numbers are not looked at: NaN in, NaN out.
package layers
