// Package safetensors reads and writes checkpoints in safetensors files, the format of Hugging Face: a single file, or
// several with an index.
//
// # The file
//
//	uint64 n, little-endian | n bytes of JSON | the bytes of all tensors
//
// The JSON is an object that begins with '{' and may end in spaces. It has a member for each tensor,
//
//	"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}
//
// where the offsets count from the first byte after the JSON. It may have a member "__metadata__", an object of strings.
// Numbers are little-endian and in row-major order. Tensors follow one another without gaps, in any order, and fill the
// file.
//
// # Several files
//
// A large checkpoint consists of several such files and an index, "model.safetensors.index.json",
//
//	{"metadata": {"total_size": bytes}, "weight_map": {"name": "model-00001-of-00002.safetensors", …}}
//
// Open reads them as one checkpoint. The files are in the index's directory or below it.
//
// # What is checked
//
// Open reads every header but does not read tensors. It rejects a header that is longer than the file or than 100 MB, text
// that is not JSON or not UTF-8, duplicate names (which JSON parsers accept), unknown dtypes, sizes that do not match shape
// and dtype, overlapping tensors, and bytes outside of all tensors. It rejects an index if a file is missing or lies outside
// of the directory, if a tensor is missing, occurs twice, is in another file than the index says or is not listed, or if
// total_size differs from the files' contents. The errors are those of raw.NewReader.
//
// Tensors of F4, F6_E2M3, F6_E3M2 and F8_E8M0 are listed, but this module does not have such dtypes: reading one is an error
// that satisfies errors.Is(err, errors.ErrUnsupported).
//
// # Caveats
//
// The format has no checksums: damage to values goes unnoticed.
package safetensors
