package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The functions take the same steps as those in plain.go of package vmath. That file says where the numbers
// come from.

const (
	signBit = 1 << 31
	// Adding rounder leaves a number's integer part in the lowest bits.
	rounder = 3 << 22
)

// exp returns e^x.
func (s isa) exp(x VecVirtual) VecVirtual {
	// The instructions for minimum and maximum return their first operand if one operand is NaN.
	r, n := s.load(value(89)), s.load(value(1.44269504088896340736))
	VMINPS(x, r, r)
	low := s.load(value(-104))
	VMAXPS(r, low, r)
	VFMADD213PS(value(rounder), r, n)
	whole := s.register()
	VSUBPS(value(rounder), n, whole)
	VFNMADD231PS(value(0.693145751953125), whole, r)
	VFNMADD231PS(value(1.428606765330187e-06), whole, r)
	p := s.polynomial(r, 0.4999999344783835, 0.16666520631773323, 0.041668388031037609, 0.0083687168752623599, 0.0013814599553094666)
	square := s.register()
	VMULPS(r, r, square)
	VFMADD213PS(r, square, p)
	VADDPS(value(1), p, p)
	if s.wide() {
		VSCALEFPS(whole, p, p)
		return p
	}
	// Multiply in two steps, because 2^n alone may overflow float32.
	VPSUBD(value(rounder), n, n)
	half := s.register()
	VPSRAD(Imm(1), n, half)
	VPSUBD(half, n, n)
	for _, e := range []VecVirtual{half, n} {
		VPADDD(bits(127), e, e)
		VPSLLD(Imm(23), e, e)
		VMULPS(e, p, p)
	}
	return p
}

// sigmoid returns 1/(1 + e^-x).
func (s isa) sigmoid(x VecVirtual) VecVirtual {
	e := s.exp(s.or(bits(signBit), x))
	one := s.load(value(1))
	y := s.less(x, s.zero(), e, one)
	VADDPS(one, e, e)
	VDIVPS(e, y, y)
	return y
}

// tanh returns the hyperbolic tangent.
func (s isa) tanh(x VecVirtual) VecVirtual {
	a := s.and(bits(^uint32(signBit)), x)
	double := s.register()
	VADDPS(a, a, double)
	e := s.exp(double)
	VADDPS(value(1), e, e)
	large := s.load(value(2))
	VDIVPS(e, large, large)
	one := s.load(value(1))
	VSUBPS(large, one, large)
	large = s.or(s.and(bits(signBit), x), large)

	square, cube := s.register(), s.register()
	VMULPS(x, x, square)
	VMULPS(x, square, cube)
	small := s.polynomial(square, -0.33333283925362723, 0.13331491288271197, -0.053743498152432982, 0.020650587461858943, -0.0057170451920333707)
	VFMADD213PS(x, cube, small)
	return s.less(a, value(0.625), small, large)
}

// erfs returns |x|, an erf(x) that is correct if |x| is below 0.875, and a 1 - erf(|x|) that is correct
// otherwise.
func (s isa) erfs(x VecVirtual) (a, small, rest VecVirtual) {
	a = s.and(bits(^uint32(signBit)), x)
	square := s.register()
	VMULPS(x, x, square)
	small = s.polynomial(square, 0.12837916689411075, -0.37612636293675944, 0.11283736427002117, -0.026861773548854023,
		0.0052072193037814118, -0.00082165474443188585, 8.6989682749511999e-5)
	VFMADD213PS(x, x, small)
	log := s.polynomial(a, 2.6809379866278863e-5, 1.1285956876339193, 0.63508042539932062, 0.10653213224831059, -0.024103244850503111,
		0.0038307134323971983, -0.00037363651130372455, 1.6615133920966185e-5)
	return a, small, s.exp(s.or(bits(signBit), log))
}

// erf returns the error function.
func (s isa) erf(x VecVirtual) VecVirtual {
	a, small, rest := s.erfs(x)
	large := s.load(value(1))
	VSUBPS(rest, large, large)
	return s.less(a, value(0.875), small, s.or(s.and(bits(signBit), x), large))
}

// gelu returns x*(1 + erf(x/√2))/2.
func (s isa) gelu(x VecVirtual) VecVirtual {
	v := s.register()
	VMULPS(value(0.70710678118654752440), x, v)
	a, small, rest := s.erfs(v)
	VADDPS(value(1), small, small)
	above := s.load(value(2))
	VSUBPS(rest, above, above)
	y := s.less(a, value(0.875), small, s.less(x, s.zero(), rest, above))
	half := s.register()
	VMULPS(value(0.5), x, half)
	VMULPS(half, y, y)
	return y
}

// geluTanh returns x*(1 + tanh(u))/2 with u = √(2/π)*(x + 0.044715x³), which is x*sigmoid(2u).
func (s isa) geluTanh(x VecVirtual) VecVirtual {
	square, p := s.register(), s.load(value(0.044715*1.5957691216057308))
	VMULPS(x, x, square)
	VFMADD213PS(value(1.5957691216057308), square, p)
	VMULPS(x, p, p)
	y := s.sigmoid(p)
	VMULPS(x, y, y)
	return y
}

// silu returns x*sigmoid(x).
func (s isa) silu(x VecVirtual) VecVirtual {
	y := s.sigmoid(x)
	VMULPS(x, y, y)
	return y
}

// relu returns the larger of x and 0, and NaN for NaN.
func (s isa) relu(x VecVirtual) VecVirtual {
	y := s.zero()
	VMAXPS(x, y, y)
	return y
}

// relu6 returns x limited to 0 and 6, and NaN for NaN.
func (s isa) relu6(x VecVirtual) VecVirtual {
	y := s.load(value(6))
	VMINPS(s.relu(x), y, y)
	return y
}

// each writes the function that applies one of the functions above to many values.
func (s isa) each() {
	TEXT("each"+s.suffix, NOSPLIT, "func(f uint64, n int, x *float32)")
	f, n, x := GP64(), GP64(), GP64()
	Load(Param("f"), f)
	Load(Param("n"), n)
	Load(Param("x"), x)
	list := []struct {
		name    string
		compute func(VecVirtual) VecVirtual
	}{{"exp", s.exp}, {"sigmoid", s.sigmoid}, {"tanh", s.tanh}, {"erf", s.erf}, {"gelu", s.gelu}, {"gelutanh", s.geluTanh}, {"silu", s.silu}, {"relu", s.relu}, {"relu6", s.relu6}}
	for i, l := range list {
		CMPQ(f, Imm(uint64(i)))
		JEQ(LabelRef(l.name))
	}
	RET()
	for _, l := range list {
		Label(l.name)
		s.loop(l.name+"loop", n, func(at func(GPVirtual) Mem) { VMOVUPS(l.compute(s.load(at(x))), at(x)) })
		VZEROUPPER()
		RET()
	}
}
