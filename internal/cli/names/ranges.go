package names

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// cutSlice splits kernel[0:3,:] into the name and the ranges in the brackets. ok is false if there are no brackets.
func cutSlice(name string) (before, ranges string, ok bool) {
	if !strings.HasSuffix(name, "]") {
		return name, "", false
	}
	i := strings.LastIndexByte(name, '[')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1 : len(name)-1], true
}

// parseRanges returns the region of a tensor that text describes in NumPy's notation: for each axis an index, or from:to, in which
// both may be left out. Negative numbers count from the end. Axes without a range are included completely.
func parseRanges(text string, shape tensor.Shape) (tensor.Slice, error) {
	region := make(tensor.Slice, len(shape))
	for i := range region {
		region[i] = tensor.Full
	}
	parts := strings.Split(text, ",")
	if text == "" {
		parts = nil
	}
	if len(parts) > len(shape) {
		return nil, fmt.Errorf("[%s] names %d axes of a tensor of shape %v", text, len(parts), shape)
	}
	for i, part := range parts {
		from, to := 0, shape[i]
		before, after, isRange := strings.Cut(strings.TrimSpace(part), ":")
		bad := func(err error) (tensor.Slice, error) {
			return nil, fmt.Errorf("[%s]: axis %d of length %d: %w", text, i, shape[i], err)
		}
		var err error
		if before != "" || !isRange {
			if from, err = index(before, shape[i]); err != nil {
				return bad(err)
			}
		}
		switch {
		case !isRange:
			to = from + 1
		case after != "":
			if to, err = index(after, shape[i]); err != nil {
				return bad(err)
			}
		}
		if from < 0 || to > shape[i] || from >= to {
			return bad(fmt.Errorf("%s is out of range or empty", part))
		}
		region[i] = tensor.Extent{Start: from, Length: to - from}
	}
	return region, nil
}

// index returns the index that text means on an axis of the given length.
func index(text string, length int) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	if n < 0 {
		n += length
	}
	return n, nil
}
