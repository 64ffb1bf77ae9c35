// Command vmath writes vector_amd64.s of package vmath.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	for _, s := range sets {
		s.each()
		s.sumExp()
		s.largest()
		s.sum("sum", "", func(sums, x, _ VecVirtual) { VADDPS(x, sums, sums) })
		s.sum("sumSquares", "mean", func(sums, x, mean VecVirtual) {
			VSUBPS(mean, x, x)
			VFMADD231PS(x, x, sums)
		})
		s.normalize()
		s.affine()
		s.scale()
		s.combine("add", func(y Mem, x VecVirtual) { VADDPS(y, x, x) })
		s.combine("maximum", s.maximum)
		s.lstm()
		s.gru()
		s.weigh()
		s.largestOf()
	}
	writeConstants()
	Generate()
}

// start begins a function, and loads its pointers and n. The function may have a result.
func (s isa) start(name, parameters, result string, pointers ...string) (n GPVirtual, at []GPVirtual) {
	TEXT(name+s.suffix, NOSPLIT, "func(n int, "+parameters+")"+result)
	n = GP64()
	Load(Param("n"), n)
	for _, p := range pointers {
		r := GP64()
		Load(Param(p), r)
		at = append(at, r)
	}
	return n, at
}

func finish() {
	VZEROUPPER()
	RET()
}

// sumExp writes e^(x-shift) to y, and returns the sum of y.
func (s isa) sumExp() {
	n, p := s.start("sumExp", "y *float32, x *float32, shift float32", " float64", "y", "x")
	shift, sums := s.spread("shift"), s.zero()
	s.loop("loop", n, func(at func(GPVirtual) Mem) {
		x := s.load(at(p[1]))
		VSUBPS(shift, x, x)
		e := s.exp(x)
		VADDPS(e, sums, sums)
		VMOVUPS(e, at(p[0]))
	})
	s.returnTotal(sums)
}

// sum writes a function that adds up the results of combine.
func (s isa) sum(name, parameter string, combine func(sums, x, parameter VecVirtual)) {
	signature := "x *float32"
	if parameter != "" {
		signature += ", " + parameter + " float32"
	}
	n, p := s.start(name, signature, " float64", "x")
	sums := s.zero()
	var v VecVirtual
	if parameter != "" {
		v = s.spread(parameter)
	}
	s.loop("loop", n, func(at func(GPVirtual) Mem) { combine(sums, s.load(at(p[0])), v) })
	s.returnTotal(sums)
}

// halves returns both halves of x.
func (s isa) halves(x VecVirtual) (low, high VecVirtual) {
	if s.wide() {
		high = YMM()
		VEXTRACTF64X4(Imm(1), x, high)
		return x.AsY().(VecVirtual), high
	}
	high = XMM()
	VEXTRACTF128(Imm(1), x, high)
	return x.AsX().(VecVirtual), high
}

// returnTotal returns the sum of the values of sums in float64.
func (s isa) returnTotal(sums VecVirtual) {
	low, high := s.halves(sums)
	a, b := s.register(), s.register()
	VCVTPS2PD(low, a)
	VCVTPS2PD(high, b)
	VADDPD(b, a, a)
	for half := s; ; half = sets[1] {
		low, high := half.halves(a)
		VADDPD(high, low, low)
		if a = low; !half.wide() {
			break
		}
	}
	total := a.AsX().(VecVirtual)
	VHADDPD(total, total, total)
	to, _ := ReturnIndex(0).Resolve()
	VMOVSD(total, to.Addr)
	finish()
}

// largest returns the largest value.
func (s isa) largest() {
	n, p := s.start("largest", "x *float32", " float32", "x")
	top := s.load(Mem{Base: p[0]})
	s.loop("loop", n, func(at func(GPVirtual) Mem) { VMAXPS(at(p[0]), top, top) })
	for half := s; ; half = sets[1] {
		low, high := half.halves(top)
		VMAXPS(high, low, low)
		if top = low; !half.wide() {
			break
		}
	}
	x, other := top.AsX().(VecVirtual), XMM()
	for _, order := range []uint64{0x4e, 0xb1} { // of four: swap the halves, then the neighbours
		VPERMILPS(Imm(order), x, other)
		VMAXPS(other, x, x)
	}
	to, _ := ReturnIndex(0).Resolve()
	VMOVSS(x, to.Addr)
	finish()
}

