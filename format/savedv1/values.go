package savedv1

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/tensor"
)

// contentField is tensor_content, the bytes of the whole array, which stands in the place of a list if it is not empty.
const contentField protowire.Number = 4

// A list says where a TensorProto has the elements of a dtype: the field, how each of its items is encoded, and
// how many of them make an element.
type list struct {
	num  protowire.Number
	item protowire.Type // of fixed-size items and varints, which may be packed; of strings
	per  int
}

// listOf is Tensor::FromProto in core/framework/tensor.cc (the Helper and ProtoHelper templates). ok is false for
// dtypes that the format has no list for.
func listOf(d tensor.DType) (l list, ok bool) {
	switch d {
	case tensor.DTFloat32:
		return list{5, protowire.Fixed32Type, 1}, true
	case tensor.DTFloat64:
		return list{6, protowire.Fixed64Type, 1}, true
	case tensor.DTInt32, tensor.DTInt16, tensor.DTInt8, tensor.DTUInt16, tensor.DTUInt8,
		tensor.DTQInt8, tensor.DTQUInt8, tensor.DTQInt16, tensor.DTQUInt16, tensor.DTQInt32,
		tensor.DTInt4, tensor.DTUInt4, tensor.DTInt2, tensor.DTUInt2:
		return list{7, protowire.VarintType, 1}, true
	case tensor.DTString:
		return list{8, protowire.BytesType, 1}, true
	case tensor.DTComplex64:
		return list{9, protowire.Fixed32Type, 2}, true
	case tensor.DTInt64:
		return list{10, protowire.VarintType, 1}, true
	case tensor.DTBool:
		return list{11, protowire.VarintType, 1}, true
	case tensor.DTComplex128:
		return list{12, protowire.Fixed64Type, 2}, true
	case tensor.DTFloat16, tensor.DTBFloat16:
		return list{13, protowire.VarintType, 1}, true
	case tensor.DTUInt32:
		return list{16, protowire.VarintType, 1}, true
	case tensor.DTUInt64:
		return list{17, protowire.VarintType, 1}, true
	}
	return list{}, false
}

// values are the elements of a region as a TensorProto has them, checked to be as many as the region's.
type values struct {
	dtype   tensor.DType
	list    list
	message []byte
	content []byte // of tensor_content; empty where there is a list
}

// newValues finds the elements in a TensorProto and counts them, before anybody asks for memory for n elements.
func newValues(message []byte, d tensor.DType, n int) (*values, error) {
	v := &values{dtype: d, message: message}
	for f, err := range pb.Fields(message) {
		if err != nil {
			return nil, err
		}
		if f.Has(contentField, protowire.BytesType) {
			v.content = f.Bytes
		}
	}
	if size := len(v.content); size > 0 {
		if d.Size() == 0 || size/d.Size() != n || size%d.Size() != 0 {
			return nil, fmt.Errorf("%d bytes of content for %d elements of %v", size, n, d)
		}
		return v, nil
	}
	var ok bool
	if v.list, ok = listOf(d); !ok {
		return nil, fmt.Errorf("the format has no lists of %v: %w", d, errors.ErrUnsupported)
	}
	items := 0
	err := v.each(func(uint64) error { items++; return nil }, func(b []byte) error {
		if v.list.item == protowire.BytesType {
			items++
		} else {
			items += len(b) / v.itemSize()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if items/v.list.per != n || items%v.list.per != 0 {
		return nil, fmt.Errorf("a list of %d for %d elements of %v", items, n, d)
	}
	return v, nil
}

// itemSize returns the bytes that an item takes in memory.
func (v *values) itemSize() int { return v.dtype.Size() / v.list.per }

// each passes every item of the list on, in order: numbers to number; strings, and runs of packed numbers of a
// fixed size, to raw.
func (v *values) each(number func(uint64) error, raw func([]byte) error) error {
	for f, err := range pb.Fields(v.message) {
		switch {
		case err != nil:
			return err
		case f.Num != v.list.num:
		case f.Type == v.list.item && f.Type != protowire.BytesType: // one number by itself
			err = number(f.Number)
		case f.Type != protowire.BytesType:
		case v.list.item == protowire.BytesType:
			err = raw(f.Bytes)
		case v.list.item == protowire.VarintType:
			err = unpack(f.Bytes, number)
		case len(f.Bytes)%v.itemSize() != 0:
			err = fmt.Errorf("a list of %d bytes, of items of %d", len(f.Bytes), v.itemSize())
		default:
			err = raw(f.Bytes)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unpack passes on the numbers of a packed list.
func unpack(b []byte, number func(uint64) error) error {
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return fmt.Errorf("its list: %w", pb.WireError(n))
		}
		if err := number(v); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// decode puts the elements into dst, which is of their dtype and number.
func (v *values) decode(dst tensor.Any) error {
	if s, ok := tensor.As[string](dst); ok {
		next := 0
		return v.each(nil, func(b []byte) error {
			s.Data()[next] = string(b)
			next++
			return nil
		})
	}
	memory, ok := tensor.Bytes(dst)
	if !ok {
		return fmt.Errorf("tensors of %v are not supported: %w", v.dtype, errors.ErrUnsupported)
	}
	if len(v.content) > 0 {
		copy(memory, v.content)
	} else if err := v.decodeNumbers(memory); err != nil {
		return err
	}
	if !tensor.NativeLittleEndian {
		v.dtype.SwapBytes(memory)
	}
	v.dtype.Normalize(memory)
	return nil
}

// decodeNumbers puts the numbers into memory in little-endian order.
func (v *values) decodeNumbers(memory []byte) error {
	size := v.itemSize()
	var full [8]byte
	return v.each(func(n uint64) error {
		if !fits(n, v.dtype, size, v.list.item) {
			return fmt.Errorf("%d is not a value of %v", int64(n), v.dtype)
		}
		if v.dtype == tensor.DTBool && n != 0 {
			n = 1
		}
		binary.LittleEndian.PutUint64(full[:], n)
		memory = memory[copy(memory, full[:size]):]
		return nil
	}, func(b []byte) error {
		memory = memory[copy(memory, b):]
		return nil
	})
}

// unsigned lists the dtypes with numbers that are not negative in a list: unsigned integers, and the bits of small floats.
var unsigned = []tensor.DType{
	tensor.DTUInt8, tensor.DTUInt16, tensor.DTQUInt8, tensor.DTQUInt16, tensor.DTUInt4, tensor.DTUInt2,
	tensor.DTFloat16, tensor.DTBFloat16, tensor.DTUInt32,
}

// fits reports whether an item of a list is a number of dtype d, which takes size bytes. int_val has numbers of 32
// bits, in which negative ones are sign-extended.
func fits(n uint64, d tensor.DType, size int, item protowire.Type) bool {
	switch {
	case item != protowire.VarintType || size == 8 || d == tensor.DTBool:
		return true
	case slices.Contains(unsigned, d):
		return n>>(8*size) == 0
	}
	shift := 64 - 8*size
	return int64(n)<<shift>>shift == int64(int32(n))
}
