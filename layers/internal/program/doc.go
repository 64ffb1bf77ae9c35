// Package program builds a Functional or Sequential model from its Keras configuration, and runs it.
//
// A [Program] is a list of calls, in the order in which Keras makes them. The package implements the operations of package ops. The
// caller's [Library] makes and calls layers, so that this package does not depend on them.
package program
