package objectgraph

import (
	"iter"
	"slices"
	"strings"
)

// Limits of the path of a deep object.
const (
	nameSteps = 64      // steps
	nameBytes = 1 << 10 // of all their names
	cutSteps  = 8       // steps that are kept of longer paths
)

// LastSteps returns the names of the steps from the root to an object. up yields them in reverse order, from the object
// upwards. If there are more than 64, or more than 1 KiB, LastSteps returns the last few after "…", so that the names of all
// objects together stay proportional to their number. It ranges over up twice, to allocate the result at once.
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
