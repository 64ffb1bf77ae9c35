package ckpt

import (
	"errors"
	"fmt"
	"math"
)

// checkKeys refuses, before they are made, keys and names that are together longer than the message that the object graph is may
// be: each is the whole path to a variable, so that those of a long chain grow with the square of its length.
func checkKeys(nodes []*node) error {
	lengths := make([]int64, len(nodes)) // of paths; nodes follow those that lead to them
	total := int64(0)
	for i, n := range nodes {
		switch s := n.slotOf; {
		case s != nil:
			lengths[i] = lengths[s.owner.id] + lengths[s.variable.id] + int64(len(s.name))
		case n.parent != nil:
			lengths[i] = lengths[n.parent.id] + 1 + int64(len(n.name))
		}
		if total += 2 * int64(len(n.values)) * lengths[i]; total > math.MaxInt32 {
			return fmt.Errorf("ckpt: the keys of the variables down to %s, each the path to one, are together longer than the 2 GiB that an object graph may have: %w", n.path(), errors.ErrUnsupported)
		}
	}
	return nil
}
