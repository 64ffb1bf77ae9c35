package torch

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
	"github.com/gockpt/ckpt/tensor"
)

// An element is a numeric type of PyTorch.
type element struct {
	name  string       // "float32"
	dtype tensor.DType // InvalidDType if package tensor has no such dtype
	size  int64        // bytes
}

// elements are the dtypes of torch, by name.
var elements = func() map[string]element {
	m := make(map[string]element)
	for _, e := range []element{
		{"float32", tensor.DTFloat32, 4}, {"float64", tensor.DTFloat64, 8}, {"float16", tensor.DTFloat16, 2}, {"bfloat16", tensor.DTBFloat16, 2},
		{"uint8", tensor.DTUInt8, 1}, {"int8", tensor.DTInt8, 1}, {"int16", tensor.DTInt16, 2}, {"int32", tensor.DTInt32, 4}, {"int64", tensor.DTInt64, 8},
		{"uint16", tensor.DTUInt16, 2}, {"uint32", tensor.DTUInt32, 4}, {"uint64", tensor.DTUInt64, 8}, {"bool", tensor.DTBool, 1},
		{"complex64", tensor.DTComplex64, 8}, {"complex128", tensor.DTComplex128, 16}, {"complex32", tensor.InvalidDType, 4},
		{"float8_e4m3fn", tensor.DTFloat8E4M3FN, 1}, {"float8_e5m2", tensor.DTFloat8E5M2, 1},
		{"float8_e4m3fnuz", tensor.DTFloat8E4M3FNUZ, 1}, {"float8_e5m2fnuz", tensor.DTFloat8E5M2FNUZ, 1},
		{"float8_e8m0fnu", tensor.InvalidDType, 1}, {"float4_e2m1fn_x2", tensor.InvalidDType, 1},
		{"qint8", tensor.InvalidDType, 1}, {"quint8", tensor.InvalidDType, 1}, {"qint32", tensor.InvalidDType, 4},
		{"quint4x2", tensor.InvalidDType, 1}, {"quint2x4", tensor.InvalidDType, 1},
		{"bits8", tensor.InvalidDType, 1}, {"bits16", tensor.InvalidDType, 2}, {"bits1x8", tensor.InvalidDType, 1},
		{"bits2x4", tensor.InvalidDType, 1}, {"bits4x2", tensor.InvalidDType, 1},
	} {
		m[e.name] = e
	}
	for other, name := range map[string]string{
		"float": "float32", "double": "float64", "half": "float16", "short": "int16", "int": "int32", "long": "int64",
		"cfloat": "complex64", "cdouble": "complex128", "chalf": "complex32",
	} {
		m[other] = m[name]
	}
	return m
}()

// storageElements are the elements of torch's typed storages, by class name.
var storageElements = map[string]string{
	"FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
	"ByteStorage": "uint8", "CharStorage": "int8", "ShortStorage": "int16", "IntStorage": "int32", "LongStorage": "int64",
	"BoolStorage": "bool", "ComplexFloatStorage": "complex64", "ComplexDoubleStorage": "complex128",
	"QInt8Storage": "qint8", "QUInt8Storage": "quint8", "QInt32Storage": "qint32", "QUInt4x2Storage": "quint4x2", "QUInt2x4Storage": "quint2x4",
	"UntypedStorage": "uint8", "_UntypedStorage": "uint8",
}

// storageElement returns the elements of a storage class such as torch.FloatStorage, torch.cuda.FloatStorage or
// torch.storage.UntypedStorage.
func storageElement(v pickle.Value) (element, bool) {
	g, ok := v.(*pickle.Global)
	if !ok || g.Module != "torch" && g.Module != "torch.cuda" && g.Module != "torch.storage" {
		return element{}, false
	}
	e, ok := elements[storageElements[g.Name]]
	return e, ok
}

// dtypeElement returns the elements of a dtype such as torch.float32.
func dtypeElement(v pickle.Value) (element, bool) {
	g, ok := v.(*pickle.Global)
	if !ok || g.Module != "torch" {
		return element{}, false
	}
	e, ok := elements[g.Name]
	return e, ok
}

// numpyElement returns the elements of a NumPy dtype, and whether they are big-endian.
func numpyElement(v pickle.Value) (e element, bigEndian, ok bool) {
	o, ok := v.(*pickle.Object)
	if !ok || o.Class.String() != "numpy.dtype" || len(o.Args) == 0 {
		return element{}, false, false
	}
	code, _ := o.Args[0].(string)
	if state, ok := o.State.(pickle.Tuple); ok && len(state) > 1 {
		bigEndian = state[1] == ">"
	}
	if rest, found := strings.CutPrefix(code, ">"); found {
		code, bigEndian = rest, true
	}
	e, ok = elements[map[string]string{
		"f2": "float16", "f4": "float32", "f8": "float64", "b1": "bool", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
		"u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64", "c8": "complex64", "c16": "complex128",
	}[strings.TrimLeft(code, "<=|")]]
	if !ok {
		if quoted := raw.Quote(code); quoted != `"`+code+`"` {
			code = quoted
		}
		return element{name: fmt.Sprintf("numpy %.24s", code)}, false, true
	}
	return e, bigEndian, true
}
