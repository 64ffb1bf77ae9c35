package vmath

// setLanes makes registers of n values those in use.
func setLanes(n int) { lanes = n }
