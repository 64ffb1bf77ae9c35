package layers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// A contraction is a sum of products over labelled axes, as numpy's einsum names them: `abc,cde->abde`. It is computed as
// matrix products: every label is one of four kinds.
type contraction struct {
	x, w, y string // the labels of both operands and of the result, one letter an axis

	batch string // in all three
	rows  string // in x and y
	inner string // in x and w: what is summed over
	cols  string // in w and y
}

// newContraction returns the contraction that labels describe. The error says where a label stands twice in an operand, or
// in one operand alone.
func newContraction(x, w, y string) (*contraction, error) {
	c := &contraction{x: x, w: w, y: y}
	for _, labels := range []string{x, w, y} {
		for i, l := range labels {
			if strings.ContainsRune(labels[i+1:], l) {
				return nil, fmt.Errorf("einsum %v: label %q stands twice in %q, which is not supported", c, l, labels)
			}
		}
	}
	for _, l := range y {
		inX, inW := strings.ContainsRune(x, l), strings.ContainsRune(w, l)
		switch {
		case inX && inW:
			c.batch += string(l)
		case inX:
			c.rows += string(l)
		case inW:
			c.cols += string(l)
		default:
			return nil, fmt.Errorf("einsum %v: label %q is in no operand", c, l)
		}
	}
	for _, l := range w {
		if strings.ContainsRune(y, l) {
			continue
		}
		if !strings.ContainsRune(x, l) {
			return nil, fmt.Errorf("einsum %v: label %q is in one operand alone, which is not supported", c, l)
		}
		c.inner += string(l)
	}
	for _, l := range x {
		if !strings.ContainsRune(y, l) && !strings.ContainsRune(w, l) {
			return nil, fmt.Errorf("einsum %v: label %q is in one operand alone, which is not supported", c, l)
		}
	}
	return c, nil
}

func (c *contraction) String() string { return c.x + "," + c.w + "->" + c.y }

// sizes returns the length of every label, and an error where shapes do not fit the labels or each other.
func (c *contraction) sizes(x, w tensor.Shape) (map[rune]int, error) {
	sizes := make(map[rune]int, len(c.x)+len(c.w))
	for _, o := range []struct {
		labels string
		shape  tensor.Shape
	}{{c.x, x}, {c.w, w}} {
		if len(o.labels) != len(o.shape) {
			return nil, fmt.Errorf("einsum %v: shape %v has not the axes %q", c, o.shape, o.labels)
		}
		for i, l := range o.labels {
			if n, ok := sizes[l]; ok && n != o.shape[i] {
				return nil, fmt.Errorf("einsum %v: label %q is %d long in one operand and %d in the other", c, l, n, o.shape[i])
			}
			sizes[l] = o.shape[i]
		}
	}
	return sizes, nil
}

// shape returns the shape of axes with the given labels.
func labelled(labels string, sizes map[rune]int) tensor.Shape {
	s := make(tensor.Shape, 0, len(labels))
	for _, l := range labels {
		s = append(s, sizes[l])
	}
	return s
}

// add adds the contraction of x and w, of the given lengths, to y. Operands whose axes are not in an order that a matrix product
// takes are brought into it in scratch memory.
func (c *contraction) add(work *Workspace, y, x, w []float32, sizes map[rune]int) {
	defer work.release(work.mark())
	x = arranged(work, x, c.x, c.batch+c.rows+c.inner, sizes)
	w = arranged(work, w, c.w, c.batch+c.inner+c.cols, sizes)
	batches := labelled(c.batch, sizes).Len()
	m, k, n := labelled(c.rows, sizes).Len(), labelled(c.inner, sizes).Len(), labelled(c.cols, sizes).Len()
	order := c.batch + c.rows + c.cols
	out := y
	if order != c.y {
		out = work.floats(len(y))
		transpose(out, y, labelled(c.y, sizes), axesOf(c.y, order))
	}
	if batches == 1 {
		matmul(matrix(out, m, n), matrix(x, m, k), matrix(w, k, n))
	} else {
		parallel(batches, m*k*n, func(_, lo, hi int) {
			for i := lo; i < hi; i++ {
				mulAdd(matrix(out[i*m*n:(i+1)*m*n], m, n), matrix(x[i*m*k:(i+1)*m*k], m, k), matrix(w[i*k*n:(i+1)*k*n], k, n))
			}
		})
	}
	if order != c.y {
		transpose(y, out, labelled(order, sizes), axesOf(order, c.y))
	}
}

// arranged returns data, whose axes have labels, with its axes in another order.
func arranged(work *Workspace, data []float32, labels, order string, sizes map[rune]int) []float32 {
	if labels == order {
		return data
	}
	out := work.floats(len(data))
	transpose(out, data, labelled(labels, sizes), axesOf(labels, order))
	return out
}

// axesOf returns the order of axes that takes labels to order.
func axesOf(labels, order string) []int {
	perm := make([]int, 0, len(order))
	for _, l := range order {
		perm = append(perm, strings.IndexRune(labels, l))
	}
	return perm
}

// splitEinsum returns the labels of the operands and of the result of an equation such as "ab,bc->ac"; "…" stands for an ellipsis.
// Without "->" the result has the labels that stand once, sorted, as numpy has it.
func splitEinsum(equation string) (operands []string, result string, err error) {
	equation = strings.ReplaceAll(strings.ReplaceAll(equation, " ", ""), "...", "…")
	left, result, explicit := strings.Cut(equation, "->")
	operands = strings.Split(left, ",")
	for _, labels := range append(slices.Clone(operands), result) {
		for _, l := range labels {
			if l != '…' && !(l >= 'a' && l <= 'z' || l >= 'A' && l <= 'Z') {
				return nil, "", fmt.Errorf("equation %q: %q is no label", equation, l)
			}
		}
		if strings.Count(labels, "…") > 1 {
			return nil, "", fmt.Errorf("equation %q: two ellipses in one operand", equation)
		}
	}
	if !explicit {
		if strings.Contains(left, "…") {
			result = "…"
		}
		var once []rune
		for _, l := range strings.Join(operands, "") {
			if l != '…' && strings.Count(left, string(l)) == 1 {
				once = append(once, l)
			}
		}
		slices.Sort(once)
		result += string(once)
	}
	return operands, result, nil
}

// spareLabels returns n letters that are not in used.
func spareLabels(n int, used string) (string, error) {
	var spare []rune
	for l := 'A'; l <= 'z' && len(spare) < n; l++ {
		if (l <= 'Z' || l >= 'a') && !strings.ContainsRune(used, l) {
			spare = append(spare, l)
		}
	}
	if len(spare) < n {
		return "", fmt.Errorf("more axes than there are letters")
	}
	return string(spare), nil
}
