package gguf

import (
	"encoding/binary"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// The functions of this file and the next convert blocks in src to float32s. Each product is rounded to a float32 before the
// addition, so that results have the same bits on machines with fused multiply-add.

// half returns the float16 at the beginning of b.
func half(b []byte) float32 { return tensor.Float16(binary.LittleEndian.Uint16(b)).Float32() }

// put stores element i of dst.
func put(dst []byte, i int, v float32) { binary.NativeEndian.PutUint32(dst[4*i:], math.Float32bits(v)) }

// blocks calls decode for each block of size bytes and n elements, with the destination of its elements.
func blocks(dst, src []byte, n, size int, decode func(dst, block []byte)) {
	for len(src) >= size {
		decode(dst[:4*n], src[:size])
		dst, src = dst[4*n:], src[size:]
	}
}

// Q4_0: scale d | 16 bytes with elements i and i+16 in their halves. The values are d·(q-8).
func decodeQ4_0(dst, src []byte) {
	blocks(dst, src, 32, 18, func(dst, b []byte) {
		d := half(b)
		for i, q := range b[2:18] {
			put(dst, i, d*float32(int(q&15)-8))
			put(dst, i+16, d*float32(int(q>>4)-8))
		}
	})
}

// Q4_1: scale d | minimum m | 16 bytes as in Q4_0. The values are d·q+m.
func decodeQ4_1(dst, src []byte) {
	blocks(dst, src, 32, 20, func(dst, b []byte) {
		d, m := half(b), half(b[2:])
		for i, q := range b[4:20] {
			put(dst, i, float32(d*float32(q&15))+m)
			put(dst, i+16, float32(d*float32(q>>4))+m)
		}
	})
}

// Q5_0: scale d | the fifth bits of all elements | 16 bytes as in Q4_0. The values are d·(q-16).
func decodeQ5_0(dst, src []byte) {
	blocks(dst, src, 32, 22, func(dst, b []byte) {
		d, high := half(b), binary.LittleEndian.Uint32(b[2:])
		for i, q := range b[6:22] {
			put(dst, i, d*float32(int(uint32(q&15)|high>>i&1<<4)-16))
			put(dst, i+16, d*float32(int(uint32(q>>4)|high>>(i+16)&1<<4)-16))
		}
	})
}

// Q5_1: scale d | minimum m | the fifth bits | 16 bytes. The values are d·q+m.
func decodeQ5_1(dst, src []byte) {
	blocks(dst, src, 32, 24, func(dst, b []byte) {
		d, m, high := half(b), half(b[2:]), binary.LittleEndian.Uint32(b[4:])
		for i, q := range b[8:24] {
			put(dst, i, float32(d*float32(uint32(q&15)|high>>i&1<<4))+m)
			put(dst, i+16, float32(d*float32(uint32(q>>4)|high>>(i+16)&1<<4))+m)
		}
	})
}

// Q8_0: scale d | 32 signed bytes. The values are q·d.
func decodeQ8_0(dst, src []byte) {
	blocks(dst, src, 32, 34, func(dst, b []byte) {
		d := half(b)
		for i, q := range b[2:34] {
			put(dst, i, float32(int8(q))*d)
		}
	})
}
