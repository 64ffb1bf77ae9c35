// Package fault formats errors about layers: "layers: ", the layer or operator, and the problem.
package fault
