//go:build !amd64

package vmath

func setLanes(int) {}
