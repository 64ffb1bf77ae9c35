package compatv1

import (
	"slices"
	"strconv"
)

// slotName is what the slot_creator of TensorFlow 1 calls a slot variable: after the variable and the optimizer, numbered in
// the order in which the optimizer makes its slots. Any other slot is called by its own name.
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
