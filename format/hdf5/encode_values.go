package hdf5

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

func appendMessage(b []byte, kind uint16, body []byte) []byte {
	padded := (len(body) + 7) &^ 7
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, uint16(padded))
	b = append(b, 0, 0, 0, 0)
	b = append(b, body...)
	return append(b, make([]byte, padded-len(body))...)
}

func appendDataspace(b []byte, shape tensor.Shape) []byte {
	b = append(b, 1, byte(len(shape)), 0, 0, 0, 0, 0, 0)
	for _, n := range shape {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// appendDatatype appends the datatype that h5py uses for d. It returns an error if h5py has none.
func appendDatatype(b []byte, d tensor.DType) ([]byte, error) {
	size := byte(d.Size())
	head := func(class, version byte, bits ...byte) {
		b = append(b, class|version<<4)
		b = append(b, bits...)
		b = append(b, size, 0, 0, 0)
	}
	integer := func(signed byte) { // signed is 8 for signed integers
		head(classFixed, 1, signed, 0, 0)
		b = append(b, 0, 0, 8*size, 0)
	}
	switch d {
	case tensor.DTInt8, tensor.DTInt16, tensor.DTInt32, tensor.DTInt64:
		integer(8)
	case tensor.DTUInt8, tensor.DTUInt16, tensor.DTUInt32, tensor.DTUInt64:
		integer(0)
	case tensor.DTBFloat16:
		head(classOpaque, 1, 0, 0, 0)
	case tensor.DTBool:
		head(classEnum, 1, 2, 0, 0)
		integer(8)
		b = append(b, "FALSE\x00\x00\x00TRUE\x00\x00\x00\x00\x00\x01"...)
	case tensor.DTString:
		size = variableSize
		head(classVariable, 1, 1, 1, 0) // a string in UTF-8
		size = 1
		integer(0)
	default:
		for _, f := range floats {
			if f.dtype == d && d.Size() > 1 { // h5py would read float8 as a float16
				head(classFloat, 1, mantissaImplied, f.sign, 0)
				return append(b, f.properties[:]...), nil
			}
		}
		return nil, fmt.Errorf("HDF5 as Keras writes it has no datatype for %v: cast the tensor to another dtype: %w", d, errors.ErrUnsupported)
	}
	return b, nil
}

const variableSize = 16 // bytes of an element of variable length: its length, and its position in a global heap

// attributes appends an object's attributes to its messages, in the order of their names.
func (e *encoder) attributes(messages []byte, all []Attribute) ([]byte, error) {
	if len(all) > maxAttributes {
		return nil, fmt.Errorf("got %d attributes, expected at most %d", len(all), maxAttributes)
	}
	slices.SortFunc(all, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	for i, a := range all {
		if i > 0 && all[i-1].Name == a.Name {
			return nil, fmt.Errorf("two attributes are called %q", a.Name)
		}
		body, err := e.attribute(a)
		if err == nil && len(body) > math.MaxUint16-7 {
			err = fmt.Errorf("got %d bytes, expected at most %d", len(body), math.MaxUint16-7)
		}
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", a.Name, err)
		}
		messages = appendMessage(messages, msgAttribute, body)
	}
	return messages, nil
}

func (e *encoder) attribute(a Attribute) ([]byte, error) {
	if a.Value == nil {
		return nil, fmt.Errorf("its value could not be read: %w", a.Err)
	}
	if len(a.Name) > math.MaxInt16 {
		return nil, fmt.Errorf("its name is too long: got %d bytes, expected less than 64 KiB", len(a.Name))
	}
	typ, err := appendDatatype(nil, a.Value.DType())
	if err != nil {
		return nil, err
	}
	name := append([]byte(a.Name), 0)
	space := appendDataspace(nil, a.Value.Shape())
	b := []byte{1, 0}
	for _, part := range [][]byte{name, typ, space} {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(part)))
	}
	for _, part := range [][]byte{name, typ, space} {
		b = append(b, part...)
		b = append(b, make([]byte, -len(b)&7)...)
	}
	if texts, ok := a.Value.(*tensor.Tensor[string]); ok {
		for _, s := range texts.Data() {
			at, index, err := e.text(s)
			if err != nil {
				return nil, err
			}
			b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
			b = binary.LittleEndian.AppendUint64(b, at)
			b = binary.LittleEndian.AppendUint32(b, index)
		}
		return b, nil
	}
	values := a.Value
	if !tensor.NativeLittleEndian {
		values = tensor.Clone(values)
		tensor.SwapBytes(values)
	}
	memory, _ := tensor.Bytes(values)
	return append(b, memory...), nil
}

// text puts a string into a global heap and returns its position. The empty string has the undefined address.
func (e *encoder) text(s string) (at uint64, index uint32, err error) {
	const least, head = 4096, 16 // bytes: the smallest heap that HDF5 accepts; the header of a heap or of an object
	if s == "" {
		return 0, 0, nil
	}
	if len(s) > maxBlock-2*head || strings.ContainsRune(s, 0) {
		return 0, 0, fmt.Errorf("got a string of %d bytes, expected at most %d and no NUL", len(s), maxBlock-2*head)
	}
	h := &e.strings
	need := uint64(head + (len(s)+7)&^7)
	if h.end-h.used < need || h.objects == math.MaxUint16 {
		size := max(least, head+need)
		h.at = e.alloc(int(size))
		h.used, h.end, h.objects = h.at+head, h.at+size, 0
		copy(e.out[h.at:], "GCOL\x01")
		e.put64(h.at+8, size)
	}
	h.objects++
	binary.LittleEndian.PutUint16(e.out[h.used:], uint16(h.objects))
	e.put64(h.used+8, uint64(len(s)))
	copy(e.out[h.used+head:], s)
	h.used += need
	if free := h.end - h.used; free >= head { // object 0 is the free space, including its header
		e.put64(h.used+8, free)
	}
	return h.at, uint32(h.objects), nil
}
