package safetensors

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/jsonscan"
)

// alignment: the header is padded so that the offset of the first tensor is a multiple of it.
const alignment = 8

// layOut sorts items as the reference implementation does: elements with the widest alignment first, then by name. It sets their
// offsets in the file, and returns the bytes that come before them and the size of the file.
func layOut(items []raw.Item, metadata map[string]string) ([]byte, int64) {
	slices.SortFunc(items, func(a, b raw.Item) int {
		return cmp.Or(cmp.Compare(storedAs(b.Source.DType), storedAs(a.Source.DType)), strings.Compare(a.Key, b.Key))
	})
	b := append(make([]byte, lengthSize), '{')
	if metadata != nil {
		b = append(jsonscan.AppendString(b, metadataName), ":{"...)
		for i, k := range slices.Sorted(maps.Keys(metadata)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(jsonscan.AppendString(b, k), ':')
			b = jsonscan.AppendString(b, metadata[k])
		}
		b = append(b, "},"...)
	}
	end := int64(0)
	for i := range items {
		it := &items[i]
		it.Offset = end
		end += it.Size()
		b = append(appendEntry(b, it, end), ',')
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	b = append(b, '}')
	for len(b)%alignment != 0 {
		b = append(b, ' ')
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-lengthSize))
	for i := range items {
		items[i].Offset += int64(len(b))
	}
	return b, int64(len(b)) + end
}

// appendEntry appends the member of the header for it.
func appendEntry(b []byte, it *raw.Item, end int64) []byte {
	b = append(jsonscan.AppendString(b, it.Key), `:{"dtype":"`...)
	b = append(b, storedTypes[storedAs(it.Source.DType)].name...)
	b = append(b, `","shape":[`...)
	for i, n := range it.Source.Shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	b = append(b, `],"data_offsets":[`...)
	b = strconv.AppendInt(b, it.Offset, 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, end, 10)
	return append(b, "]}"...)
}

// encodeIndex returns the index of tensors as Hugging Face's libraries write it: Python's json.dumps with sorted keys and an
// indentation of 2.
func encodeIndex(fileOf map[string]string, totalSize int64) []byte {
	b := append([]byte(nil), "{\n  \"metadata\": {\n    \"total_size\": "...)
	b = strconv.AppendInt(b, totalSize, 10)
	b = append(b, "\n  },\n  \"weight_map\": {"...)
	for i, name := range slices.Sorted(maps.Keys(fileOf)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n    "...)
		b = append(appendASCII(b, name), ": "...)
		b = appendASCII(b, fileOf[name])
	}
	return append(b, "\n  }\n}\n"...)
}

// appendASCII is jsonscan.AppendString, but escapes everything except ASCII.
func appendASCII(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	unit := func(b []byte, r rune) []byte {
		return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
	for _, r := range string(jsonscan.AppendString(nil, text)) {
		switch {
		case r < 0x7f:
			b = append(b, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = unit(unit(b, high), low)
		default:
			b = unit(b, r)
		}
	}
	return b
}
