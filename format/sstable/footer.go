package sstable

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	magic      = 0xdb4775248b80fb57
	footerLen  = 48
	trailerLen = 5 // the type and the checksum after each block
)

// The compression types of blocks.
const (
	typeNone   = 0
	typeSnappy = 1
)

// A handle is the position of a block. size does not include the trailer.
type handle struct{ offset, size uint64 }

// end is the offset after the block's trailer. It is meaningful if the handle is within a file.
func (h handle) end() uint64 { return h.offset + h.size + trailerLen }

// within reports whether the block and its trailer lie before limit.
func (h handle) within(limit uint64) bool {
	return limit >= trailerLen && h.offset <= limit-trailerLen && h.size <= limit-trailerLen-h.offset
}

// appendHandle appends the encoding of h.
func appendHandle(b []byte, h handle) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, h.offset), h.size)
}

// parseHandle decodes a handle and returns the bytes after it.
func parseHandle(b []byte) (h handle, rest []byte, ok bool) {
	var n int
	if h.offset, n = binary.Uvarint(b); n <= 0 {
		return h, nil, false
	}
	b = b[n:]
	if h.size, n = binary.Uvarint(b); n <= 0 {
		return h, nil, false
	}
	return h, b[n:], true
}

// readFooter returns the handles of the metaindex and the index block. The metaindex handle may be invalid.
func readFooter(r io.ReaderAt, size int64) (meta, index handle, err error) {
	if size < footerLen {
		return meta, index, footer.corrupt(0, "the file's %d bytes are too few for a table, which ends in a footer of %d", size, footerLen)
	}
	at := size - footerLen
	var b [footerLen]byte
	if err := readAt(r, b[:], at, footer); err != nil {
		return meta, index, err
	}
	if got := binary.LittleEndian.Uint64(b[footerLen-8:]); got != magic {
		return meta, index, footer.corrupt(at, "magic number %#016x, want %#016x: not a TensorFlow checkpoint, or its end was cut off", got, uint64(magic))
	}
	meta, rest, ok := parseHandle(b[:footerLen-8])
	if ok {
		index, _, ok = parseHandle(rest)
	}
	if !ok {
		return meta, index, footer.corrupt(at, "it does not have two block handles")
	}
	if !index.within(uint64(at)) {
		return meta, index, footer.corrupt(at, "the index block's handle (offset %d, size %d) is not within the %d bytes before the footer",
			index.offset, index.size, at)
	}
	return meta, index, nil
}

// readAt fills b from offset at. It returns an error if the file has become shorter.
func readAt(r io.ReaderAt, b []byte, at int64, p part) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == io.EOF || err == nil {
		return p.corrupt(at, "%d of %d bytes could be read: the file was cut off", n, len(b))
	}
	return fmt.Errorf("%s at offset %d: %w", p, at, err)
}
