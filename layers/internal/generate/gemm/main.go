// Command gemm writes kernel_amd64.s of package gemm.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	tiles512()
	tiles256()
	transpose()
	Generate()
}

// transpose writes the transposition of 8×8 values in three rounds. They swap every second value, every
// second pair and every second half of the rows.
func transpose() {
	TEXT("transpose8x8", NOSPLIT, "func(dst *float32, ldd int, src *float32, lds int)")
	Doc("transpose8x8 writes the transpose of the 8×8 values at src, rows lds apart, to dst, rows ldd apart.")
	Load(Param("dst"), RDI)
	Load(Param("ldd"), R8)
	Load(Param("src"), RSI)
	Load(Param("lds"), R9)
	SHLQ(Imm(2), R8)
	SHLQ(Imm(2), R9)
	rows := []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7}
	other := []VecPhysical{Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	for i, y := range rows {
		VMOVUPS(Mem{Base: RSI}, y)
		if i < 7 {
			ADDQ(R9, RSI)
		}
	}
	for i := 0; i < 8; i += 2 {
		VUNPCKLPS(rows[i+1], rows[i], other[i])
		VUNPCKHPS(rows[i+1], rows[i], other[i+1])
	}
	for i := 0; i < 8; i += 4 {
		VSHUFPS(Imm(0x44), other[i+2], other[i], rows[i])
		VSHUFPS(Imm(0xee), other[i+2], other[i], rows[i+1])
		VSHUFPS(Imm(0x44), other[i+3], other[i+1], rows[i+2])
		VSHUFPS(Imm(0xee), other[i+3], other[i+1], rows[i+3])
	}
	for i := range 4 {
		VPERM2F128(Imm(0x20), rows[i+4], rows[i], other[i])
		VPERM2F128(Imm(0x31), rows[i+4], rows[i], other[i+4])
	}
	for i, y := range other {
		VMOVUPS(y, Mem{Base: RDI})
		if i < 7 {
			ADDQ(R8, RDI)
		}
	}
	VZEROUPPER()
	RET()
}
