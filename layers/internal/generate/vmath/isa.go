package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// An isa writes the same computations with registers of 16 values (AVX-512) or of 8 (AVX2 and FMA).
type isa struct {
	suffix string
	lanes  int
}

var sets = []isa{{"512", 16}, {"256", 8}}

func (s isa) wide() bool { return s.lanes == 16 }

func (s isa) register() VecVirtual {
	if s.wide() {
		return ZMM()
	}
	return YMM()
}

// constants are the bits of all constants. Each is in memory sixteen times.
var constants []uint32

// value returns the memory operand for v.
func value(v float64) Mem { return bits(math.Float32bits(float32(v))) }

func bits(b uint32) Mem {
	at := -1
	for i, c := range constants {
		if c == b {
			at = i
		}
	}
	if at < 0 {
		at = len(constants)
		constants = append(constants, b)
	}
	return NewDataAddr(NewStaticSymbol("constants"), 64*at)
}

func writeConstants() {
	GLOBL("constants", RODATA|NOPTR)
	for i, c := range constants {
		for j := range 16 {
			DATA(64*i+4*j, U32(c))
		}
	}
}

// load returns a register with the values at m.
func (s isa) load(m Mem) VecVirtual {
	y := s.register()
	VMOVUPS(m, y)
	return y
}

// spread returns a register with the parameter of the given name in every lane. It takes one instruction. A
// MOVSS would use the encoding without VEX, and would wait for more than a hundred nanoseconds if the upper
// part of any register is in use.
func (s isa) spread(name string) VecVirtual {
	from, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	y := s.register()
	VBROADCASTSS(from.Addr, y)
	return y
}

func (s isa) zero() VecVirtual {
	y := s.register()
	if s.wide() {
		VPXORD(y, y, y)
	} else {
		VXORPS(y, y, y)
	}
	return y
}

// and and or return x with the bits of m.
func (s isa) and(m Op, x VecVirtual) VecVirtual {
	y := s.register()
	if s.wide() {
		VPANDD(m, x, y)
	} else {
		VPAND(m, x, y)
	}
	return y
}

func (s isa) or(m Op, x VecVirtual) VecVirtual {
	y := s.register()
	if s.wide() {
		VPORD(m, x, y)
	} else {
		VPOR(m, x, y)
	}
	return y
}

// less returns yes in the lanes in which a < b, and no in the others.
func (s isa) less(a VecVirtual, b Op, yes, no VecVirtual) VecVirtual {
	const lessThan = 0x11
	y := s.register()
	if s.wide() {
		k := K()
		VCMPPS(Imm(lessThan), b, a, k)
		VBLENDMPS(yes, no, k, y)
	} else {
		m := YMM()
		VCMPPS(Imm(lessThan), b, a, m)
		VBLENDVPS(m, yes, no, y)
	}
	return y
}

// polynomial returns the polynomial of x with the given coefficients, the lowest first.
func (s isa) polynomial(x VecVirtual, c ...float64) VecVirtual {
	y := s.load(value(c[len(c)-1]))
	for i := len(c) - 2; i >= 0; i-- {
		VFMADD213PS(value(c[i]), x, y)
	}
	return y
}

// loop writes a loop over n values. In it, at(pointer) is the address of an array's current values.
func (s isa) loop(label string, n GPVirtual, body func(at func(pointer GPVirtual) Mem)) {
	i := GP64()
	XORQ(i, i)
	Label(label)
	body(func(pointer GPVirtual) Mem { return Mem{Base: pointer, Index: i, Scale: 4} })
	ADDQ(Imm(uint64(s.lanes)), i)
	CMPQ(i, n)
	JLT(LabelRef(label))
}
