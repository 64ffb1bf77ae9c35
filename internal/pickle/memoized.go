package pickle

import (
	"encoding/binary"
	"math"
	"strconv"
)

// index reads the number of a value in the memo.
func (d *Decoder) index(op byte) (uint32, error) {
	switch op {
	case opBinGet, opBinPut:
		i, err := d.count(1)
		return uint32(i), err
	case opLongBinGet, opLongBinPut:
		i, err := d.count(4)
		return uint32(i), err
	}
	line, err := d.line()
	if err != nil {
		return 0, err
	}
	i, err := strconv.ParseUint(string(line), 10, 32)
	if err != nil {
		return 0, d.corrupt("expected the number of a value, got %.40q", line)
	}
	return uint32(i), nil
}

// get pushes a value from the memo.
func (d *Decoder) get(op byte) error {
	i, err := d.index(op)
	if err != nil {
		return err
	}
	v, ok := d.memo.get(i)
	if !ok {
		return d.corrupt("it refers to value %d, which does not exist", i)
	}
	d.push(v)
	return nil
}

// put stores the value on top of the stack in the memo.
func (d *Decoder) put(op byte) error {
	i := d.memo.len()
	if op != opMemoize {
		var err error
		if i, err = d.index(op); err != nil {
			return err
		}
	}
	v, err := d.top()
	if err == nil {
		d.memo.put(i, v)
	}
	return err
}

// proto reads the number of the protocol.
func (d *Decoder) proto() error {
	b, err := d.byte()
	if err != nil {
		return err
	}
	if b > lastProtocol {
		return d.unsupported("it has protocol %d, the newest supported protocol is %d", b, lastProtocol)
	}
	return nil
}

// frame reads the length of a frame and checks it. Python uses it to read ahead.
func (d *Decoder) frame() error {
	b, err := d.read(8)
	if err != nil {
		return err
	}
	if n := binary.LittleEndian.Uint64(b); n > math.MaxInt64 || int64(n) > d.size-d.off {
		return d.corrupt("a frame has %d bytes, but only %d are left", n, d.size-d.off)
	}
	return nil
}
