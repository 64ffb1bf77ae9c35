// Package slicekey encodes the keys under which both of TensorFlow's formats store the parts of a tensor
// (EncodeTensorNameSlice in saved_tensor_slice_util.cc, in the OrderedCode of tensorflow/core/lib/strings). The comment of package
// format/bundle describes the encoding.
package slicekey

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/gockpt/ckpt/tensor"
)

// Of returns the key of the part s of the tensor called name.
func Of(name string, s tensor.Slice) []byte { return AppendSlice(Prefix(name), s) }

// Prefix returns the common beginning of the keys of all parts of the tensor called name. Other keys do not begin with it.
func Prefix(name string) []byte {
	return appendString(appendNumber(make([]byte, 0, len(name)+32), 0), name)
}

// AppendSlice appends the rest of a key, which distinguishes the part s from others of its tensor.
func AppendSlice(b []byte, s tensor.Slice) []byte {
	b = appendNumber(b, uint64(len(s)))
	for _, e := range s {
		b = appendSigned(appendSigned(b, int64(e.Start)), int64(e.Length))
	}
	return b
}

// Parse is the inverse of [Of]. ok is false if key is not the key of a part.
func Parse(key []byte) (name string, s tensor.Slice, ok bool) {
	zero, b, ok := parseNumber(key)
	if !ok || zero != 0 {
		return "", nil, false
	}
	if name, b, ok = parseString(b); !ok {
		return "", nil, false
	}
	rank, b, ok := parseNumber(b)
	if !ok || rank > uint64(len(b)/2) { // each axis takes two bytes at least
		return "", nil, false
	}
	s = make(tensor.Slice, rank)
	for i := range s {
		var start, length int64
		if start, b, ok = parseSigned(b); !ok {
			return "", nil, false
		}
		if length, b, ok = parseSigned(b); !ok {
			return "", nil, false
		}
		s[i] = tensor.Extent{Start: axis(start), Length: axis(length)}
		if s[i].Start < 0 || length < -1 || length >= 0 && s[i].Length < 0 || length < 0 && start != 0 {
			return "", nil, false
		}
	}
	return name, s, len(b) == 0
}

// axis returns v as an int, or -1 if it does not fit.
func axis(v int64) int {
	if v < math.MinInt || v > math.MaxInt {
		return -1
	}
	return int(v)
}

// appendNumber is OrderedCode::WriteNumIncreasing.
func appendNumber(b []byte, v uint64) []byte {
	n := (bits.Len64(v) + 7) / 8
	b = append(b, byte(n))
	for n--; n >= 0; n-- {
		b = append(b, byte(v>>(8*n)))
	}
	return b
}

func parseNumber(b []byte) (v uint64, rest []byte, ok bool) {
	if len(b) == 0 || b[0] > 8 || len(b)-1 < int(b[0]) {
		return 0, nil, false
	}
	n := int(b[0])
	if n > 0 && b[1] == 0 { // not the shortest form
		return 0, nil, false
	}
	for _, c := range b[1 : 1+n] {
		v = v<<8 | uint64(c)
	}
	return v, b[1+n:], true
}

// appendString is OrderedCode::WriteString.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case 0x00:
			b = append(b, 0x00, 0xff)
		case 0xff:
			b = append(b, 0xff, 0x00)
		default:
			b = append(b, c)
		}
	}
	return append(b, 0x00, 0x01)
}

func parseString(b []byte) (s string, rest []byte, ok bool) {
	var out []byte
	for i := 0; i+1 < len(b); i++ {
		switch pair := [2]byte{b[i], b[i+1]}; {
		case pair == [2]byte{0x00, 0x01}:
			return string(out), b[i+2:], true
		case pair == [2]byte{0x00, 0xff}, pair == [2]byte{0xff, 0x00}:
			out = append(out, b[i])
			i++
		case b[i] == 0x00 || b[i] == 0xff:
			return "", nil, false
		default:
			out = append(out, b[i])
		}
	}
	return "", nil, false
}

// signedHeaders are, for each length of a signed number, the bits in its first two bytes that tell the length.
var signedHeaders = [11]uint16{0, 0x8000, 0xc000, 0xe000, 0xf000, 0xf800, 0xfc00, 0xfe00, 0xff00, 0xff80, 0xffc0}

// signedLen returns how many bytes v takes: each has room for seven bits, with one more for the sign.
func signedLen(v int64) int { return bits.Len64(uint64(v^v>>63))/7 + 1 }

// appendSigned is OrderedCode::WriteSignedNumIncreasing.
func appendSigned(b []byte, v int64) []byte {
	n := signedLen(v)
	var full [10]byte // v in ten bytes, big-endian; the last n are stored
	sign := byte(v >> 63)
	full[0], full[1] = sign, sign
	binary.BigEndian.PutUint64(full[2:], uint64(v))
	out := full[10-n:]
	head := signedHeaders[n]
	out[0] ^= byte(head >> 8)
	if n > 1 {
		out[1] ^= byte(head)
	}
	return append(b, out...)
}

func parseSigned(b []byte) (v int64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	// The leading bits of a non-negative number are ones, of a negative one zeros: as many as the number has bytes.
	head := uint16(b[0]) << 8
	if len(b) > 1 {
		head |= uint16(b[1])
	}
	positive := head&0x8000 != 0
	if !positive {
		head = ^head
	}
	n := bits.LeadingZeros16(^head)
	if n > 10 || n > len(b) {
		return 0, nil, false
	}
	var full [10]byte
	if !positive {
		full = [10]byte(bytes.Repeat([]byte{0xff}, 10))
	}
	out := full[10-n:]
	copy(out, b[:n])
	out[0] ^= byte(signedHeaders[n] >> 8)
	if n > 1 {
		out[1] ^= byte(signedHeaders[n])
	}
	v = int64(binary.BigEndian.Uint64(full[2:]))
	return v, b[n:], signedLen(v) == n && bytes.Equal(appendSigned(nil, v), b[:n])
}