// normalize sets x to (x-mean)*scale*gamma + beta.
func (s isa) normalize() {
	n, p := s.start("normalize", "x *float32, gamma *float32, beta *float32, mean float32, scale float32", "", "x", "gamma", "beta")
	mean, scale := s.spread("mean"), s.spread("scale")
	s.loop("loop", n, func(at func(GPVirtual) Mem) {
		x := s.load(at(p[0]))
		VSUBPS(mean, x, x)
		VMULPS(scale, x, x)
		gamma := s.load(at(p[1]))
		VFMADD213PS(at(p[2]), gamma, x)
		VMOVUPS(x, at(p[0]))
	})
	finish()
}

// affine sets y to x*mul + add.
func (s isa) affine() {
	n, p := s.start("affine", "y *float32, x *float32, mul *float32, add *float32", "", "y", "x", "mul", "add")
	s.loop("loop", n, func(at func(GPVirtual) Mem) {
		x, mul := s.load(at(p[1])), s.load(at(p[2]))
		VFMADD213PS(at(p[3]), mul, x)
		VMOVUPS(x, at(p[0]))
	})
	finish()
}

// scale multiplies values by one.
func (s isa) scale() {
	n, p := s.start("scale", "x *float32, by float32", "", "x")
	by := s.spread("by")
	s.loop("loop", n, func(at func(GPVirtual) Mem) {
		y := s.register()
		VMULPS(at(p[0]), by, y)
		VMOVUPS(y, at(p[0]))
	})
	finish()
}

// combine writes a function that combines values of y with those of x.
func (s isa) combine(name string, combine func(y Mem, x VecVirtual)) {
	n, p := s.start(name, "y *float32, x *float32", "", "y", "x")
	s.loop("loop", n, func(at func(GPVirtual) Mem) {
		x := s.load(at(p[1]))
		combine(at(p[0]), x)
		VMOVUPS(x, at(p[0]))
	})
	finish()
}

// maximum sets x to the larger of x and y, or to NaN if one of them is NaN.
func (s isa) maximum(y Mem, x VecVirtual) { s.maximumOf(x, s.load(y), x) }

// maximumOf sets to to the larger of x and y, or to NaN if one of them is NaN.
func (s isa) maximumOf(x, y, to VecVirtual) {
	const unordered = 0x03
	larger := s.register()
	VMAXPS(y, x, larger) // y if one is NaN
	if s.wide() {
		k := K()
		VCMPPS(Imm(unordered), x, x, k)
		VBLENDMPS(x, larger, k, to)
		return
	}
	nan := YMM()
	VCMPPS(Imm(unordered), x, x, nan)
	VBLENDVPS(nan, x, larger, to)
}

// gates returns pointers to arrays. The first is first, and each of the others is units values after the one
// before.
func gates(first GPVirtual, count int) []GPVirtual {
	units := GP64()
	Load(Param("units"), units)
	list := []GPVirtual{first}
	for i := range count - 1 {
		r := GP64()
		LEAQ(Mem{Base: list[i], Index: units, Scale: 4}, r)
		list = append(list, r)
	}
	return list
}

// lstm computes a step of an LSTM.
func (s isa) lstm() {
	n, p := s.start("lstm", "h *float32, c *float32, z *float32, units int", "", "h", "c", "z")
	g := gates(p[2], 4)
	s.loop("loop", n, func(at func(GPVirtual) Mem) {
		c := s.sigmoid(s.load(at(g[1])))
		VMULPS(at(p[1]), c, c)
		in := s.sigmoid(s.load(at(g[0])))
		candidate := s.tanh(s.load(at(g[2])))
		VFMADD231PS(in, candidate, c)
		VMOVUPS(c, at(p[1]))
		out := s.sigmoid(s.load(at(g[3])))
		h := s.tanh(c)
		VMULPS(out, h, h)
		VMOVUPS(h, at(p[0]))
	})
	finish()
}

// gru computes a step of a GRU with Keras's option reset_after: the reset gate scales the state's product.
func (s isa) gru() {
	n, p := s.start("gru", "h *float32, z *float32, inner *float32, units int", "", "h", "z", "inner")
	z, inner := gates(p[1], 3), gates(p[2], 3)
	gate := func(at func(GPVirtual) Mem, i int) VecVirtual {
		x := s.load(at(z[i]))
		VADDPS(at(inner[i]), x, x)
		return s.sigmoid(x)
	}
	s.loop("loop", n, func(at func(GPVirtual) Mem) {
		reset := gate(at, 1)
		candidate := s.load(at(z[2]))
		VFMADD231PS(at(inner[2]), reset, candidate)
		candidate = s.tanh(candidate)
		update := gate(at, 0)
		h := s.load(at(p[0]))
		VSUBPS(candidate, h, h)
		VFMADD213PS(candidate, update, h)
		VMOVUPS(h, at(p[0]))
	})
	finish()
}
