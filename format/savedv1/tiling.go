package savedv1

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// maxCutAxes bounds the number of axes along which a tensor is cut into parts. TensorFlow's partitioners cut along one.
const maxCutAxes = 8

// checkTiling returns an error unless parts cover each element of region exactly once. All parts are inside region. All are
// resolved and have the same rank.
//
// It takes time in proportion to the number of parts. Its method is to add up the corners of the parts' boxes. The sign of a
// corner depends on how many of its coordinates are ends. If boxes meet without a gap, the corners between them cancel out. The
// sum equals the corners of region if, and only if, the boxes tile region.
func checkTiling(region tensor.Slice, parts []tensor.Slice) error {
	var axes []int // along which some part is shorter than the region
	for axis, whole := range region {
		for _, p := range parts {
			if p[axis] != whole {
				axes = append(axes, axis)
				break
			}
		}
	}
	if len(axes) > maxCutAxes {
		return fmt.Errorf("it is cut along %d axes, at most %d can be checked: %w", len(axes), maxCutAxes, errors.ErrUnsupported)
	}
	corners := make(map[[maxCutAxes]int]int)
	add := func(box tensor.Slice, count int) {
		for ends := range 1 << len(axes) {
			var corner [maxCutAxes]int
			sign := count
			for i, axis := range axes {
				if corner[i] = box[axis].Start; ends>>i&1 == 1 {
					corner[i] += box[axis].Length
					sign = -sign
				}
			}
			if corners[corner] += sign; corners[corner] == 0 {
				delete(corners, corner)
			}
		}
	}
	add(region, 1)
	have, want := 0, volume(region)
	for _, p := range parts {
		n := volume(p)
		if n > want-have {
			return fmt.Errorf("its parts overlap: %w", format.ErrCorrupt)
		}
		have += n
		add(p, -1)
	}
	switch {
	case len(corners) == 0:
		return nil
	case have == want:
		return fmt.Errorf("its parts overlap, and leave others of its elements out: %w", format.ErrCorrupt)
	}
	return fmt.Errorf("its parts have %d of the %d elements of %v: %w", have, want, region, format.ErrCorrupt)
}

// volume returns the number of elements of a resolved region of a shape that was checked.
func volume(s tensor.Slice) int {
	n := 1
	for _, e := range s {
		n *= e.Length
	}
	return n
}
