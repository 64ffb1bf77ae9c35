package npz

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// numeric maps NumPy's names, a kind and a number of bytes, to dtypes.
var numeric = map[string]tensor.DType{
	"b1": tensor.DTBool,
	"i1": tensor.DTInt8, "i2": tensor.DTInt16, "i4": tensor.DTInt32, "i8": tensor.DTInt64,
	"u1": tensor.DTUInt8, "u2": tensor.DTUInt16, "u4": tensor.DTUInt32, "u8": tensor.DTUInt64,
	"f2": tensor.DTFloat16, "f4": tensor.DTFloat32, "f8": tensor.DTFloat64,
	"c8": tensor.DTComplex64, "c16": tensor.DTComplex128,
}

// parseDescr returns the dtype for descr, NumPy's name of a type such as "<f4" or "|b1". The error says why there is none.
func parseDescr(descr string) (d tensor.DType, bigEndian bool, err error) {
	order, kind := "", descr
	if descr != "" && strings.Contains("<>|=", descr[:1]) {
		order, kind = descr[:1], descr[1:]
	}
	if d, ok := numeric[kind]; ok {
		return d, order == ">", nil
	}
	if kind == "" {
		return 0, false, fmt.Errorf("%q is not a NumPy type", descr)
	}
	return 0, false, fmt.Errorf("it holds %s (%.40q): %s", kindName(kind[0]), descr, advice(kind))
}

// kindName describes the elements of a kind.
func kindName(kind byte) string {
	switch kind {
	case 'O':
		return "Python objects, stored as a pickle that is never run"
	case 'S', 'a':
		return "bytes"
	case 'U':
		return "text"
	case 'M', 'm':
		return "dates or times"
	case 'V':
		return "elements without a type"
	case 'f', 'c':
		return "floats of another size"
	}
	return "elements of another kind"
}

// advice says how to save values of a kind so that this package can read them.
func advice(kind string) string {
	switch kind {
	case "V2":
		return "NumPy saves bfloat16 in this way; save it as float32"
	case "V1", "f1":
		return "NumPy saves float8 in this way; save it as float32"
	}
	switch kind[0] {
	case 'O':
		return "save it as an array of numbers"
	case 'f', 'c':
		return "save it as float64 or complex128"
	case 'M', 'm':
		return "save it as int64"
	}
	return "only numbers are read"
}

// descrOf returns NumPy's name of d. ok is false if NumPy has no such type.
func descrOf(d tensor.DType) (descr string, ok bool) {
	for kind, of := range numeric {
		if of != d {
			continue
		}
		if d.Size() == 1 {
			return "|" + kind, true
		}
		return "<" + kind, true
	}
	return "", false
}
