package vmath

// laneSets are the lengths of registers, 0 for plain Go.
var laneSets = []int{0, 4}

// setLanes makes registers of n values those in use.
func setLanes(n int) { lanes = n }
