// Package fault says how errors about layers read: "layers: ", the layer or operator, and what is wrong with it.
package fault
