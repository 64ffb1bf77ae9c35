package stored

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// objectPath returns the escaped path of n, with which the keys of its tensors begin, followed by suffix.
// known caches the paths of objects with children that have values. It does not hold all paths, which in a
// deep graph would not fit into memory.
func objectPath(n *object.Node, known map[*object.Node]string, suffix string) string {
	if s := n.SlotOf(); s != nil {
		return objectgraph.SlotPath(objectPath(s.Variable, known, ""), objectPath(s.Owner, known, ""), s.Name) + suffix
	}
	if n.Parent == nil {
		return suffix
	}
	above, ok := known[n.Parent]
	if !ok {
		var edges []string
		for up := n.Parent; up.Parent != nil; up = up.Parent {
			if path, ok := known[up]; ok {
				edges = append(edges, path)
				break
			}
			edges = append(edges, objectgraph.Escape(up.Name))
		}
		slices.Reverse(edges)
		above = strings.Join(edges, "/")
		known[n.Parent] = above
	}
	if n.Parent.Parent == nil {
		return objectgraph.Escape(n.Name) + suffix
	}
	return above + "/" + objectgraph.Escape(n.Name) + suffix
}

// checkKeys rejects a graph if its keys would exceed protobuf's 2 GiB limit, before it makes the keys. Each key is the whole path
// to a variable, so the keys of a long chain grow with the square of its length. It returns the total length of the keys and global
// names.
func checkKeys(nodes []*object.Node) (total int64, err error) {
	lengths := make([]int64, len(nodes)) // lengths of paths; nodes follow their parents
	for i, n := range nodes {
		switch s := n.SlotOf(); {
		case s != nil:
			lengths[i] = lengths[s.Owner.ID] + lengths[s.Variable.ID] + int64(len(s.Name))
		case n.Parent != nil:
			lengths[i] = lengths[n.Parent.ID] + 1 + int64(len(n.Name))
		}
		if total += 2 * int64(len(n.Values)) * lengths[i]; total > math.MaxInt32 {
			return 0, fmt.Errorf("ckpt: the keys of the variables down to %s together exceed 2 GiB, the limit of an object graph: %w", n.Path(), errors.ErrUnsupported)
		}
	}
	return total, nil
}
