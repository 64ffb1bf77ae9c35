package whatis

import (
	"bytes"
	"compress/gzip"
	"io"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

func (f *file) isHTML() bool {
	text := bytes.ToLower(f.text())
	return bytes.HasPrefix(text, []byte("<!doctype html")) || bytes.HasPrefix(text, []byte("<html"))
}

// isCompressedTar reports whether the file is a tar archive compressed by gzip.
func (f *file) isCompressedTar() bool {
	const magic = 257 // offset of the magic bytes
	z, err := gzip.NewReader(bytes.NewReader(f.head))
	if err != nil {
		return false
	}
	var start [magic + len("ustar")]byte
	_, err = io.ReadFull(z, start[:])
	return err == nil && string(start[magic:]) == "ustar"
}

// isMessagePack reports whether the file begins like a tree that Flax writes: a map with at least one entry and a string as its
// first key.
func (f *file) isMessagePack() bool {
	b := f.head
	switch {
	case len(b) < 4:
		return false
	case b[0] > 0x80 && b[0] <= 0x8f:
		b = b[1:]
	case b[0] == 0xde:
		b = b[3:]
	case b[0] == 0xdf && len(b) > 5:
		b = b[5:]
	default:
		return false
	}
	n := 0
	switch {
	case len(b) > 1 && b[0] >= 0xa1 && b[0] <= 0xbf:
		n, b = int(b[0]&0x1f), b[1:]
	case len(b) > 2 && b[0] == 0xd9:
		n, b = int(b[1]), b[2:]
	}
	return n > 0 && n <= len(b) && isWord(b[:n])
}

// isMindSpore reports whether the file begins like MindSpore's Checkpoint message: values with a name and a tensor of known type.
func (f *file) isMindSpore() bool {
	value, ok := field(f.head, 1)
	if !ok {
		return false
	}
	name, ok := field(value, 1)
	if !ok || !isWord(name) {
		return false
	}
	tensor, ok := field(value, 2)
	if !ok {
		return false
	}
	for len(tensor) > 0 {
		num, typ, n := protowire.ConsumeTag(tensor)
		if n < 0 {
			return false
		}
		tensor = tensor[n:]
		if num == 2 && typ == protowire.BytesType {
			kind, n := protowire.ConsumeBytes(tensor)
			return n > 0 && isWord(kind) && (bytes.Contains(kind, []byte("Float")) || bytes.Contains(kind, []byte("Int")) || bytes.Contains(kind, []byte("Bool")))
		}
		if n = protowire.ConsumeFieldValue(num, typ, tensor); n < 0 {
			return false
		}
		tensor = tensor[n:]
	}
	return false
}

// field returns the value of the first field of a message if it has number num and is a string or a message. The message may be
// cut off.
func field(message []byte, num protowire.Number) (value []byte, ok bool) {
	for len(message) > 0 {
		got, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, false
		}
		message = message[n:]
		if got == num && typ == protowire.BytesType {
			size, n := protowire.ConsumeVarint(message)
			if n < 0 {
				return nil, false
			}
			message = message[n:]
			return message[:min(size, uint64(len(message)))], true
		}
		if n = protowire.ConsumeFieldValue(got, typ, message); n < 0 {
			return nil, false
		}
		message = message[n:]
	}
	return nil, false
}

// isONNX reports whether the file begins like ONNX's ModelProto: the version of the representation, and then the name of the
// producer, a graph, or the versions of the operators.
func (f *file) isONNX() bool {
	const oldest, newest = 3, 50 // versions
	num, typ, n := protowire.ConsumeTag(f.head)
	if n < 0 || num != 1 || typ != protowire.VarintType {
		return false
	}
	version, m := protowire.ConsumeVarint(f.head[n:])
	if m < 0 || version < oldest || version > newest {
		return false
	}
	rest := f.head[n+m:]
	num, typ, n = protowire.ConsumeTag(rest)
	if n < 0 || typ != protowire.BytesType {
		return false
	}
	switch num {
	case 2: // producer_name
		name, n := protowire.ConsumeBytes(rest[n:])
		return n > 0 && isWord(name)
	case 7, 8: // graph, opset_import
		return true
	}
	return false
}

// isWord reports whether b is a name: printable and not empty.
func isWord(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return len(b) > 0
}
