//go:build !amd64 && !arm64

package vmath

var laneSets = []int{0}

func setLanes(int) {}
