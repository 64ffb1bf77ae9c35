package gguf

import (
	"fmt"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/tensor"
)

// A kind is a tensor type: ggml_type in ggml.h.
type kind struct {
	name     string
	elements int          // elements of a block; 0 if unknown
	bytes    int          // bytes of a block
	dtype    tensor.DType // of the values; [tensor.InvalidDType] if they cannot be read
	decode   func(dst, src []byte)
}

const f32 = tensor.DTFloat32

// kinds maps numbers of ggml_type to kinds.
var kinds = map[uint32]kind{
	0:  {"F32", 1, 4, f32, nil},
	1:  {"F16", 1, 2, tensor.DTFloat16, nil},
	2:  {"Q4_0", 32, 18, f32, decodeQ4_0},
	3:  {"Q4_1", 32, 20, f32, decodeQ4_1},
	4:  {name: "Q4_2"}, // 4 and 5 were abandoned
	5:  {name: "Q4_3"},
	6:  {"Q5_0", 32, 22, f32, decodeQ5_0},
	7:  {"Q5_1", 32, 24, f32, decodeQ5_1},
	8:  {"Q8_0", 32, 34, f32, decodeQ8_0},
	9:  {"Q8_1", 32, 40, 0, nil},
	10: {"Q2_K", 256, 84, f32, decodeQ2_K},
	11: {"Q3_K", 256, 110, f32, decodeQ3_K},
	12: {"Q4_K", 256, 144, f32, decodeQ4_K},
	13: {"Q5_K", 256, 176, f32, decodeQ5_K},
	14: {"Q6_K", 256, 210, f32, decodeQ6_K},
	15: {"Q8_K", 256, 292, f32, decodeQ8_K},
	16: {"IQ2_XXS", 256, 66, 0, nil},
	17: {"IQ2_XS", 256, 74, 0, nil},
	18: {"IQ3_XXS", 256, 98, 0, nil},
	19: {"IQ1_S", 256, 50, 0, nil},
	20: {"IQ4_NL", 32, 18, 0, nil},
	21: {"IQ3_S", 256, 110, 0, nil},
	22: {"IQ2_S", 256, 82, 0, nil},
	23: {"IQ4_XS", 256, 136, 0, nil},
	24: {"I8", 1, 1, tensor.DTInt8, nil},
	25: {"I16", 1, 2, tensor.DTInt16, nil},
	26: {"I32", 1, 4, tensor.DTInt32, nil},
	27: {"I64", 1, 8, tensor.DTInt64, nil},
	28: {"F64", 1, 8, tensor.DTFloat64, nil},
	29: {"IQ1_M", 256, 56, 0, nil},
	30: {"BF16", 1, 2, tensor.DTBFloat16, nil},
	34: {"TQ1_0", 256, 54, 0, nil},
	35: {"TQ2_0", 256, 66, 0, nil},
	39: {"MXFP4", 32, 17, 0, nil},
	40: {"NVFP4", 64, 36, 0, nil},
	41: {"Q1_0", 128, 18, 0, nil},
}

// kindOf returns the kind with the given number. For an unknown kind it sets only a name with the number.
func kindOf(number uint32) kind {
	if k, ok := kinds[number]; ok {
		return k
	}
	return kind{name: fmt.Sprintf("type %d", number)}
}

// code returns the decoder for blocks of k, or nil if k has plain numbers.
func (k *kind) code() *raw.Code {
	if k.decode == nil {
		return nil
	}
	return &raw.Code{Elements: k.elements, Bytes: k.bytes, Decode: k.decode}
}
