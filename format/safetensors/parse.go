package safetensors

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/jsonscan"
	"github.com/gockpt/ckpt/internal/slab"
	"github.com/gockpt/ckpt/tensor"
)

// maxNumbers limits the numbers of an array. It is larger than any rank: [raw.NewReader] checks the rank.
const maxNumbers = 1000

// minTensor is a lower bound for the bytes of a tensor's JSON.
const minTensor = len(`"":{"dtype":"U8","shape":[],"data_offsets":[0,0]}`)

// A parser reads the JSON of a header.
type parser struct {
	*jsonscan.Scanner
	numbers []int64        // the array that was read last
	shape   []int          // numbers as a shape
	shapes  slab.Slab[int] // memory for the shapes of all tensors
}

// parseHeader reads the JSON. Offset is the offset in the JSON, and Size is the difference of data_offsets.
func parseHeader(text string) (h header, err error) {
	if len(text) == 0 || text[0] != '{' {
		return h, fmt.Errorf("expected '{', got %q", text[:min(8, len(text))])
	}
	s, err := jsonscan.New(text)
	if err != nil {
		return h, err
	}
	p := parser{Scanner: s}
	h.tensors = make([]raw.Tensor, 0, min(strings.Count(text, "{"), len(text)/minTensor))
	err = p.Object(func(name string) error {
		if name == metadataName {
			if h.metadata != nil {
				return p.Fault("%s occurs twice", metadataName)
			}
			h.metadata = make(map[string]string)
			return p.readStrings(h.metadata)
		}
		h.tensors = append(h.tensors, raw.Tensor{Key: name})
		if err := p.readTensor(&h.tensors[len(h.tensors)-1]); err != nil {
			return fmt.Errorf("%s: %w", raw.Quote(name), err)
		}
		return nil
	})
	if err != nil {
		return h, err
	}
	h.cloneKeys()
	return h, p.End()
}

// cloneKeys copies the keys, so that they do not keep the text in memory.
func (h *header) cloneKeys() {
	n := 0
	for i := range h.tensors {
		n += len(h.tensors[i].Key)
	}
	var keys strings.Builder
	keys.Grow(n)
	for i := range h.tensors {
		key := &h.tensors[i].Key
		begin := keys.Len()
		keys.WriteString(*key)
		*key = keys.String()[begin:]
	}
}

// readStrings reads an object of strings, or null, into m.
func (p *parser) readStrings(m map[string]string) error {
	if p.Peek() == 'n' {
		return p.Skip()
	}
	return p.Object(func(name string) error {
		if _, ok := m[name]; ok {
			return p.Fault("%s occurs twice", raw.Quote(name))
		}
		value, err := p.String()
		m[strings.Clone(name)] = strings.Clone(value)
		return err
	})
}

// readTensor reads the entry of one tensor.
func (p *parser) readTensor(t *raw.Tensor) error {
	var seen [3]bool
	once := func(i int, field string) error {
		if seen[i] {
			return p.Fault("%s occurs twice", field)
		}
		seen[i] = true
		return nil
	}
	err := p.Object(func(field string) (err error) {
		switch field {
		case "dtype":
			if err := once(0, field); err != nil {
				return err
			}
			t.Stored, err = p.String()
			return err
		case "shape":
			if err := once(1, field); err != nil {
				return err
			}
			t.Shape, err = p.readShape()
			return err
		case "data_offsets":
			if err := once(2, field); err != nil {
				return err
			}
			t.Offset, t.Size, err = p.readOffsets()
			return err
		}
		return p.Skip()
	})
	if err == nil && seen != [3]bool{true, true, true} {
		err = p.Fault("expected dtype, shape and data_offsets")
	}
	return err
}

func (p *parser) readShape() (tensor.Shape, error) {
	if err := p.readNumbers(); err != nil {
		return nil, err
	}
	p.shape = p.shape[:0]
	for _, n := range p.numbers {
		if int64(int(n)) != n {
			return nil, p.Fault("%d is more elements than an int can count", n)
		}
		p.shape = append(p.shape, int(n))
	}
	return p.shapes.Clone(p.shape), nil
}

func (p *parser) readOffsets() (begin, size int64, err error) {
	if err := p.readNumbers(); err != nil {
		return 0, 0, err
	}
	if len(p.numbers) != 2 || p.numbers[0] > p.numbers[1] {
		return 0, 0, p.Fault("data_offsets: expected [begin, end], got %v", p.numbers)
	}
	return p.numbers[0], p.numbers[1] - p.numbers[0], nil
}

// readNumbers reads an array of numbers into p.numbers.
func (p *parser) readNumbers() error {
	p.numbers = p.numbers[:0]
	return p.Array(func() error {
		if len(p.numbers) == maxNumbers {
			return p.Fault("more than %d numbers", maxNumbers)
		}
		n, err := p.Number()
		p.numbers = append(p.numbers, n)
		return err
	})
}
