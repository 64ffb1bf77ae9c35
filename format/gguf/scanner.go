package gguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format/raw"
)

// A scanner reads the parts of a file before its tensors, in order. It keeps the first error; later reads return zeros.
type scanner struct {
	file  string // its name, in messages
	r     *bufio.Reader
	order binary.ByteOrder
	at    int64 // offset of the next byte
	size  int64 // size of the file
	err   error
}

func newScanner(b *raw.Blob) *scanner {
	return &scanner{file: b.Name(), r: bufio.NewReaderSize(io.NewSectionReader(b, 0, b.Size()), 64<<10), order: binary.LittleEndian, size: b.Size()}
}

// left returns how many bytes follow the current offset.
func (s *scanner) left() int64 { return s.size - s.at }

// maxHead is the most bytes before the tensors. A quarter of a million tokens with their scores take 20 MiB.
const maxHead = 256 << 20

func (s *scanner) fail(reason string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("at offset %d: %s", s.at, fmt.Sprintf(reason, args...))
	}
}

// read fills p.
func (s *scanner) read(p []byte) {
	if s.err != nil {
		return
	}
	n, err := io.ReadFull(s.r, p)
	s.at += int64(n)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		s.fail("the file ends, but at least %d more bytes were expected: it was cut off", len(p)-n)
	case err != nil:
		s.err = raw.OpenError("read", s.file, err)
	}
	if s.err != nil {
		clear(p)
	}
}

func (s *scanner) uint8() uint8 {
	var b [1]byte
	s.read(b[:])
	return b[0]
}

func (s *scanner) uint16() uint16 {
	var b [2]byte
	s.read(b[:])
	return s.order.Uint16(b[:])
}

func (s *scanner) uint32() uint32 {
	var b [4]byte
	s.read(b[:])
	return s.order.Uint32(b[:])
}

func (s *scanner) uint64() uint64 {
	var b [8]byte
	s.read(b[:])
	return s.order.Uint64(b[:])
}

// count reads a number of items. The rest of the file must have room for them, at size bytes or more each.
func (s *scanner) count(what string, size int64) int {
	n := s.uint64()
	if s.err == nil && n > uint64(s.left()/size) {
		s.fail("got %d %s, but only %d bytes follow in the file", n, what, s.left())
	}
	if s.err == nil && n > uint64((maxHead-s.at)/size) {
		s.fail("got %d %s: at most %d bytes may come before the tensors", n, what, int64(maxHead))
	}
	if s.err != nil {
		return 0
	}
	return int(n)
}

// str reads a string.
func (s *scanner) str() string {
	n := s.count("bytes of a string", 1)
	var b []byte
	for len(b) < n && s.err == nil { // allocate only for bytes that the file has
		piece := min(n-len(b), 1<<16)
		b = append(b, make([]byte, piece)...)
		s.read(b[len(b)-piece:])
	}
	return string(b)
}

// name reads a string that must be UTF-8.
func (s *scanner) name() string {
	name := s.str()
	if s.err == nil && !utf8.ValidString(name) {
		s.fail("the name %q is not UTF-8", name[:min(len(name), 100)])
	}
	return name
}

// The types of metadata: gguf_type of gguf.h.
const (
	typeUint8 = iota
	typeInt8
	typeUint16
	typeInt16
	typeUint32
	typeInt32
	typeFloat32
	typeBool
	typeString
	typeArray
	typeUint64
	typeInt64
	typeFloat64
)

// value reads a value of metadata. Arrays may be nested depth levels deep.
func (s *scanner) value(kind uint32, depth int) any {
	switch kind {
	case typeUint8:
		return s.uint8()
	case typeInt8:
		return int8(s.uint8())
	case typeUint16:
		return s.uint16()
	case typeInt16:
		return int16(s.uint16())
	case typeUint32:
		return s.uint32()
	case typeInt32:
		return int32(s.uint32())
	case typeFloat32:
		return s.float32()
	case typeBool:
		return s.bool()
	case typeString:
		return s.str()
	case typeArray:
		return s.array(depth)
	case typeUint64:
		return s.uint64()
	case typeInt64:
		return int64(s.uint64())
	case typeFloat64:
		return s.float64()
	}
	s.fail("type %d of a value is unknown", kind)
	return nil
}

func (s *scanner) float32() float32 { return math.Float32frombits(s.uint32()) }
func (s *scanner) float64() float64 { return math.Float64frombits(s.uint64()) }
func (s *scanner) bool() bool       { return s.uint8() != 0 }

// array reads an array.
func (s *scanner) array(depth int) any {
	if depth == 0 {
		s.fail("arrays are nested too deeply")
		return nil
	}
	switch kind := s.uint32(); kind {
	case typeUint8:
		return elements(s, 1, s.uint8)
	case typeInt8:
		return elements(s, 1, func() int8 { return int8(s.uint8()) })
	case typeUint16:
		return elements(s, 2, s.uint16)
	case typeInt16:
		return elements(s, 2, func() int16 { return int16(s.uint16()) })
	case typeUint32:
		return elements(s, 4, s.uint32)
	case typeInt32:
		return elements(s, 4, func() int32 { return int32(s.uint32()) })
	case typeFloat32:
		return elements(s, 4, s.float32)
	case typeBool:
		return elements(s, 1, s.bool)
	case typeString:
		return elements(s, 8, s.str)
	case typeArray:
		return elements(s, 12, func() any { return s.array(depth - 1) })
	case typeUint64:
		return elements(s, 8, s.uint64)
	case typeInt64:
		return elements(s, 8, func() int64 { return int64(s.uint64()) })
	case typeFloat64:
		return elements(s, 8, s.float64)
	default:
		s.fail("type %d of an array is unknown", kind)
		return nil
	}
}

// elements reads the length and the elements of an array. Each element takes at least size bytes.
func elements[T any](s *scanner, size int64, read func() T) []T {
	n := s.count("elements of an array", size)
	list := make([]T, 0, min(n, 1<<12))
	for range n {
		if list = append(list, read()); s.err != nil {
			return nil
		}
	}
	return list
}
