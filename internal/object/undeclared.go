package object

import "reflect"

// Undeclared describes how the declaration of a type relates to a name that is not one of its edges.
type Undeclared struct {
	Field string       // the exported field of that name, which is not tracked; "" if there is none
	Type  reflect.Type // of the field
	// Trackable is set if a tag would make the field a variable.
	Trackable bool
	Ignored   bool // the declaration says that the name is to be ignored
}
