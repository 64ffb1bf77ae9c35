package pickle

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// maxDigits is the largest number of digits of an integer in text, as in Python, because conversion takes more than linear time.
const maxDigits = 4300

// fixedNumber pushes a number of fixed size.
func (d *Decoder) fixedNumber(op byte) error {
	size := uint64(4)
	switch op {
	case opBinInt1:
		size = 1
	case opBinInt2:
		size = 2
	case opBinFloat:
		size = 8
	}
	b, err := d.read(size)
	if err != nil {
		return err
	}
	switch op {
	case opBinInt1:
		d.push(int64(b[0]))
	case opBinInt2:
		d.push(int64(binary.LittleEndian.Uint16(b)))
	case opBinInt:
		d.push(int64(int32(binary.LittleEndian.Uint32(b))))
	case opBinFloat:
		d.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	return nil
}

// long pushes an integer of any size, stored in two's complement, lowest byte first.
func (d *Decoder) long(op byte) error {
	width := 1
	if op == opLong4 {
		width = 4
	}
	n, err := d.count(width)
	if err != nil {
		return err
	}
	if n > math.MaxInt32 {
		return d.corrupt("an integer has a negative length")
	}
	b, err := d.read(n)
	if err != nil {
		return err
	}
	negative := n > 0 && b[n-1]&0x80 != 0
	if n <= 8 {
		var word [8]byte
		if negative {
			word = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
		}
		copy(word[:], b)
		d.push(int64(binary.LittleEndian.Uint64(word[:])))
		return nil
	}
	bigEndian := slices.Clone(b)
	slices.Reverse(bigEndian)
	v := new(big.Int).SetBytes(bigEndian)
	if negative {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
	}
	d.push(narrow(v))
	return nil
}

// narrow returns v as an int64 if it fits.
func narrow(v *big.Int) Value {
	if v.IsInt64() {
		return v.Int64()
	}
	return v
}

// number pushes a number that is written as a line of text.
func (d *Decoder) number(op byte, text string) error {
	if op == opInt && (text == "00" || text == "01") { // bools in protocols 0 and 1
		d.push(text == "01")
		return nil
	}
	if op == opFloat {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(v, 0) {
			return d.corrupt("%.40q is not a float", text)
		}
		d.push(v)
		return nil
	}
	text = strings.TrimSuffix(text, "L")
	if len(text) > maxDigits {
		return d.corrupt("an integer has %d digits, expected at most %d", len(text), maxDigits)
	}
	v, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return d.corrupt("%.40q is not an integer", text)
	}
	d.push(narrow(v))
	return nil
}

// count reads a length of size bytes.
func (d *Decoder) count(size int) (uint64, error) {
	b, err := d.read(uint64(size))
	if err != nil {
		return 0, err
	}
	var word [8]byte
	copy(word[:], b)
	return binary.LittleEndian.Uint64(word[:]), nil
}
