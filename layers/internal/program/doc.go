// Package program makes a Functional or Sequential model of what Keras wrote, and runs it.
//
// A [Program] is a list of calls, in the order in which Keras makes them. The package knows the operations of package ops;
// layers are made and called by the [Library] that its caller passes in, so that it depends on none.
package program
