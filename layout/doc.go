// Package layout declares how other makers name and arrange the values of a Go type.
//
// PyTorch's Linear stores [out in] under "weight"; a Keras Dense stores [in out] under "kernel". Both are the same layer. A
// type declares this once, as data. Every function of package ckpt that reads or writes the other maker's files uses the
// declaration.
//
// # For one field
//
// The tag option pytorch names the stored tensor. If its axes have another order, the digits say which stored axis each axis
// of the field is:
//
//	type Linear struct {
//		W tensor.Tensor[float32] `ckpt:"kernel,pytorch=weight:10"` // [in out] from [out in]
//		B tensor.Tensor[float32] `ckpt:"bias"`
//	}
//
// # For more than a permutation
//
// A type implements [Declarer] if the other maker joins, splits, sums or reorders its values. The method returns [Rule]s. A
// rule turns some stored values into some of the object's values, and back:
//
//	func (c *Cell) CheckpointLayouts() []layout.Rule {
//		return []layout.Rule{layout.Sum(layout.PyTorch, "bias", "bias_ih", "bias_hh")}
//	}
//
// A rule applies only if the file has every stored name that it needs below the object. Rules do not apply to TensorFlow's
// own checkpoints, which name the values differently.
//
// A maker may store the values of a whole list in one object, with numbers in their names, as PyTorch stores a stacked LSTM.
// The type of the list's elements then implements [ListDeclarer].
package layout
