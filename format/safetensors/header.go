package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/jsonscan"
	"github.com/gockpt/ckpt/tensor"
)

const (
	// maxHeader is the longest header that the reference implementation reads.
	maxHeader = 100_000_000

	// maxNumbers is more than a shape has axes: [raw.NewReader] says how many it reads.
	maxNumbers = 1000

	metadataName = "__metadata__"
	lengthSize   = 8 // of the header's length, which comes first
)

// A header is what a file says of its tensors.
type header struct {
	tensors  []raw.Tensor // in the order of their bytes; offsets count from the file's beginning
	metadata map[string]string
}

// readHeader reads and checks the header of a file.
func readHeader(b *raw.Blob) (h header, err error) {
	name, size := b.Name(), b.Size()
	if size < lengthSize {
		return h, raw.Corrupt(name, "", "it has %d bytes, and a safetensors file begins with the 8 bytes of its header's length", size)
	}
	var length [lengthSize]byte
	if err := read(b, length[:], 0); err != nil {
		return h, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	switch {
	case n > maxHeader:
		return h, raw.Corrupt(name, "", "its first 8 bytes, the length of a safetensors header, say %d, and at most %d are allowed", n, maxHeader)
	case n > uint64(size-lengthSize):
		return h, raw.Corrupt(name, "", "its header has %d bytes, and the file ends after %d: it was cut off", n, size-lengthSize)
	}
	text, err := jsonscan.Read(b, lengthSize, int64(n))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return h, raw.Corrupt(name, "", "it was cut off while it was read")
	case errors.Is(err, jsonscan.ErrZeros):
		return h, raw.Corrupt(name, "", "header: %v", err)
	case err != nil:
		return h, raw.OpenError("read", name, err)
	}
	if h, err = parseHeader(text); err != nil {
		return h, raw.Corrupt(name, "", "header: %v", err)
	}
	return h, h.place(name, lengthSize+int64(n), size)
}

// read fills p from offset off of b.
func read(b *raw.Blob, p []byte, off int64) error {
	if n, err := b.ReadAt(p, off); n < len(p) {
		if err == io.EOF {
			return raw.Corrupt(b.Name(), "", "it was cut off while it was read")
		}
		return raw.OpenError("read", b.Name(), err)
	}
	return nil
}

// minTensor is fewer bytes than the JSON of any tensor takes.
const minTensor = len(`"":{"dtype":"U8","shape":[],"data_offsets":[0,0]}`)

// parseHeader reads the JSON. Offsets are as it has them, and Size is what they say.
func parseHeader(text []byte) (h header, err error) {
	if len(text) == 0 || text[0] != '{' {
		return h, fmt.Errorf("expected '{', got %q", text[:min(8, len(text))])
	}
	s, err := jsonscan.New(text)
	if err != nil {
		return h, err
	}
	h.tensors = make([]raw.Tensor, 0, min(bytes.Count(text, []byte(`"dtype"`)), len(text)/minTensor))
	err = s.Object(func(name string) error {
		if name == metadataName {
			if h.metadata != nil {
				return s.Fault("%s occurs twice", metadataName)
			}
			h.metadata = make(map[string]string)
			return readStrings(s, h.metadata)
		}
		t, err := readTensor(s)
		if err != nil {
			return fmt.Errorf("%s: %w", raw.Quote(name), err)
		}
		t.Key = name
		h.tensors = append(h.tensors, t)
		return nil
	})
	if err != nil {
		return h, err
	}
	return h, s.End()
}

// readStrings reads an object of strings, or null, into m.
func readStrings(s *jsonscan.Scanner, m map[string]string) error {
	if s.Peek() == 'n' {
		return s.Skip()
	}
	return s.Object(func(name string) (err error) {
		if _, ok := m[name]; ok {
			return s.Fault("%s occurs twice", raw.Quote(name))
		}
		m[name], err = s.String()
		return err
	})
}

