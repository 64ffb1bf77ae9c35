package kernel

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// MaxElements is the most elements that a layer makes a tensor of: 16 GiB of float32, 1 GiB on machines of 32 bits. What a configuration asks for
// beyond is a mistake in it, and must not end the program.
const MaxElements = min(1<<32, math.MaxInt/8)

// CheckSize returns an error where s is not a shape, or asks for more elements than maxElements.
func CheckSize(s tensor.Shape) error {
	if err := s.Check(); err != nil {
		return err
	}
	if s.Len() > MaxElements {
		return fmt.Errorf("shape %v is beyond memory", s)
	}
	return nil
}
