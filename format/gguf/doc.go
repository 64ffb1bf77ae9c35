// Package gguf reads the GGUF files of llama.cpp: metadata and tensors, most of them quantized.
//
// # The file
//
//	"GGUF" | uint32 version | uint64 tensors | uint64 pairs of metadata
//	for each pair:   string key | uint32 type | value
//	for each tensor: string name | uint32 axes | uint64 length of each axis | uint32 type | uint64 offset
//	zeros up to a multiple of the alignment
//	the bytes of the tensors
//
// The metadata may give the alignment as general.alignment; otherwise it is 32. Offsets count from the first byte of the tensors.
//
// llama.cpp may write a model as several such files: see [Open].
//
// A string is a uint64 length and its bytes. Versions 2 and 3 are read, in either byte order.
//
// # Tensors
//
// The file lists the innermost axis first; format.Entry lists it last, as NumPy does. F32, F16, BF16, F64 and I8 to I64 are
// read unchanged. Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and Q2_K to Q8_K are blocks of small integers and scales. They are read as
// float32, bit for bit as the Python package gguf dequantizes them. Tensors of all other types are listed; reading one returns an
// error that satisfies errors.Is(err, errors.ErrUnsupported). [raw.Reader.Tensor] says which type is stored,
// [raw.Reader.WriteBytes] copies the blocks.
//
// # What is checked
//
// Open reads everything except the tensors. It rejects lengths beyond the file's end before it allocates, duplicate keys and
// names, text that is not UTF-8, tensors that overlap, exceed the file or are misaligned, and rows that are not whole
// blocks.
//
// # Caveats
//
// The format has no checksums: damage to values goes unnoticed.
package gguf
