package npz

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// numeric are the dtypes by kind and bytes, as NumPy calls them.
var numeric = map[string]tensor.DType{
	"b1": tensor.DTBool,
	"i1": tensor.DTInt8, "i2": tensor.DTInt16, "i4": tensor.DTInt32, "i8": tensor.DTInt64,
	"u1": tensor.DTUInt8, "u2": tensor.DTUInt16, "u4": tensor.DTUInt32, "u8": tensor.DTUInt64,
	"f2": tensor.DTFloat16, "f4": tensor.DTFloat32, "f8": tensor.DTFloat64,
	"c8": tensor.DTComplex64, "c16": tensor.DTComplex128,
}

// parseDescr returns what a type that NumPy writes as descr is here, such as "<f4" or "|b1". The error says why there is nothing.
func parseDescr(descr string) (d tensor.DType, bigEndian bool, err error) {
	order, kind := "", descr
	if descr != "" && strings.Contains("<>|=", descr[:1]) {
		order, kind = descr[:1], descr[1:]
	}
	if d, ok := numeric[kind]; ok {
		return d, order == ">", nil
	}
	if kind == "" {
		return 0, false, fmt.Errorf("%q is not a type", descr)
	}
	return 0, false, fmt.Errorf("it holds %s (%.40q): %s", kindName(kind[0]), descr, advice(kind))
}

// kindName says what elements of a kind are.
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

// advice says how values of a kind can be saved so that they are read.
func advice(kind string) string {
	switch kind {
	case "V2":
		return "NumPy saves bfloat16 so; save it as float32"
	case "V1", "f1":
		return "NumPy saves float8 so; save it as float32"
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

// descrOf returns what NumPy writes for d. ok is false where it has no such type.
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
