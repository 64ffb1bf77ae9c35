package hdf5

import (
	"bytes"
	"fmt"

	"github.com/gockpt/ckpt/tensor"
)

// The classes of datatypes.
const (
	classFixed    = 0
	classFloat    = 1
	classString   = 3
	classOpaque   = 5
	classCompound = 6
	classEnum     = 8
	classVariable = 9
)

var classNames = [...]string{"integer", "float", "time", "string", "bit field", "opaque", "compound", "reference", "enumeration",
	"variable-length", "array", "complex"}

// A datatype describes elements.
type datatype struct {
	dtype     tensor.DType // InvalidDType if package tensor has no such dtype
	size      int          // bytes per element
	bigEndian bool
	text      bool  // elements are strings: of size bytes, or of variable length
	variable  bool  // elements are a length and a position in a global heap
	opaque    bool  // elements are bytes; an attribute may give their dtype
	err       error // why dtype is unknown
	class     string
}

// readDatatype takes a datatype from the beginning of c. It does not fail if the datatype is merely unknown: see datatype.err.
func readDatatype(c *cursor) (datatype, error) { return readDatatypeAt(c, 0) }

func readDatatypeAt(c *cursor, depth int) (t datatype, err error) {
	head := c.u8()
	class, version := int(head&0x0f), int(head>>4)
	bits := uint32(c.uint(3))
	t.size = int(c.u32())
	if err := c.err(); err != nil {
		return t, err
	}
	switch {
	case version < 1 || version > 3:
		return t, unsupportedf("a datatype of version %d", version)
	case t.size == 0:
		return t, corruptf("a datatype of 0 bytes")
	}
	t.class = fmt.Sprintf("class %d", class)
	if class < len(classNames) {
		t.class = classNames[class]
	}
	switch class {
	case classFixed:
		t.fixed(bits, c.u16(), c.u16())
	case classFloat:
		t.float(bits, c.take(12))
	case classString:
		t.dtype, t.text = tensor.DTString, true
	case classOpaque:
		t.opaqueOf(bits, c)
	case classEnum:
		if depth > 0 {
			return t, corruptf("an enumeration of an enumeration")
		}
		err = t.enum(bits, version, c)
	case classVariable:
		t.variable = true
		if bits&0x0f == 1 {
			t.dtype, t.text = tensor.DTString, true
		} else {
			t.err = unsupportedf("a variable-length datatype")
		}
		if t.size != variableSize {
			return t, corruptf("a variable-length datatype of %d bytes, expected %d", t.size, variableSize)
		}
		c.data = nil // skip the base type
	default:
		t.err = unsupportedf("the datatype %s of %d bytes", t.class, t.size)
		c.data = nil
	}
	if err == nil {
		err = c.err()
	}
	return t, err
}

func (t *datatype) fixed(bits uint32, offset, precision uint16) {
	t.bigEndian = bits&1 != 0
	signed := bits&8 != 0
	switch {
	case offset != 0 || int(precision) != 8*t.size:
	case t.size == 1 && signed:
		t.dtype = tensor.DTInt8
	case t.size == 2 && signed:
		t.dtype = tensor.DTInt16
	case t.size == 4 && signed:
		t.dtype = tensor.DTInt32
	case t.size == 8 && signed:
		t.dtype = tensor.DTInt64
	case t.size == 1:
		t.dtype = tensor.DTUInt8
	case t.size == 2:
		t.dtype = tensor.DTUInt16
	case t.size == 4:
		t.dtype = tensor.DTUInt32
	case t.size == 8:
		t.dtype = tensor.DTUInt64
	}
	if t.dtype == tensor.InvalidDType {
		t.err = unsupportedf("integers of %d bits at bit %d of %d bytes", precision, offset, t.size)
	}
}

// floats maps the properties of floats to dtypes: bit offset, precision, position and width of exponent and mantissa, and the
// bias of the exponent; in the second byte of bits, the position of the sign.
var floats = []struct {
	dtype      tensor.DType
	size       int
	sign       uint8
	properties [12]byte
}{
	{tensor.DTFloat16, 2, 15, [12]byte{0, 0, 16, 0, 10, 5, 0, 10, 15}},
	{tensor.DTBFloat16, 2, 15, [12]byte{0, 0, 16, 0, 7, 8, 0, 7, 127}},
	{tensor.DTFloat32, 4, 31, [12]byte{0, 0, 32, 0, 23, 8, 0, 23, 127}},
	{tensor.DTFloat64, 8, 63, [12]byte{0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3}},
	{tensor.DTFloat8E5M2, 1, 7, [12]byte{0, 0, 8, 0, 2, 5, 0, 2, 15}},
}

const mantissaImplied = 2 << 4 // the first bit of the mantissa is 1 and not stored

func (t *datatype) float(bits uint32, properties []byte) {
	t.bigEndian = bits&1 != 0
	for _, f := range floats {
		if t.size == f.size && bytes.Equal(properties, f.properties[:]) && uint8(bits>>8) == f.sign && bits&0x70 == mantissaImplied {
			t.dtype = f.dtype
			return
		}
	}
	t.err = unsupportedf("floats of %d bytes that are neither float16, bfloat16, float32 nor float64", t.size)
}

func (t *datatype) opaqueOf(bits uint32, c *cursor) {
	t.opaque = true
	c.take(int(bits&0xff+7) &^ 7) // a tag, which h5py leaves empty
	if t.size == 2 {
		t.dtype = tensor.DTBFloat16 // the only one of ml_dtypes' types, which NumPy treats as bytes, with this size
		return
	}
	t.err = unsupportedf("opaque elements of %d bytes", t.size)
}

// opaqueAs gives the opaque t the dtype called name.
func (t *datatype) opaqueAs(name string) {
	if d, err := tensor.ParseDType(name); err == nil && d.Size() == t.size {
		t.dtype, t.err = d, nil
	} else {
		t.dtype, t.err = tensor.InvalidDType, unsupportedf("opaque elements of %d bytes called %q", t.size, name)
	}
}

// enum reads an enumeration. FALSE and TRUE make NumPy's bool; any other enumeration is read as its integers.
func (t *datatype) enum(bits uint32, version int, c *cursor) error {
	base, err := readDatatypeAt(c, 1)
	if err != nil {
		return err
	}
	members := int(bits & 0xffff)
	names := make([]string, 0, min(members, 2))
	for range members {
		end := bytes.IndexByte(c.data, 0)
		if end < 0 {
			return corruptf("an enumeration: the name of a member is not terminated")
		}
		name := c.take(end)
		pad := 1
		if version < 3 {
			pad = 8 - end%8
		}
		c.take(pad)
		if len(names) < 2 {
			names = append(names, string(name))
		}
	}
	values := c.take(members * base.size)
	if err := c.err(); err != nil {
		return err
	}
	t.dtype, t.bigEndian, t.err = base.dtype, base.bigEndian, base.err
	if members == 2 && base.size == 1 && names[0] == "FALSE" && names[1] == "TRUE" && values[0] == 0 && values[1] == 1 {
		t.dtype = tensor.DTBool
	}
	return nil
}
