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

// contentField is tensor_content, the bytes of the whole array. If it is not empty, it replaces the list.
const contentField protowire.Number = 4

// A list describes the list of a TensorProto that has the elements of a dtype: its field, how an item is encoded, and how many
// items make an element.
type list struct {
	num  protowire.Number
	item protowire.Type // of numbers, which may be packed, or of strings
	per  int
}

// listOf follows Tensor::FromProto in core/framework/tensor.cc (the Helper and ProtoHelper templates). ok is false for dtypes
// without a list in the format.
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

// values are the elements of a region in a TensorProto. Their number is checked to be that in the region.
type values struct {
	dtype   tensor.DType
	list    list
	message []byte
	content []byte // of tensor_content; empty if there is a list
}

// newValues finds the elements in a TensorProto and counts them. Afterwards it is safe to allocate memory for
// n elements.
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

// itemSize returns the number of bytes that an item takes in memory.
func (v *values) itemSize() int { return v.dtype.Size() / v.list.per }

// each calls a function for every item of the list, in order: number for numbers, and raw for strings and runs of packed
// numbers with a fixed size.
func (v *values) each(number func(uint64) error, raw func([]byte) error) error {
	for f, err := range pb.Fields(v.message) {
		switch {
		case err != nil:
			return err
		case f.Num != v.list.num:
		case f.Type == v.list.item && f.Type != protowire.BytesType: // a single number
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

// unpack calls number for each number of a packed list.
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

// decode puts the elements into dst, which has their dtype and number.
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

// unsigned lists the dtypes without negative numbers in a list: unsigned integers, and small floats, which are stored as bits.
var unsigned = []tensor.DType{
	tensor.DTUInt8, tensor.DTUInt16, tensor.DTQUInt8, tensor.DTQUInt16, tensor.DTUInt4, tensor.DTUInt2,
	tensor.DTFloat16, tensor.DTBFloat16, tensor.DTUInt32,
}

// fits reports whether an item of a list is a number of dtype d, which takes size bytes. int_val has numbers of 32 bits;
// negative ones are sign-extended.
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
