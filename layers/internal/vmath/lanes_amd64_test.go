package vmath

// laneSets lists the numbers of values in a register. 0 means plain Go.
var laneSets = []int{0, 8, 16}

// setLanes selects registers of n values.
func setLanes(n int) { lanes = n }
