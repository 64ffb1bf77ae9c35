package compatv1

import (
	"slices"
	"strconv"
)

// slotName returns the name that slot_creator of TensorFlow 1 gives to a slot variable: the names of the variable and the
// optimizer, numbered in the order in which the optimizer makes its slots. For any other slot it uses the slot's name.
func slotName(variable, optimizer, slot string, made ...string) string {
	switch i := slices.Index(made, slot); i {
	case -1:
		return variable + "/" + slot
	case 0:
		return variable + "/" + optimizer
	default:
		return variable + "/" + optimizer + "_" + strconv.Itoa(i)
	}
}