// readTensor reads what the header says of one tensor.
func readTensor(s *jsonscan.Scanner) (t raw.Tensor, err error) {
	var seen [3]bool
	once := func(i int, field string) error {
		if seen[i] {
			return s.Fault("%s occurs twice", field)
		}
		seen[i] = true
		return nil
	}
	var offsets []int64
	err = s.Object(func(field string) error {
		switch field {
		case "dtype":
			if err := once(0, field); err != nil {
				return err
			}
			t.Stored, err = s.String()
			return err
		case "shape":
			if err := once(1, field); err != nil {
				return err
			}
			t.Shape, err = numbers[tensor.Shape](s)
			return err
		case "data_offsets":
			if err := once(2, field); err != nil {
				return err
			}
			offsets, err = numbers[[]int64](s)
			return err
		}
		return s.Skip()
	})
	if err != nil {
		return t, err
	}
	if seen != [3]bool{true, true, true} {
		return t, s.Fault("expected dtype, shape and data_offsets")
	}
	if len(offsets) != 2 || offsets[0] > offsets[1] {
		return t, s.Fault("data_offsets: expected where the tensor begins and where it ends, got %v", offsets)
	}
	t.Offset, t.Size = offsets[0], offsets[1]-offsets[0]
	return t, nil
}

// numbers reads an array of numbers.
func numbers[S ~[]E, E int | int64](s *jsonscan.Scanner) (S, error) {
	list := S{}
	err := s.Array(func() error {
		if len(list) == maxNumbers {
			return s.Fault("more than %d numbers", maxNumbers)
		}
		n, err := s.Number()
		if err == nil && int64(E(n)) != n {
			err = s.Fault("%d is more elements than an int can count", n)
		}
		list = append(list, E(n))
		return err
	})
	return list, err
}

// place checks that the tensors of the file called name fill it from the byte begin to its end, and makes their offsets
// those in the file.
func (h *header) place(name string, begin, size int64) error {
	slices.SortStableFunc(h.tensors, func(a, b raw.Tensor) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Size, b.Size))
	})
	end := int64(0) // of the tensors so far
	for i := range h.tensors {
		t := &h.tensors[i]
		if err := resolve(name, t); err != nil {
			return err
		}
		switch {
		case t.Offset < end:
			return raw.Corrupt(name, t.Key, "it begins at %d, before the end of %s at %d: they overlap", t.Offset, raw.Quote(h.tensors[i-1].Key), end)
		case t.Offset > end:
			return raw.Corrupt(name, t.Key, "it begins at %d, and the %d bytes before it belong to no tensor", t.Offset, t.Offset-end)
		case t.Size > size-begin-end:
			return raw.Corrupt(name, t.Key, "it ends at %d, and the file has %d bytes of tensors: it was cut off", t.Offset+t.Size, size-begin)
		}
		end += t.Size
		t.Offset += begin
	}
	if end < size-begin {
		return raw.Corrupt(name, "", "its last %d bytes belong to no tensor", size-begin-end)
	}
	return nil
}

// resolve finds t's dtype and compares its size with its shape's.
func resolve(name string, t *raw.Tensor) error {
	i := storedCalled(t.Stored)
	if i < 0 {
		return raw.Unsupported(name, t.Key, "its dtype %s is not one that is known", raw.Quote(t.Stored))
	}
	if err := t.Shape.Check(); err != nil {
		return raw.Corrupt(name, t.Key, "%v", err)
	}
	kind := storedTypes[i]
	hi, lo := bits.Mul64(uint64(t.Shape.Len()), uint64(kind.bits))
	if hi>>3 != 0 || hi<<61|lo>>3 != uint64(t.Size) || lo%8 != 0 {
		return raw.Corrupt(name, t.Key, "%s%v takes %d elements of %d bits, its data_offsets have %d bytes",
			t.Stored, t.Shape, t.Shape.Len(), kind.bits, t.Size)
	}
	if t.DType = kind.dtype; t.DType == tensor.InvalidDType {
		t.Refuse = raw.Unsupported(name, t.Key, "its dtype %s has no values in Go: it can be listed and not read", t.Stored)
	}
	return nil
}
