// Package derived adds tensors to a checkpoint that are computed from stored ones: the values of an object in the object's layout, where the
// file has another maker's. What is derived has a key and an entry like any other tensor, so that matching, checking and reading need not
// know of it.
package derived
