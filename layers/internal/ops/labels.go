package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// alphabet returns n labels after skipping skip letters.
func alphabet(n, skip int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return letters[min(skip, len(letters)):min(skip+n, len(letters))]
}

// matmulLabels returns labels for NumPy's matmul. Batch axes stretch. A vector is a row on the left, and a column on the right.
func matmulLabels(x, y tensor.Shape) (string, string, string, error) {
	if len(x) == 0 || len(y) == 0 {
		return "", "", "", fmt.Errorf("cannot multiply matrices of shapes %v and %v", x, y)
	}
	inner := x[len(x)-1]
	if k := y[max(len(y)-2, 0)]; k != inner {
		return "", "", "", fmt.Errorf("cannot multiply matrices of shapes %v and %v", x, y)
	}
	batch := alphabet(max(len(x), len(y)), 3)
	xb, yb := max(len(x)-2, 0), max(len(y)-2, 0)
	b := batch[:max(xb, yb)]
	xl, yl, out := b[len(b)-xb:], b[len(b)-yb:], b
	if len(x) > 1 {
		xl += "a"
		out += "a"
	}
	if len(y) > 1 {
		return xl + "b", yl + "bc", out + "c", nil
	}
	return xl + "b", "b", out, nil
}

// contractLabels returns labels for a sum over pairs of axes. The result has the other axes of x, then the other axes of y.
func contractLabels(xRank, yRank int, xAxes, yAxes []int) (string, string, string, error) {
	xl, yl := []byte(alphabet(xRank, 0)), []byte(alphabet(yRank, xRank))
	var out []byte
	if len(xAxes) != len(yAxes) {
		return "", "", "", fmt.Errorf("cannot contract axes %v with %v: their numbers differ", xAxes, yAxes)
	}
	for i := range xAxes {
		if xAxes[i] < 0 || xAxes[i] >= xRank || yAxes[i] < 0 || yAxes[i] >= yRank {
			return "", "", "", fmt.Errorf("cannot contract axes %v with %v of tensors with ranks %d and %d", xAxes, yAxes, xRank, yRank)
		}
		yl[yAxes[i]] = xl[xAxes[i]]
	}
	for i, l := range xl {
		if !slices.Contains(xAxes, i) {
			out = append(out, l)
		}
	}
	for i, l := range yl {
		if !slices.Contains(yAxes, i) {
			out = append(out, l)
		}
	}
	return string(xl), string(yl), string(out), nil
}
