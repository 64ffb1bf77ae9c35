// Package layers runs trained Keras layers. A layer is a plain struct that takes its weights from a checkpoint and computes the
// same as Keras, within 1e-5 of the largest output. It supports inference only.
//
// # Using a layer
//
// The zero value of a layer can be restored into and then called:
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
// A layer takes and returns a [Tensor], float32 in row-major order. The first axis is the batch. A layer never changes its input.
// The output belongs to the caller; it may be the input itself if the layer has nothing to do (dropout, linear). If Keras's layer
// takes integers, as an embedding does, Call takes them as float32, which is exact up to 2^24.
//
// Zero-valued options use Keras's defaults. If zero is meaningful, the option is a pointer, nil for the default (`Alpha:
// new(float32(0.2))`), or it has the opposite name ([Dense].NoBias).
//
// # Weights
//
// The tagged fields of a layer are the edges of Keras's object graph. The tag has Keras 3's name, and as an alias the name in TF
// 2.0's Keras. Weights are float32; the tag option cast converts float16, bfloat16 and float64 when they are loaded. Options are
// untagged and not saved: set activations, strides and epsilons before the first call.
//
// If nothing was restored into a layer's weights, the first call makes them from the shape of the input, as in Keras: it calls the
// layer's Build, which fills in Keras's initial values. They are the same on every run; Seed changes them. A weight that exists,
// from a checkpoint or set by the program, is never replaced. If it does not fit the input or the options, the error is a
// [*ShapeError].
//
// Several goroutines may call a layer at the same time. This includes the first call: until one call of a layer succeeds, calls
// wait for each other, and all use the same weights. Do not set fields or load weights during calls. If you remove the weights of
// a layer that was called, call Build before several goroutines use it again.
//
// # Models
//
// [FromKeras] makes a [Model] from Keras's JSON of a Functional or Sequential model, including operators and masks between layers.
// The edges of a Model are those of Keras's object graph. [Sequential] chains layers by hand.
//
// # Speed
//
// Matrix products, including those in convolutions and attention, use this module's own kernels (layers/internal/gemm) for
// AVX-512, AVX2 and NEON. Functions such as exp, GELU and softmax use those of layers/internal/vmath. Other processors use plain
// Go. Weights are used in place, so a model has them in memory only once. Large work is divided among at most GOMAXPROCS
// goroutines. Results do not depend on their number. A goroutine that helped looks for more work for a tenth of a millisecond, and
// then ends.
//
// A [Context] with a [Workspace] keeps scratch memory from call to call. A call then allocates little more
// than its outputs, and even less if these are returned with [Workspace.Reuse]. Without a Workspace each call
// allocates its scratch memory. A Workspace grows to the needs of the largest layer. A convolution needs
// about 128 KiB for each goroutine. Attention needs its keys and 200 KiB for each goroutine. Recurrent layers
// need their projected inputs, at most 1 MiB for each goroutine or one step.
//
// # Errors
//
// If tensors do not fit, a call returns an error; it never panics: "layers: dense "logits": input shape [2 3], want [… 4] for
// kernel shape [4 7]". Values are not checked: NaN in, NaN out.
package layers
