// Package match finds which stored object belongs to which object of the program. It follows the named edges of both graphs
// from their roots, never the keys of tensors.
//
// A [Restoration] is one restore. It plans assignments for package transfer. It remembers which stored nodes have counterparts,
// and which stored values wait for an object that the program does not have yet. The results of a match are kept only if the
// transfer succeeds, so a failed restore can be tried again.
package match
