package npz

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/tensor"
)

const (
	magic = "\x93NUMPY"

	// maxHeader is the longest header that is read. Only the headers of records can be longer.
	maxHeader = 1 << 20

	// alignment: the offset of the values is a multiple of it.
	alignment = 64

	// growth is the width to which NumPy pads the length of the axis along which an array can grow.
	growth = 21
)

// A header is the header of a .npy file.
type header struct {
	descr   string // as in the file; for records, a list in Python's syntax
	records bool
	fortran bool
	shape   tensor.Shape
	size    int64  // bytes before the values
	sum     uint32 // CRC-32 of these bytes
}

// errMagic is the error of a file that is not .npy.
var errMagic = fmt.Errorf("it does not begin with %q", magic)

// readHeader reads the header of a file of size bytes. It returns errors of r unchanged.
func readHeader(r io.Reader, size int64) (h header, err error) {
	sum := crc32.NewIEEE()
	r = io.TeeReader(r, sum)
	var start [len(magic) + 2]byte
	if n, err := io.ReadFull(r, start[:]); err != nil || string(start[:len(magic)]) != magic {
		if n < len(magic) || string(start[:len(magic)]) != magic {
			return h, errMagic
		}
		return h, err
	}
	width := 2
	if version := start[len(magic)]; version < 1 || version > 3 {
		return h, fmt.Errorf("version %d.%d of the .npy format is not supported, only 1 to 3 are", version, start[len(magic)+1])
	} else if version > 1 {
		width = 4
	}
	var length [4]byte
	if _, err := io.ReadFull(r, length[:width]); err != nil {
		return h, err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > maxHeader {
		return h, fmt.Errorf("its header has %d bytes, expected at most %d", n, maxHeader)
	}
	if int64(n) > size {
		return h, io.ErrUnexpectedEOF
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, err
	}
	if start[len(magic)] == 3 && !utf8.Valid(text) {
		return h, fmt.Errorf("its header is not UTF-8")
	}
	if err := h.parse(string(text)); err != nil {
		return h, fmt.Errorf("its header: %w", err)
	}
	h.size, h.sum = int64(len(start)+width)+int64(n), sum.Sum32()
	return h, nil
}

// parse reads the dictionary.
func (h *header) parse(text string) error {
	p := parser{text: text}
	var seen [3]bool
	err := p.dict(func(key string) (err error) {
		field := map[string]int{"descr": 0, "fortran_order": 1, "shape": 2}
		i, ok := field[key]
		if !ok {
			return p.fault("%s is not one of descr, fortran_order and shape", raw.Quote(key))
		}
		if seen[i] {
			return p.fault("%s occurs twice", key)
		}
		seen[i] = true
		switch i {
		case 0:
			if c := p.peek(); c != '[' && c != '(' && c != '{' {
				h.descr, err = p.str()
				return err
			}
			begin := p.at
			h.records, err = true, p.skip(maxDepth)
			h.descr = text[begin:p.at]
		case 1:
			h.fortran, err = p.boolean()
		case 2:
			h.shape, err = p.shape()
		}
		return err
	})
	if err != nil {
		return err
	}
	if p.peek(); p.at < len(text) {
		return p.fault("expected the end of the header")
	}
	if seen != [3]bool{true, true, true} {
		return fmt.Errorf("expected the keys descr, fortran_order and shape")
	}
	return nil
}

// appendHeader appends the header that NumPy writes for an array in C order.
func appendHeader(b []byte, descr string, shape tensor.Shape) []byte {
	var d strings.Builder
	fmt.Fprintf(&d, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr)
	for i, n := range shape {
		if i > 0 {
			d.WriteByte(' ')
		}
		d.WriteString(strconv.Itoa(n))
		if i < len(shape)-1 || len(shape) == 1 {
			d.WriteByte(',')
		}
	}
	d.WriteString("), }")
	if len(shape) > 0 {
		d.WriteString(strings.Repeat(" ", growth-len(strconv.Itoa(shape[0]))))
	}
	// The header ends in a newline. Spaces before it align the values.
	const before = len(magic) + 4
	pad := alignment - (before+d.Len()+1)%alignment
	b = append(append(b, magic...), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(d.Len()+1+pad))
	b = append(b, d.String()...)
	b = append(b, strings.Repeat(" ", pad)...)
	return append(b, '\n')
}
