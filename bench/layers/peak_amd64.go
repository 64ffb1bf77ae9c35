package main

import "golang.org/x/sys/cpu"

// fusedMultiplications does many fused multiplications and additions in the given number of steps, and returns their number.
func fusedMultiplications(steps int) int {
	switch {
	case cpu.X86.HasAVX512F:
		fuse512(steps)
		return steps * 12 * 16
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		fuse256(steps)
		return steps * 12 * 8
	}
	return 0
}

func fuse512(steps int)

func fuse256(steps int)
