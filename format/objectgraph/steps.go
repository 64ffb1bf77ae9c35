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
// program's, stay in proportion to their number.
func LastSteps(up iter.Seq[string]) []string {
	names, length := make([]string, 0, 16), 0
	for name := range up {
		if length += len(name); len(names) == nameSteps || length > nameBytes {
			if names = names[:min(len(names), cutSteps)]; len(names) == 0 {
				names = append(names, strings.ToValidUTF8(name[:nameBytes], ""))
			}
			names = append(names, "…")
			break
		}
		names = append(names, name)
	}
	slices.Reverse(names)
	return names
}
