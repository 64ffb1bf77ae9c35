package tensor

import "strconv"

// Each integer of less than eight bits takes one byte, in memory and in a data file. The low bits hold the value, in two's
// complement, and the upper bits are ignored. TensorFlow writes zeros there, so -1 is 0x0f in a data file, and accepts any bits
// when it reads. Int8 and Uint8 return the number. Two bytes may stand for the same number and still differ under ==.
type (
	// Int4 is an integer from -8 to 7.
	Int4 int8
	// UInt4 is an integer from 0 to 15.
	UInt4 uint8
	// Int2 is an integer from -2 to 1.
	Int2 int8
	// UInt2 is an integer from 0 to 3.
	UInt2 uint8
)

// Int4FromInt8 returns the low four bits of v, as TensorFlow stores them.
func Int4FromInt8(v int8) Int4 { return Int4(v & 0xf) }

// UInt4FromUint8 returns the low four bits of v.
func UInt4FromUint8(v uint8) UInt4 { return UInt4(v & 0xf) }

// Int2FromInt8 returns the low two bits of v, as TensorFlow stores them.
func Int2FromInt8(v int8) Int2 { return Int2(v & 0x3) }

// UInt2FromUint8 returns the low two bits of v.
func UInt2FromUint8(v uint8) UInt2 { return UInt2(v & 0x3) }

// Int8 returns i's value, from -8 to 7.
func (i Int4) Int8() int8 { return int8(i) << 4 >> 4 }

// Uint8 returns i's value, from 0 to 15.
func (i UInt4) Uint8() uint8 { return uint8(i) & 0xf }

// Int8 returns i's value, from -2 to 1.
func (i Int2) Int8() int8 { return int8(i) << 6 >> 6 }

// Uint8 returns i's value, from 0 to 3.
func (i UInt2) Uint8() uint8 { return uint8(i) & 0x3 }

// String returns i's value in decimal.
func (i Int4) String() string { return strconv.Itoa(int(i.Int8())) }

// String returns i's value in decimal.
func (i UInt4) String() string { return strconv.Itoa(int(i.Uint8())) }

// String returns i's value in decimal.
func (i Int2) String() string { return strconv.Itoa(int(i.Int8())) }

// String returns i's value in decimal.
func (i UInt2) String() string { return strconv.Itoa(int(i.Uint8())) }
