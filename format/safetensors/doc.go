// Package safetensors reads and writes safetensors files, those of Hugging Face among others, of one file or of several with an index.
//
// # The file
//
//	uint64 n, little-endian | n bytes of JSON | the bytes of all tensors
//
// The JSON is an object that begins with '{' and may end in spaces. It has a member for each tensor,
//
//	"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}
//
// where the offsets count from the first byte after the JSON, and perhaps "__metadata__", an object of strings. Numbers are
// little-endian and in row-major order. Tensors follow one another without gaps, in any order, and fill the file.
//
// # Several files
//
// A large checkpoint is several such files and an index, "model.safetensors.index.json",
//
//	{"metadata": {"total_size": bytes}, "weight_map": {"name": "model-00001-of-00002.safetensors", …}}
//
// which [Open] reads as one checkpoint. Files lie in the index's directory or below it.
//
// # What is checked
//
// [Open] reads every header and no tensor. It refuses a header that is longer than the file or than 100 MB, text that is
// not JSON or not UTF-8, names that occur twice (which JSON parsers let pass), unknown dtypes, sizes that do not
// fit shape and dtype, tensors that overlap, and bytes that belong to no tensor. Of an index it refuses files that
// are missing or lie outside of the directory, tensors that are in no file, in two, or in another than it says, and such as it
// does not list, and a total_size that differs from what the files hold. The errors are those of [raw.NewReader].
//
// Tensors of F4, F6_E2M3, F6_E3M2 and F8_E8M0, of which Go has no elements, are listed; reading one is an error
// that satisfies errors.Is(err, errors.ErrUnsupported).
//
// # Caveats
//
// The format has no checksums: damage to values goes unnoticed.
package safetensors
