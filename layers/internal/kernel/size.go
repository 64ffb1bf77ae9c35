package kernel

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// Limits in elements, so that a number in a configuration cannot crash the program by requesting more memory than the machine has.
const (
	// MaxElements is the largest number of elements of a tensor: 16 GiB of float32, or 1 GiB on 32-bit machines.
	MaxElements = min(1<<32, math.MaxInt/8)

	// MaxNew is the largest number of elements of a weight that a layer creates: 1 GiB of float32.
	MaxNew = 1 << 28

	// An option may make a tensor with up to grownFreely elements, or with up to maxGrowth times as many as
	// its input.
	grownFreely = 1 << 26
	maxGrowth   = 1 << 17
)

// CheckSize returns an error if s is not a valid shape or has more than MaxElements elements.
func CheckSize(s tensor.Shape) error { return checkLimit(s, MaxElements) }

// CheckGrowth returns an error if s is not a valid shape, or has too many elements for the output of an option applied to an input of
// the given length.
func CheckGrowth(input int, s tensor.Shape) error {
	return checkLimit(s, min(max(grownFreely, min(input, MaxElements/maxGrowth)*maxGrowth), MaxElements))
}

func checkLimit(s tensor.Shape, most int) error {
	if err := s.Check(); err != nil {
		return err
	}
	if s.Len() > most {
		return fmt.Errorf("shape %v is beyond memory", s)
	}
	return nil
}
