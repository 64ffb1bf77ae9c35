package main

import "fmt"

// A window function computes four channels for count positions from the inputs at all taps. Four positions at
// a time share the loads for a tap.
const window = "count int, taps int, at *int, y *float32, yStep int, x *float32, xStep int"

// windows writes a window function. begin sets the initial value of a sum. once loads, from R11, the values
// of a tap that all positions share. tap adds an input.
func windows(name, more string, begin func(sum reg), once func() reg, tap func(sum, x, once reg)) {
	text(name, window+more, "")
	for i, p := range []struct{ name, to string }{{"count", "R0"}, {"taps", "R1"}, {"at", "R2"}, {"y", "R3"}, {"yStep", "R4"}, {"x", "R5"}, {"xStep", "R6"}} {
		param(p.name, 8*i, p.to)
	}
	if more != "" {
		param("w", 56, "R7")
		param("bias", 64, "R8")
	}
	fmt.Print("\tLSL  $2, R4\n\tLSL  $2, R6\n")
	for _, positions := range []int{4, 1} {
		label := fmt.Sprintf("%s%d", name, positions)
		next := name + "1"
		if positions == 1 {
			next = name + "end"
		}
		before := top
		fmt.Printf("\n%s:\n\tCMP  $%d, R0\n\tBLT  %s\n", label, positions, next)
		var sums []reg
		for range positions {
			sums = append(sums, take())
			begin(sums[len(sums)-1])
		}
		fmt.Printf("\tMOVD R2, R9\n\tMOVD R1, R10\n\n%staps:\n\tLDP.P 16(R9), (R12, R11)\n\tADD  R5, R12\n", label)
		shared, x := once(), take()
		for i, sum := range sums {
			load(x, "R12")
			if i < len(sums)-1 {
				fmt.Print("\tADD  R6, R12\n")
			}
			tap(sum, x, shared)
		}
		fmt.Printf("\tSUB  $1, R10\n\tCBNZ R10, %staps\n", label)
		for _, sum := range sums {
			store(sum, "R3")
			fmt.Print("\tADD  R4, R3\n")
		}
		for range positions {
			fmt.Print("\tADD  R6, R5\n")
		}
		fmt.Printf("\tSUB  $%d, R0\n\tB    %s\n", positions, label)
		top = before
	}
	fmt.Printf("\n%send:\n", name)
	ret()
}

// weigh writes the function that sums the inputs times the taps' weights.
func weigh() {
	windows("weigh4", ", w *float32, bias *float32", func(sum reg) { load(sum, "R8") }, func() reg {
		w := take()
		fmt.Print("\tADD  R7, R11\n")
		load(w, "R11")
		return w
	}, func(sum, x, w reg) { fmla(sum, x, w) })
}

// largestOf writes the function that finds the largest inputs. If an input is NaN, the result is NaN.
func largestOf() {
	windows("largestOf4", "", func(sum reg) { bits(sum, 0xff800000) }, func() reg { return 0 }, func(sum, x, _ reg) { fmax(sum, sum, x) })
}
