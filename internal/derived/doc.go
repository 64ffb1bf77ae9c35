// Package derived adds tensors to a checkpoint that are computed from stored ones. They are the values of an object in the
// object's layout, if the file has another maker's layout. A derived tensor has a key and an entry like any other tensor, so
// matching, checking and reading need not treat it differently.
package derived
