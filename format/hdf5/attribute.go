package hdf5

import (
	"bytes"
	"encoding/binary"

	"github.com/gockpt/ckpt/tensor"
)

// An Attribute is a named value of a group or a dataset.
type Attribute struct {
	Name  string
	Value tensor.Any // numbers or strings; nil if Err is not nil
	Err   error      // why the value cannot be read
}

// Text returns the attribute's value if it is a single string.
func (a *Attribute) Text() (string, bool) {
	if t, ok := a.Value.(*tensor.Tensor[string]); ok && t.Len() == 1 {
		return t.Data()[0], true
	}
	return "", false
}

// readAttribute reads an attribute message.
func (b *blocks) readAttribute(c *cursor) (a Attribute, err error) {
	version := c.u8()
	c.take(1)
	nameSize, typeSize, spaceSize := int(c.u16()), int(c.u16()), int(c.u16())
	pad := func(n int) int { return n }
	switch version {
	case 1:
		pad = func(n int) int { return (n + 7) &^ 7 }
	case 2:
	case 3:
		c.take(1) // the character set of the name, ASCII or UTF-8
	default:
		if err := c.err(); err != nil {
			return a, err
		}
		return a, unsupportedf("an attribute message of version %d", version)
	}
	name, _, _ := bytes.Cut(c.take(pad(nameSize)), []byte{0})
	a.Name = string(name)
	typ := c.part("an attribute's datatype", pad(typeSize))
	space := c.part("an attribute's dataspace", pad(spaceSize))
	if err := c.err(); err != nil {
		return a, err
	}
	t, err := readDatatype(&typ)
	if err != nil {
		return a, err
	}
	shape, absent, err := readDataspace(&space)
	if err != nil {
		return a, err
	}
	switch {
	case absent:
		a.Err = unsupportedf("an attribute with a null dataspace")
	case t.err != nil:
		a.Err = t.err
	default:
		a.Value, err = b.attributeValue(c, t, shape)
	}
	return a, err
}

func (b *blocks) attributeValue(c *cursor, t datatype, shape tensor.Shape) (tensor.Any, error) {
	n := shape.Len()
	if n > len(c.data)/t.size {
		return nil, corruptf("an attribute of shape %v with elements of %d bytes has only %d bytes", shape, t.size, len(c.data))
	}
	data := c.take(n * t.size)
	if t.text {
		strings := tensor.New[string](shape...)
		for i := range strings.Data() {
			element := data[i*t.size : (i+1)*t.size]
			var err error
			if strings.Data()[i], err = b.text(element, t); err != nil {
				return nil, err
			}
		}
		return strings, nil
	}
	value, err := tensor.NewAny(t.dtype, shape...)
	if err != nil {
		return nil, err
	}
	memory, ok := tensor.Bytes(value)
	if !ok || len(memory) != len(data) {
		return nil, unsupportedf("an attribute of dtype %v", t.dtype)
	}
	copy(memory, data)
	if t.bigEndian == tensor.NativeLittleEndian {
		t.dtype.SwapBytes(memory)
	}
	t.dtype.Normalize(memory)
	return value, nil
}

// text returns the string in an element, up to the first NUL as in h5py.
func (b *blocks) text(element []byte, t datatype) (string, error) {
	if !t.variable {
		element, _, _ = bytes.Cut(element, []byte{0})
		return string(element), nil
	}
	length, at, index := binary.LittleEndian.Uint32(element), binary.LittleEndian.Uint64(element[4:]), binary.LittleEndian.Uint32(element[12:])
	if length == 0 || at == 0 || at == undefined {
		return "", nil
	}
	return b.heapText(at, index, uint64(length))
}
