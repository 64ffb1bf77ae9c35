package kernel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// A Contraction is a sum of products over labelled axes, as in NumPy's einsum: `abc,cde->abde`. It is
// computed as matrix products. Every label belongs to one of the four groups below.
type Contraction struct {
	X, W, Y string // the labels of both operands and of the result, one letter per axis

	batch string // in x, w and y
	rows  string // in x and y
	inner string // in x and w: summed over
	cols  string // in w and y
}

// NewContraction returns the contraction for labels. It returns an error if a label occurs twice in an operand, or only in one
// operand and not in the result.
func NewContraction(x, w, y string) (*Contraction, error) {
	c := &Contraction{X: x, W: w, Y: y}
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
			return nil, fmt.Errorf("einsum %v: label %q is only in one operand, which is not supported", c, l)
		}
		c.inner += string(l)
	}
	for _, l := range x {
		if !strings.ContainsRune(y, l) && !strings.ContainsRune(w, l) {
			return nil, fmt.Errorf("einsum %v: label %q is only in one operand, which is not supported", c, l)
		}
	}
	return c, nil
}

func (c *Contraction) String() string { return c.X + "," + c.W + "->" + c.Y }

// Sizes returns the length of every label. It returns an error if the shapes do not fit the labels or each other.
func (c *Contraction) Sizes(x, w tensor.Shape) (map[rune]int, error) {
	sizes := make(map[rune]int, len(c.X)+len(c.W))
	for _, o := range []struct {
		labels string
		shape  tensor.Shape
	}{{c.X, x}, {c.W, w}} {
		if len(o.labels) != len(o.shape) {
			return nil, fmt.Errorf("einsum %v: shape %v does not have the axes %q", c, o.shape, o.labels)
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

// Rows returns the labels of x that the result keeps, and those that are summed over.
func (c *Contraction) Rows() (kept, summed string) { return c.batch + c.rows, c.inner }

// Outputs returns the number of values that w has for each index of the summed axes.
func (c *Contraction) Outputs(sizes map[rune]int) int { return Labelled(c.batch+c.cols, sizes).Len() }

// Labelled returns the shape of axes with the given labels.
func Labelled(labels string, sizes map[rune]int) tensor.Shape {
	s := make(tensor.Shape, 0, len(labels))
	for _, l := range labels {
		s = append(s, sizes[l])
	}
	return s
}

// Add adds the contraction of x and w to y. sizes has the length of every label. If a matrix product needs an operand's axes in a
// different order, Add transposes the operand in scratch memory.
func (c *Contraction) Add(work *Scratch, y, x, w []float32, sizes map[rune]int) {
	defer work.Release(work.Mark())
	x = Arranged(work, x, c.X, c.batch+c.rows+c.inner, sizes)
	w = Arranged(work, w, c.W, c.batch+c.inner+c.cols, sizes)
	batches := Labelled(c.batch, sizes).Len()
	m, k, n := Labelled(c.rows, sizes).Len(), Labelled(c.inner, sizes).Len(), Labelled(c.cols, sizes).Len()
	order := c.batch + c.rows + c.cols
	out := y
	if order != c.Y {
		out = work.Floats(len(y))
		Transpose(out, y, Labelled(c.Y, sizes), axesOf(c.Y, order))
	}
	if batches == 1 {
		Matmul(Matrix(out, m, n), Matrix(x, m, k), Matrix(w, k, n))
	} else {
		Parallel(batches, ProductCost(m, k, n), func(_, lo, hi int) {
			for i := lo; i < hi; i++ {
				MulAdd(Matrix(out[i*m*n:(i+1)*m*n], m, n), Matrix(x[i*m*k:(i+1)*m*k], m, k), Matrix(w[i*k*n:(i+1)*k*n], k, n))
			}
		})
	}
	if order != c.Y {
		Transpose(y, out, Labelled(order, sizes), axesOf(order, c.Y))
	}
}

// Cols returns the shape of the axes that only w and the result have.
func (c *Contraction) Cols(sizes map[rune]int) tensor.Shape { return Labelled(c.cols, sizes) }

// IsProduct reports whether one matrix product gives the result without transposition.
func (c *Contraction) IsProduct() bool { return c.batch == "" && c.rows+c.cols == c.Y }

// Linear computes the contraction of x and w plus bias, applies e and stores the result in y, as the function Linear does. IsProduct
// must be true.
func (c *Contraction) Linear(work *Scratch, y, x, w, bias []float32, e Epilogue, sizes map[rune]int) {
	defer work.Release(work.Mark())
	x = Arranged(work, x, c.X, c.rows+c.inner, sizes)
	w = Arranged(work, w, c.W, c.inner+c.cols, sizes)
	m, k, n := Labelled(c.rows, sizes).Len(), Labelled(c.inner, sizes).Len(), Labelled(c.cols, sizes).Len()
	Linear(Matrix(y, m, n), Matrix(x, m, k), Matrix(w, k, n), bias, e)
}

// Arranged returns data with its labelled axes in the given order.
func Arranged(work *Scratch, data []float32, labels, order string, sizes map[rune]int) []float32 {
	if labels == order {
		return data
	}
	out := work.Floats(len(data))
	Transpose(out, data, Labelled(labels, sizes), axesOf(labels, order))
	return out
}

// axesOf returns the permutation from labels to order.
func axesOf(labels, order string) []int {
	perm := make([]int, 0, len(order))
	for _, l := range order {
		perm = append(perm, strings.IndexRune(labels, l))
	}
	return perm
}

// SplitEinsum returns the labels of the operands and of the result of an equation such as "ab,bc->ac". An ellipsis becomes "…".
// Without "->", the result has the labels that occur once, sorted, as in NumPy.
func SplitEinsum(equation string) (operands []string, result string, err error) {
	equation = strings.ReplaceAll(strings.ReplaceAll(equation, " ", ""), "...", "…")
	left, result, explicit := strings.Cut(equation, "->")
	operands = strings.Split(left, ",")
	for _, labels := range append(slices.Clone(operands), result) {
		for _, l := range labels {
			if l != '…' && !(l >= 'a' && l <= 'z' || l >= 'A' && l <= 'Z') {
				return nil, "", fmt.Errorf("equation %q: %q is not a label", equation, l)
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

// SpareLabels returns n letters that are not in used.
func SpareLabels(n int, used string) (string, error) {
	var spare []rune
	for l := 'A'; l <= 'z' && len(spare) < n; l++ {
		if (l <= 'Z' || l >= 'a') && !strings.ContainsRune(used, l) {
			spare = append(spare, l)
		}
	}
	if len(spare) < n {
		return "", fmt.Errorf("too many axes: labels are limited to 52 letters")
	}
	return string(spare), nil
}
