// Package layout declares how other makers name and arrange the values of a Go type.
//
// PyTorch's Linear stores [out in] under "weight"; a Keras Dense stores [in out] under "kernel". Both are the same layer. A
// type says so once, as data, and every verb of package ckpt that reads or writes the other maker's files follows it.
//
// # For one field
//
// The tag option pytorch names the stored tensor and, where its axes have another order, which stored axis each axis of
// the field is:
//
//	type Linear struct {
//		W tensor.Tensor[float32] `ckpt:"kernel,pytorch=weight:10"` // [in out] from [out in]
//		B tensor.Tensor[float32] `ckpt:"bias"`
//	}
//
// # For what a permutation cannot say
//
// A type whose values are joined, split, summed or reordered has the method of [Declarer], which returns [Rule]s. A rule makes some of the
// object's values from some of the stored ones, and back:
//
//	func (c *Cell) CheckpointLayouts() []layout.Rule {
//		return []layout.Rule{layout.Sum(layout.PyTorch, "bias", "bias_ih", "bias_hh")}
//	}
//
// Rules are applied only where the file holds every stored name that they need, below the object, and only to files that can be the maker's:
// TensorFlow's own checkpoints have names of their own.
//
// The values of a list may be stored in one object, numbered in their names, as PyTorch stores a stacked LSTM. The element's type
// then has the method of [ListDeclarer].
package layout
