#include "textflag.h"

// func moments256(n int, x *float32, out *lanes)
// Requires: AVX, AVX2
TEXT ·moments256(SB), NOSPLIT, $0-24
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ out+16(FP), DI

	// Y0 to Y3 are the sums, Y4 and Y5 the smallest values, Y6 and Y7 the largest, Y8 and Y9 minus the number of
	// zeros.
	VXORPD  Y0, Y0, Y0
	VXORPD  Y1, Y1, Y1
	VXORPD  Y2, Y2, Y2
	VXORPD  Y3, Y3, Y3
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VMOVAPS Y4, Y6
	VMOVAPS Y5, Y7
	VXORPD  Y8, Y8, Y8
	VXORPD  Y9, Y9, Y9
	VXORPS  Y15, Y15, Y15

moments:
	VMOVUPS    (SI), Y10
	VMOVUPS    32(SI), Y11
	VMINPS     Y10, Y4, Y4
	VMINPS     Y11, Y5, Y5
	VMAXPS     Y10, Y6, Y6
	VMAXPS     Y11, Y7, Y7
	VCMPPS     $0, Y15, Y10, Y10
	VCMPPS     $0, Y15, Y11, Y11
	VPADDD     Y10, Y8, Y8
	VPADDD     Y11, Y9, Y9
	VCVTPS2PD  (SI), Y12
	VCVTPS2PD  16(SI), Y13
	VCVTPS2PD  32(SI), Y14
	VCVTPS2PD  48(SI), Y10
	VADDPD     Y12, Y0, Y0
	VADDPD     Y13, Y1, Y1
	VADDPD     Y14, Y2, Y2
	VADDPD     Y10, Y3, Y3
	ADDQ       $64, SI
	SUBQ       $16, CX
	JNZ        moments
	VMOVUPD    Y0, (DI)
	VMOVUPD    Y1, 32(DI)
	VMOVUPD    Y2, 64(DI)
	VMOVUPD    Y3, 96(DI)
	VMOVUPS    Y4, 128(DI)
	VMOVUPS    Y5, 160(DI)
	VMOVUPS    Y6, 192(DI)
	VMOVUPS    Y7, 224(DI)
	VMOVDQU    Y8, 256(DI)
	VMOVDQU    Y9, 288(DI)
	VZEROUPPER
	RET

// func squares256(n int, x *float32, mean float64, out *lanes)
// Requires: AVX, FMA
TEXT ·squares256(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	MOVQ         x+8(FP), SI
	VBROADCASTSD mean+16(FP), Y15
	MOVQ         out+24(FP), DI
	VXORPD       Y0, Y0, Y0
	VXORPD       Y1, Y1, Y1
	VXORPD       Y2, Y2, Y2
	VXORPD       Y3, Y3, Y3

squares:
	VCVTPS2PD   (SI), Y4
	VCVTPS2PD   16(SI), Y5
	VCVTPS2PD   32(SI), Y6
	VCVTPS2PD   48(SI), Y7
	VSUBPD      Y15, Y4, Y4
	VSUBPD      Y15, Y5, Y5
	VSUBPD      Y15, Y6, Y6
	VSUBPD      Y15, Y7, Y7
	VFMADD231PD Y4, Y4, Y0
	VFMADD231PD Y5, Y5, Y1
	VFMADD231PD Y6, Y6, Y2
	VFMADD231PD Y7, Y7, Y3
	ADDQ        $64, SI
	SUBQ        $16, CX
	JNZ         squares
	VMOVUPD     Y0, (DI)
	VMOVUPD     Y1, 32(DI)
	VMOVUPD     Y2, 64(DI)
	VMOVUPD     Y3, 96(DI)
	VZEROUPPER
	RET

// func widen256(n int, x *tensor.BFloat16, out *float32)
// Requires: AVX, AVX2
TEXT ·widen256(SB), NOSPLIT, $0-24
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ out+16(FP), DI

widen:
	VPMOVZXWD  (SI), Y0
	VPMOVZXWD  16(SI), Y1
	VPSLLD     $16, Y0, Y0
	VPSLLD     $16, Y1, Y1
	VMOVDQU    Y0, (DI)
	VMOVDQU    Y1, 32(DI)
	ADDQ       $32, SI
	ADDQ       $64, DI
	SUBQ       $16, CX
	JNZ        widen
	VZEROUPPER
	RET

// func widenHalves256(n int, x *tensor.Float16, out *float32)
// Requires: AVX, F16C
TEXT ·widenHalves256(SB), NOSPLIT, $0-24
	MOVQ n+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ out+16(FP), DI

halves:
	VCVTPH2PS (SI), Y0
	VCVTPH2PS 16(SI), Y1
	VMOVUPS   Y0, (DI)
	VMOVUPS   Y1, 32(DI)
	ADDQ      $32, SI
	ADDQ      $64, DI
	SUBQ      $16, CX
	JNZ       halves
	VZEROUPPER
	RET

// func hasF16C() bool
TEXT ·hasF16C(SB), NOSPLIT, $0-1
	MOVL $1, AX
	XORL CX, CX
	CPUID
	SHRL $29, CX
	ANDL $1, CX
	MOVB CX, ret+0(FP)
	RET
