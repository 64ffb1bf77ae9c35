package objectgraph

import (
	"iter"
	"slices"
	"strings"
)

// What a path has of a deep object.
const (
	nameSteps = 64      // steps
	nameBytes = 1 << 10 // of all their names
	cutSteps  = 8       // steps that are left of more
)

// LastSteps returns the names of the steps to an object, which up yields from the object upwards, the topmost first. Of more than
// 64, or of more than 1 KiB, only the last few are there, after "…": names of all objects, a checkpoint's or a
// program's, stay in proportion to their number. up is ranged over twice, so that the result has its size at once: there may be as many as there are objects.
func LastSteps(up iter.Seq[string]) []string {
	count, length, cut := 0, 0, false
	for name := range up {
		if length += len(name); count == nameSteps || length > nameBytes {
			count, cut = min(count, cutSteps), true
			break
		}
		count++
	}
	names := make([]string, 0, count+2)
	for name := range up {
		if len(names) == count {
			if cut && count == 0 {
				names = append(names, strings.ToValidUTF8(name[:nameBytes], ""))
			}
			break
		}
		names = append(names, name)
	}
	if cut {
		names = append(names, "…")
	}
	slices.Reverse(names)
	return names
}
