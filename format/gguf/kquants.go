package gguf

import (
	"encoding/binary"
	"math"
)

// The K-quants have blocks of 256 elements. The blocks are divided into groups, and the scales of the groups are quantized too.

// Q2_K: 16 bytes of a scale and a minimum each | 64 bytes of four elements | d | dmin. Byte j of each 32 has elements j, j+32,
// j+64 and j+96 of its 128; a group is 16 elements. The values are d·scale·q - dmin·minimum.
func decodeQ2_K(dst, src []byte) {
	blocks(dst, src, 256, 84, func(dst, b []byte) {
		scales, qs := b[:16], b[16:80]
		d, dmin := half(b[80:]), half(b[82:])
		for group, s := range scales {
			scale, minimum := d*float32(s&15), dmin*float32(s>>4)
			at := group / 8 * 32 // of the 128 elements' bytes
			shift := group % 8 / 2 * 2
			for i, q := range qs[at+group%2*16:][:16] {
				put(dst, group*16+i, float32(scale*float32(q>>shift&3))-minimum)
			}
		}
	})
}

// Q3_K: 32 bytes of third bits | 64 bytes as in Q2_K | 12 bytes of scales | d. The third bit of element i is bit i/32 of byte
// i%32; if it is not set, 4 is subtracted. The values are d·(scale-32)·q.
func decodeQ3_K(dst, src []byte) {
	blocks(dst, src, 256, 110, func(dst, b []byte) {
		high, qs, scales := b[:32], b[32:96], b[96:108]
		d := half(b[108:])
		for group := range 16 {
			low := scales[group%8] >> (group / 8 * 4) & 15
			two := scales[8+group%4] >> (group / 4 * 2) & 3
			scale := d * float32(int(low|two<<4)-32)
			at, within := group/8*32, group%2*16
			shift := group % 8 / 2 * 2
			for i := range 16 {
				q := int(qs[at+within+i] >> shift & 3)
				if high[within+i]>>(group/2)&1 == 0 {
					q -= 4
				}
				put(dst, group*16+i, scale*float32(q))
			}
		}
	})
}

// scaleMin returns the scale and the minimum of a group in Q4_K and Q5_K. Each has 6 bits. Those of the first
// four groups are in the low bits of eight bytes. Those of the others are in four more bytes and in the high
// bits of the eight.
func scaleMin(b []byte, group int) (scale, minimum float32) {
	if group < 4 {
		return float32(b[group] & 63), float32(b[group+4] & 63)
	}
	i := group - 4
	return float32(b[8+i]&15 | b[i]>>2&48), float32(b[8+i]>>4 | b[4+i]>>2&48)
}

// Q4_K: d | dmin | 12 bytes of scales and minima | 128 bytes of two elements. Byte j of each 32 has elements j and j+32
// of its 64; a group is 32 elements. The values are d·scale·q - dmin·minimum.
func decodeQ4_K(dst, src []byte) {
	blocks(dst, src, 256, 144, func(dst, b []byte) {
		d, dmin := half(b), half(b[2:])
		qs := b[16:144]
		for group := range 8 {
			s, m := scaleMin(b[4:16], group)
			scale, minimum := d*s, dmin*m
			shift := group % 2 * 4
			for i, q := range qs[group/2*32:][:32] {
				put(dst, group*32+i, float32(scale*float32(q>>shift&15))-minimum)
			}
		}
	})
}

// Q5_K: d | dmin | 12 bytes of scales and minima | 32 bytes of fifth bits | 128 bytes as in Q4_K. The fifth bit of element i
// is bit i/32 of byte i%32.
func decodeQ5_K(dst, src []byte) {
	blocks(dst, src, 256, 176, func(dst, b []byte) {
		d, dmin := half(b), half(b[2:])
		high, qs := b[16:48], b[48:176]
		for group := range 8 {
			s, m := scaleMin(b[4:16], group)
			scale, minimum := d*s, dmin*m
			shift := group % 2 * 4
			for i, q := range qs[group/2*32:][:32] {
				q = q>>shift&15 | high[i]>>group&1<<4
				put(dst, group*32+i, float32(scale*float32(q))-minimum)
			}
		}
	})
}

// Q6_K: 128 bytes of low bits | 64 bytes of high bits | 16 signed scales | d. Byte j of each 64 has the low
// bits of elements j and j+64 of its 128. Byte j of each 32 has the high bits of elements j, j+32, j+64 and
// j+96 of its 128. A group is 16 elements. The values are d·scale·(q-32).
func decodeQ6_K(dst, src []byte) {
	blocks(dst, src, 256, 210, func(dst, b []byte) {
		low, high, scales := b[:128], b[128:192], b[192:208]
		d := half(b[208:])
		for i := range 256 {
			half, j := i/128, i%128 // of the two halves of a block
			q := low[half*64+j%64]>>(j/64*4)&15 | high[half*32+j%32]>>(j/32*2)&3<<4
			scale := d * float32(int8(scales[i/16]))
			put(dst, i, scale*float32(int(q)-32))
		}
	})
}

// Q8_K: float32 d | 256 signed bytes | sums that are not needed. The values are d·q.
func decodeQ8_K(dst, src []byte) {
	blocks(dst, src, 256, 292, func(dst, b []byte) {
		d := math.Float32frombits(binary.LittleEndian.Uint32(b))
		for i, q := range b[4:260] {
			put(dst, i, d*float32(int8(q)))
		}
	})
}
