// Command vmatharm64 writes vector_arm64.s of package vmath to its standard output.
package main

import "fmt"

func main() {
	fmt.Print(head)
	each()
	sumExp()
	largest()
	sum("sum", "n int, x *float32", false)
	sum("sumSquares", "n int, x *float32, mean float32", true)
	normalize()
	affine()
	scale()
	combine("add", fadd)
	combine("maximum", fmax)
	lstm()
	gru()
	weigh()
	largestOf()
	writeConstants()
}

// sumExp writes e^(x-shift) to y, and returns the sum of y.
func sumExp() {
	text("sumExp", "n int, y *float32, x *float32, shift float32", "float64")
	param("n", 0, "R0")
	param("y", 8, "R1")
	param("x", 16, "R2")
	shift, sums := spread("shift", 24), take()
	zero(sums)
	loop("sumexp", "R0", []string{"R1", "R2"}, func() {
		x, e := take(), take()
		load(x, "R2")
		fsub(x, x, shift)
		exp(e, x)
		fadd(sums, sums, e)
		store(e, "R1")
	})
	total(sums, "ret", 32)
}

// largest returns the largest value.
func largest() {
	text("largest", "n int, x *float32", "float32")
	param("n", 0, "R0")
	param("x", 8, "R2")
	top := take()
	load(top, "R2")
	loop("largest", "R0", []string{"R2"}, func() {
		x := take()
		load(x, "R2")
		fmax(top, top, x)
	})
	fmt.Printf("\tFMAXV(%d, %d)\n\tFMOVS F%d, ret+16(FP)\n\tRET\n", top, top, top)
}

// sum writes a function that adds up values, or the squares of their distances from mean.
func sum(name, parameters string, squares bool) {
	text(name, parameters, "float64")
	param("n", 0, "R0")
	param("x", 8, "R2")
	sums, mean, at := take(), reg(0), 16
	zero(sums)
	if squares {
		mean, at = spread("mean", 16), 24
	}
	loop(name, "R0", []string{"R2"}, func() {
		x := take()
		load(x, "R2")
		if squares {
			fsub(x, x, mean)
			fmla(sums, x, x)
		} else {
			fadd(sums, sums, x)
		}
	})
	total(sums, "ret", at)
}

// normalize sets x to (x-mean)*scale*gamma + beta.
func normalize() {
	text("normalize", "n int, x *float32, gamma *float32, beta *float32, mean float32, scale float32", "")
	param("n", 0, "R0")
	param("x", 8, "R1")
	param("gamma", 16, "R2")
	param("beta", 24, "R3")
	mean, scale := spread("mean", 32), spread("scale", 36)
	loop("normalize", "R0", []string{"R1", "R2", "R3"}, func() {
		x, gamma, y := take(), take(), take()
		load(x, "R1")
		load(gamma, "R2")
		load(y, "R3")
		fsub(x, x, mean)
		fmul(x, x, scale)
		fmla(y, x, gamma)
		store(y, "R1")
	})
	ret()
}

// affine sets y to x*mul + add.
func affine() {
	text("affine", "n int, y *float32, x *float32, mul *float32, add *float32", "")
	param("n", 0, "R0")
	param("y", 8, "R1")
	param("x", 16, "R2")
	param("mul", 24, "R3")
	param("add", 32, "R4")
	loop("affine", "R0", []string{"R1", "R2", "R3", "R4"}, func() {
		x, mul, y := take(), take(), take()
		load(x, "R2")
		load(mul, "R3")
		load(y, "R4")
		fmla(y, x, mul)
		store(y, "R1")
	})
	ret()
}

// scale multiplies values by one.
func scale() {
	text("scale", "n int, x *float32, by float32", "")
	param("n", 0, "R0")
	param("x", 8, "R1")
	by := spread("by", 16)
	loop("scale", "R0", []string{"R1"}, func() {
		x := take()
		load(x, "R1")
		fmul(x, x, by)
		store(x, "R1")
	})
	ret()
}

// combine writes a function that combines values of y with those of x.
func combine(name string, op func(d, n, m reg)) {
	text(name, "n int, y *float32, x *float32", "")
	param("n", 0, "R0")
	param("y", 8, "R1")
	param("x", 16, "R2")
	loop(name, "R0", []string{"R1", "R2"}, func() {
		x, y := take(), take()
		load(x, "R2")
		load(y, "R1")
		op(y, y, x)
		store(y, "R1")
	})
	ret()
}

// lstm computes a step of an LSTM.
func lstm() {
	text("lstm", "n int, h *float32, c *float32, z *float32, units int", "")
	param("n", 0, "R0")
	param("h", 8, "R1")
	param("c", 16, "R2")
	param("z", 24, "R3")
	param("units", 32, "R7")
	gates("R3", "R4", "R5", "R6")
	loop("lstm", "R0", []string{"R1", "R2", "R3", "R4", "R5", "R6"}, func() {
		c, in, x, y := take(), take(), take(), take()
		load(x, "R4")
		sigmoid(y, x)
		load(c, "R2")
		fmul(c, c, y)
		load(x, "R3")
		sigmoid(in, x)
		load(x, "R5")
		tanh(y, x)
		fmla(c, in, y)
		store(c, "R2")
		load(x, "R6")
		sigmoid(in, x)
		tanh(y, c)
		fmul(y, y, in)
		store(y, "R1")
	})
	ret()
}

// gru computes a step of a GRU with Keras's option reset_after: the reset gate scales the state's product.
func gru() {
	text("gru", "n int, h *float32, z *float32, inner *float32, units int", "")
	param("n", 0, "R0")
	param("h", 8, "R1")
	param("z", 16, "R2")
	param("inner", 24, "R5")
	param("units", 32, "R7")
	gates("R2", "R3", "R4")
	gates("R5", "R6", "R8")
	gate := func(d reg, z, inner string) {
		x, y := take(), take()
		load(x, z)
		load(y, inner)
		fadd(x, x, y)
		sigmoid(d, x)
		give(2)
	}
	loop("gru", "R0", []string{"R1", "R2", "R3", "R4", "R5", "R6", "R8"}, func() {
		candidate, update, x, y := take(), take(), take(), take()
		gate(update, "R3", "R6") // the reset gate, first
		load(x, "R4")
		load(y, "R8")
		fmla(x, y, update)
		tanh(candidate, x)
		gate(update, "R2", "R5")
		load(x, "R1")
		fsub(x, x, candidate)
		fmla(candidate, x, update)
		store(candidate, "R1")
	})
	ret()
}

// gates sets pointers to the arrays after the first. They are R7 values apart.
func gates(pointers ...string) {
	for i, p := range pointers[1:] {
		fmt.Printf("\tADD  R7<<2, %s, %s\n", pointers[i], p)
	}
}
