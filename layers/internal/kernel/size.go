package kernel

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// Limits in elements. A number in a configuration must not end the program by asking for more memory than the machine has.
const (
	// MaxElements is the most elements of any tensor: 16 GiB of float32, 1 GiB on machines of 32 bits.
	MaxElements = min(1<<32, math.MaxInt/8)

	// MaxNew is the most elements of a weight that a layer makes because none was loaded: 1 GiB of float32.
	MaxNew = 1 << 28

	// An option may make a tensor larger than its input up to grownFreely elements, or by maxGrowth times.
	grownFreely = 1 << 26
	maxGrowth   = 1 << 17
)

// CheckSize returns an error where s is not a shape, or asks for more than MaxElements.
func CheckSize(s tensor.Shape) error { return checkLimit(s, MaxElements) }

// CheckGrowth returns an error where s is not a shape, or has far more elements than the input of that length from which an
// option's number makes it.
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
