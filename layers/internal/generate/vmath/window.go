package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A window function computes one register of channels for count positions from the inputs at all taps. Four
// positions at a time share the loads for a tap.
const window = "count int, taps int, at *int, y *float32, yStep int, x *float32, xStep int"

// windows writes a window function. begin returns the initial value of a sum. tap gets the sum, the address
// of an input, and the register that once loaded for the tap.
func (s isa) windows(name, more string, begin func() VecVirtual, once func(tap GPVirtual) VecVirtual, tap func(sum VecVirtual, x Mem, once VecVirtual)) {
	TEXT(name+s.suffix, NOSPLIT, "func("+window+more+")")
	count, taps, first := GP64(), GP64(), GP64()
	y, yStep, x, xStep := GP64(), GP64(), GP64(), GP64()
	Load(Param("count"), count)
	Load(Param("taps"), taps)
	Load(Param("at"), first)
	Load(Param("y"), y)
	Load(Param("yStep"), yStep)
	Load(Param("x"), x)
	Load(Param("xStep"), xStep)
	SHLQ(Imm(2), yStep)
	SHLQ(Imm(2), xStep)
	x3 := GP64()
	for _, positions := range []int{4, 1} {
		suffix := map[int]string{4: "fours", 1: "ones"}[positions]
		Label(suffix)
		CMPQ(count, Imm(uint64(positions)))
		next := map[int]string{4: "ones", 1: "end"}[positions]
		JLT(LabelRef(next))
		if positions == 4 {
			LEAQ(Mem{Base: xStep, Index: xStep, Scale: 2}, x3)
			ADDQ(x, x3)
		}
		var sums []VecVirtual
		for range positions {
			sums = append(sums, begin())
		}
		at, left, from := GP64(), GP64(), GP64()
		MOVQ(first, at)
		MOVQ(taps, left)
		Label(suffix + "taps")
		MOVQ(Mem{Base: at}, from)
		shared := once(at)
		third := GP64()
		if positions == 4 {
			MOVQ(from, third)
		}
		ADDQ(x, from)
		for i, sum := range sums {
			m := Mem{Base: from}
			switch i {
			case 1, 2:
				m.Index, m.Scale = xStep, uint8(i)
			case 3:
				m = Mem{Base: x3, Index: third, Scale: 1}
			}
			tap(sum, m, shared)
		}
		ADDQ(Imm(16), at)
		DECQ(left)
		JNZ(LabelRef(suffix + "taps"))
		for range positions {
			VMOVUPS(sums[0], Mem{Base: y})
			sums = sums[1:]
			ADDQ(yStep, y)
		}
		step := GP64()
		MOVQ(xStep, step)
		if positions == 4 {
			SHLQ(Imm(2), step)
		}
		ADDQ(step, x)
		SUBQ(Imm(uint64(positions)), count)
		JMP(LabelRef(suffix))
	}
	Label("end")
	finish()
}

// weigh writes the function that sums the inputs times the taps' weights.
func (s isa) weigh() {
	var bias VecVirtual
	var w GPVirtual
	s.windows("weigh", ", w *float32, bias *float32", func() VecVirtual {
		p := GP64()
		Load(Param("bias"), p)
		bias = s.load(Mem{Base: p})
		w = GP64()
		Load(Param("w"), w)
		return bias
	}, func(tap GPVirtual) VecVirtual {
		at := GP64()
		MOVQ(Mem{Base: tap, Disp: 8}, at)
		return s.load(Mem{Base: w, Index: at, Scale: 1})
	}, func(sum VecVirtual, x Mem, weights VecVirtual) { VFMADD231PS(x, weights, sum) })
}

// largestOf writes the function that finds the largest inputs. If an input is NaN, the result is NaN.
func (s isa) largestOf() {
	s.windows("largestOf", "", func() VecVirtual { return s.load(bits(0xff800000)) }, func(GPVirtual) VecVirtual { return nil },
		func(top VecVirtual, x Mem, _ VecVirtual) { s.maximumOf(top, s.load(x), top) })
}
