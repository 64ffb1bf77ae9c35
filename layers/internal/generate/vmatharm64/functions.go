package main

import (
	"fmt"
	"strings"
)

// The functions take the same steps as those in plain.go of package vmath. That file says where the numbers
// come from. Each sets d to a function of x. x must be another register, and does not change.

const (
	signBit = 1 << 31
	// Adding rounder leaves a number's integer part in the lowest bits.
	rounder = 3 << 22
)

// polynomial sets d to the polynomial of x with the given coefficients, the lowest first.
func polynomial(d, x reg, c ...float64) {
	other := take()
	defer give(1)
	// The sums alternate between d and other. The last one is in d.
	to, from := d, other
	if len(c)%2 == 0 {
		to, from = from, to
	}
	value(to, c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		to, from = from, to
		value(to, c[i])
		fmla(to, from, x)
	}
	if to != d {
		panic("the sum is in the other register")
	}
}

// exp sets d to e^x.
func exp(d, x reg) {
	r, n, whole, c := take(), take(), take(), take()
	defer give(4)
	value(c, 89)
	fmin(r, x, c)
	value(c, -104)
	fmax(r, r, c)
	value(n, rounder)
	value(c, 1.44269504088896340736)
	fmla(n, r, c)
	value(c, rounder)
	fsub(whole, n, c)
	value(c, 0.693145751953125)
	fmls(r, whole, c)
	value(c, 1.428606765330187e-06)
	fmls(r, whole, c)
	polynomial(d, r, 0.4999999344783835, 0.16666520631773323, 0.041668388031037609, 0.0083687168752623599, 0.0013814599553094666)
	fmul(c, r, r)
	fmla(r, d, c)
	value(c, 1)
	fadd(d, r, c)
	// Multiply in two steps, because 2^n alone may overflow float32.
	value(c, rounder)
	sub(n, n, c)
	fmt.Printf("\tSSHR1(%d, %d)\n", whole, n)
	sub(n, n, whole)
	bits(c, 127)
	for _, e := range []reg{whole, n} {
		add(e, e, c)
		fmt.Printf("\tSHL23(%d, %d)\n", e, e)
		fmul(d, d, e)
	}
}

// sigmoid sets d to 1/(1 + e^-x).
func sigmoid(d, x reg) {
	e, one := take(), take()
	defer give(2)
	bits(one, signBit)
	orr(one, one, x)
	exp(e, one)
	value(one, 1)
	zero(d)
	fcmgt(d, d, x)
	bsl(d, e, one)
	fadd(e, e, one)
	fdiv(d, d, e)
}

// signed gives d the sign of x. d must not be negative.
func signed(d, x reg) {
	sign := take()
	defer give(1)
	bits(sign, signBit)
	and(sign, sign, x)
	orr(d, d, sign)
}

// choose sets d to small in the lanes in which a is below limit, and to large in the others.
func choose(d, a reg, limit float64, small, large reg) {
	value(d, limit)
	fcmgt(d, d, a)
	bsl(d, small, large)
}

// tanh sets d to the hyperbolic tangent.
func tanh(d, x reg) {
	a, e, large, small := take(), take(), take(), take()
	defer give(4)
	fabs(a, x)
	fadd(large, a, a)
	exp(e, large)
	value(small, 1)
	fadd(e, e, small)
	value(large, 2)
	fdiv(large, large, e)
	fsub(large, small, large)
	signed(large, x)

	fmul(e, x, x)
	polynomial(d, e, -0.33333283925362723, 0.13331491288271197, -0.053743498152432982, 0.020650587461858943, -0.0057170451920333707)
	fmul(e, e, x)
	move(small, x)
	fmla(small, d, e)
	choose(d, a, 0.625, small, large)
}

