package hdf5

import (
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// readDataspace takes a dataspace from the beginning of c. absent is true for the null dataspace, which has no elements and no
// shape.
func readDataspace(c *cursor) (shape tensor.Shape, absent bool, err error) {
	version, rank := c.u8(), int(c.u8())
	c.take(1) // flags: whether the maximum lengths follow
	switch version {
	case 1:
		c.take(5)
	case 2:
		absent = c.u8() == 2
	default:
		if err := c.err(); err != nil {
			return nil, false, err
		}
		return nil, false, unsupportedf("a dataspace of version %d", version)
	}
	if rank > maxRank {
		return nil, false, corruptf("a dataspace of rank %d, expected at most %d", rank, maxRank)
	}
	shape = make(tensor.Shape, rank)
	for i := range shape {
		n := c.u64()
		if n > math.MaxInt {
			return nil, false, corruptf("a dataspace of length %d", n)
		}
		shape[i] = int(n)
	}
	if err := c.err(); err != nil {
		return nil, false, err
	}
	if err := shape.Check(); err != nil {
		return nil, false, corruptf("a dataspace of shape %v: %v", shape, err)
	}
	return shape, absent, nil
}
