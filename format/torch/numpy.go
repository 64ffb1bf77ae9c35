package torch

import (
	"github.com/gockpt/ckpt/internal/pickle"
)

// array returns the tensor of a NumPy array. The array is a call of _reconstruct with the state (version, shape, dtype, Fortran
// order, data).
func array(o *pickle.Object) (*made, error) {
	state, _ := o.State.(pickle.Tuple)
	if len(state) == 5 { // older versions of NumPy put a version first
		state = state[1:]
	}
	if len(state) != 4 {
		return nil, corrupt("the state of a NumPy array is not made of shape, dtype, order and data")
	}
	return newArray(state[0], state[1], state[2] == true, state[3])
}

// fromBuffer returns the tensor of a NumPy array in the form of protocol 5: (data, dtype, shape, order).
func fromBuffer(args pickle.Tuple) (*made, error) {
	if len(args) != 4 {
		return nil, corrupt("a NumPy array is made of %d values, expected 4", len(args))
	}
	return newArray(args[2], args[1], args[3] == "F", args[0])
}

func newArray(shape, dtype pickle.Value, fortran bool, data pickle.Value) (*made, error) {
	e, bigEndian, ok := numpyElement(dtype)
	if !ok {
		return nil, corrupt("the dtype of a NumPy array is %s", kind(dtype))
	}
	m := &made{element: e, bigEndian: bigEndian}
	var err error
	if m.shape, err = shapeOf(shape); err != nil {
		return nil, err
	}
	if e.size == 0 {
		m.refuse = "it is an array of " + e.name + ", which are not numbers"
		return m, nil
	}
	if m.array, ok = rawBytes(data); !ok {
		return nil, corrupt("the data of a NumPy array is %s", kind(data))
	}
	if fortran {
		m.strides = make([]int64, len(m.shape))
		next := int64(1)
		for i, n := range m.shape {
			m.strides[i] = next
			next *= int64(n)
		}
	}
	return m, nil
}

// rawBytes returns the bytes in v: bytes, a str of Python 2 or, before protocol 3, a call of _codecs.encode(str, "latin1").
func rawBytes(v pickle.Value) ([]byte, bool) {
	switch v := v.(type) {
	case pickle.Bytes:
		return v, true
	case string:
		return []byte(v), true
	case *pickle.Object:
		switch v.Class.String() {
		case "builtins.bytes":
			return nil, len(v.Args) == 0
		case "_codecs.encode":
			if len(v.Args) != 2 || v.Args[1] != "latin1" {
				return nil, false
			}
			text, ok := v.Args[0].(string)
			if !ok {
				return nil, false
			}
			b := make([]byte, 0, len(text))
			for _, r := range text {
				if r > 0xff {
					return nil, false
				}
				b = append(b, byte(r))
			}
			return b, true
		}
	}
	return nil, false
}
