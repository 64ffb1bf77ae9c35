#include "textflag.h"

// Both kernels keep the whole result in registers, two of them per row. Each step of the loop loads one row of b, and for each row of
// a one value, which it spreads over a register and multiplies with both halves of b's row.

// STEP512 adds the products of the value at a and the row of b, in Z0 and Z1, to lo and hi.
#define STEP512(a, lo, hi) \
	VBROADCASTSS a, Z2      \
	VFMADD231PS  Z0, Z2, lo \
	VFMADD231PS  Z1, Z2, hi

// STORE512 adds lo and hi to the row of c at DX, and moves DX to the next.
#define STORE512(lo, hi) \
	VADDPS  (DX), lo, lo   \
	VADDPS  64(DX), hi, hi \
	VMOVUPS lo, (DX)       \
	VMOVUPS hi, 64(DX)     \
	ADDQ    R9, DX

// func kernel12x32(k int, a *float32, lda int, b *float32, c *float32, ldc int)
TEXT ·kernel12x32(SB), NOSPLIT, $0-48
	MOVQ k+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ lda+16(FP), R8
	MOVQ b+24(FP), DI
	MOVQ c+32(FP), DX
	MOVQ ldc+40(FP), R9
	SHLQ $2, R8             // to bytes
	SHLQ $2, R9
	LEAQ (R8)(R8*2), AX
	LEAQ (SI)(AX*1), R10    // row 3 of a
	LEAQ (SI)(AX*2), R11    // row 6
	LEAQ (R10)(AX*2), R12   // row 9

	VPXORD Z8, Z8, Z8
	VPXORD Z9, Z9, Z9
	VPXORD Z10, Z10, Z10
	VPXORD Z11, Z11, Z11
	VPXORD Z12, Z12, Z12
	VPXORD Z13, Z13, Z13
	VPXORD Z14, Z14, Z14
	VPXORD Z15, Z15, Z15
	VPXORD Z16, Z16, Z16
	VPXORD Z17, Z17, Z17
	VPXORD Z18, Z18, Z18
	VPXORD Z19, Z19, Z19
	VPXORD Z20, Z20, Z20
	VPXORD Z21, Z21, Z21
	VPXORD Z22, Z22, Z22
	VPXORD Z23, Z23, Z23
	VPXORD Z24, Z24, Z24
	VPXORD Z25, Z25, Z25
	VPXORD Z26, Z26, Z26
	VPXORD Z27, Z27, Z27
	VPXORD Z28, Z28, Z28
	VPXORD Z29, Z29, Z29
	VPXORD Z30, Z30, Z30
	VPXORD Z31, Z31, Z31

loop:
	VMOVUPS (DI), Z0
	VMOVUPS 64(DI), Z1
	STEP512((SI), Z8, Z9)
	STEP512((SI)(R8*1), Z10, Z11)
	STEP512((SI)(R8*2), Z12, Z13)
	STEP512((R10), Z14, Z15)
	STEP512((R10)(R8*1), Z16, Z17)
	STEP512((R10)(R8*2), Z18, Z19)
	STEP512((R11), Z20, Z21)
	STEP512((R11)(R8*1), Z22, Z23)
	STEP512((R11)(R8*2), Z24, Z25)
	STEP512((R12), Z26, Z27)
	STEP512((R12)(R8*1), Z28, Z29)
	STEP512((R12)(R8*2), Z30, Z31)
	ADDQ $4, SI
	ADDQ $4, R10
	ADDQ $4, R11
	ADDQ $4, R12
	ADDQ $128, DI
	DECQ CX
	JNZ  loop

	STORE512(Z8, Z9)
	STORE512(Z10, Z11)
	STORE512(Z12, Z13)
	STORE512(Z14, Z15)
	STORE512(Z16, Z17)
	STORE512(Z18, Z19)
	STORE512(Z20, Z21)
	STORE512(Z22, Z23)
	STORE512(Z24, Z25)
	STORE512(Z26, Z27)
	STORE512(Z28, Z29)
	STORE512(Z30, Z31)
	VZEROUPPER
	RET

// STEP256 and STORE256 are the same with registers half as long.
#define STEP256(a, lo, hi) \
	VBROADCASTSS a, Y2      \
	VFMADD231PS  Y0, Y2, lo \
	VFMADD231PS  Y1, Y2, hi

#define STORE256(lo, hi) \
	VADDPS  (DX), lo, lo   \
	VADDPS  32(DX), hi, hi \
	VMOVUPS lo, (DX)       \
	VMOVUPS hi, 32(DX)     \
	ADDQ    R9, DX

// func kernel6x16(k int, a *float32, lda int, b *float32, c *float32, ldc int)
TEXT ·kernel6x16(SB), NOSPLIT, $0-48
	MOVQ k+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ lda+16(FP), R8
	MOVQ b+24(FP), DI
	MOVQ c+32(FP), DX
	MOVQ ldc+40(FP), R9
	SHLQ $2, R8             // to bytes
	SHLQ $2, R9
	LEAQ (R8)(R8*2), AX
	LEAQ (SI)(AX*1), R10    // row 3 of a

	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	VXORPS Y12, Y12, Y12
	VXORPS Y13, Y13, Y13
	VXORPS Y14, Y14, Y14
	VXORPS Y15, Y15, Y15

loop:
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	STEP256((SI), Y4, Y5)
	STEP256((SI)(R8*1), Y6, Y7)
	STEP256((SI)(R8*2), Y8, Y9)
	STEP256((R10), Y10, Y11)
	STEP256((R10)(R8*1), Y12, Y13)
	STEP256((R10)(R8*2), Y14, Y15)
	ADDQ $4, SI
	ADDQ $4, R10
	ADDQ $64, DI
	DECQ CX
	JNZ  loop

	STORE256(Y4, Y5)
	STORE256(Y6, Y7)
	STORE256(Y8, Y9)
	STORE256(Y10, Y11)
	STORE256(Y12, Y13)
	STORE256(Y14, Y15)
	VZEROUPPER
	RET

// func multiplyAdd8(n int, y *float32, x *float32, z *float32)
TEXT ·multiplyAdd8(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ y+8(FP), DI
	MOVQ x+16(FP), SI
	MOVQ z+24(FP), DX
	XORQ AX, AX

loop:
	VMOVUPS     (SI)(AX*4), Y0
	VMOVUPS     (DI)(AX*4), Y1
	VFMADD231PS (DX)(AX*4), Y0, Y1
	VMOVUPS     Y1, (DI)(AX*4)
	ADDQ        $8, AX
	CMPQ        AX, CX
	JLT         loop
	VZEROUPPER
	RET

// func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET

// func xgetbv() (eax, edx uint32)
TEXT ·xgetbv(SB), NOSPLIT, $0-8
	XORL CX, CX
	XGETBV
	MOVL AX, eax+0(FP)
	MOVL DX, edx+4(FP)
	RET