// erfs sets a to |x|, small to an erf(x) that is correct if |x| is below 0.875, and rest to a 1 - erf(|x|)
// that is correct otherwise.
func erfs(a, small, rest, x reg) {
	square, log := take(), take()
	defer give(2)
	fabs(a, x)
	fmul(square, x, x)
	polynomial(log, square, 0.12837916689411075, -0.37612636293675944, 0.11283736427002117, -0.026861773548854023,
		0.0052072193037814118, -0.00082165474443188585, 8.6989682749511999e-5)
	move(small, x)
	fmla(small, log, x)
	polynomial(log, a, 2.6809379866278863e-5, 1.1285956876339193, 0.63508042539932062, 0.10653213224831059, -0.024103244850503111,
		0.0038307134323971983, -0.00037363651130372455, 1.6615133920966185e-5)
	bits(square, signBit)
	orr(log, log, square)
	exp(rest, log)
}

// erf sets d to the error function.
func erf(d, x reg) {
	a, small, rest := take(), take(), take()
	defer give(3)
	erfs(a, small, rest, x)
	value(d, 1)
	fsub(rest, d, rest)
	signed(rest, x)
	choose(d, a, 0.875, small, rest)
}

// gelu sets d to x*(1 + erf(x/√2))/2.
func gelu(d, x reg) {
	v, a, small, rest := take(), take(), take(), take()
	defer give(4)
	value(d, 0.70710678118654752440)
	fmul(v, x, d)
	erfs(a, small, rest, v)
	value(d, 1)
	fadd(small, small, d)
	value(v, 2)
	fsub(v, v, rest)
	zero(d)
	fcmgt(d, d, x)
	bsl(d, rest, v)
	move(v, d)
	choose(d, a, 0.875, small, v)
	value(v, 0.5)
	fmul(v, v, x)
	fmul(d, d, v)
}

// geluTanh sets d to x*(1 + tanh(u))/2 with u = √(2/π)*(x + 0.044715x³), which is x*sigmoid(2u).
func geluTanh(d, x reg) {
	square, p, c := take(), take(), take()
	defer give(3)
	fmul(square, x, x)
	value(c, 0.044715*1.5957691216057308)
	value(p, 1.5957691216057308)
	fmla(p, square, c)
	fmul(p, p, x)
	sigmoid(d, p)
	fmul(d, d, x)
}

// silu sets d to x*sigmoid(x).
func silu(d, x reg) {
	sigmoid(d, x)
	fmul(d, d, x)
}

// relu sets d to the larger of x and 0, and to NaN for NaN.
func relu(d, x reg) {
	zero(d)
	fmax(d, d, x)
}

// relu6 sets d to x limited to 0 and 6, and to NaN for NaN.
func relu6(d, x reg) {
	six := take()
	defer give(1)
	relu(d, x)
	value(six, 6)
	fmin(d, d, six)
}

// each writes the function that applies one of the functions above to many values.
func each() {
	text("each", "f uint64, n int, x *float32", "")
	param("f", 0, "R2")
	param("n", 8, "R0")
	param("x", 16, "R1")
	list := []struct {
		name    string
		compute func(d, x reg)
	}{{"exp", exp}, {"sigmoid", sigmoid}, {"tanh", tanh}, {"erf", erf}, {"gelu", gelu}, {"gelutanh", geluTanh}, {"silu", silu}, {"relu", relu}, {"relu6", relu6}}
	for i, l := range list {
		fmt.Printf("\tCMP  $%d, R2\n\tBEQ  %sloop\n", i, l.name)
	}
	ret()
	for _, l := range list {
		loop(l.name, "R0", []string{"R1"}, func() {
			x, d := take(), take()
			load(x, "R1")
			l.compute(d, x)
			store(d, "R1")
		})
		ret()
	}
}

// split returns the size of each parameter, in bytes.
func split(parameters string) (sizes []int) {
	for _, p := range strings.Split(parameters, ", ") {
		size := 8
		if strings.HasSuffix(p, " float32") {
			size = 4
		}
		sizes = append(sizes, size)
	}
	return sizes
}
