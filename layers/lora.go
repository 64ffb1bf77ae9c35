package layers

import (
	"slices"

	"gonum.org/v1/gonum/blas/blas32"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// A lowRank is the addition to a weight by Keras's enable_lora: alpha/rank times the product of a and b. a has the weight's axes
// except the last, then the rank; b is [rank last]. If neither is built, nothing is added.
type lowRank struct {
	name  string // the prefix in Keras: lora_kernel or lora_embeddings
	a, b  *Tensor
	alpha float32 // 0: the rank, as in Keras
}

func (l lowRank) built() bool { return l.a.Built() || l.b.Built() }

// check compares the shapes with that of the weight.
func (l lowRank) check(who id, weight tensor.Shape) error {
	switch {
	case !l.built() || len(weight) == 0:
		return nil
	case !l.a.Built() || !l.b.Built():
		return errorf(who, "only one of %s_a and %[1]s_b has values, want both or none", l.name)
	}
	last := len(weight) - 1
	b := l.b.Shape()
	if len(b) != 2 || b[0] < 1 || b[1] != weight[last] {
		return shapeErrorf(who, l.name+"_b", b, "[rank %d] for weight shape %v", weight[last], weight)
	}
	if want := append(slices.Clone(weight[:last]), b[0]); !l.a.Shape().Equal(want) {
		return shapeErrorf(who, l.name+"_a", l.a.Shape(), "%v for weight shape %v and rank %d", want, weight, b[0])
	}
	return nil
}

func (l lowRank) rank() int { return l.b.Shape()[0] }

func (l lowRank) scale() float32 {
	if l.alpha == 0 {
		return 1
	}
	return l.alpha / float32(l.rank())
}

// addedTo returns weight with the product added, in scratch memory; or weight itself if nothing is added.
func (l lowRank) addedTo(w *kernel.Scratch, weight *Tensor) []float32 {
	if !l.built() {
		return weight.Data()
	}
	sum := w.Floats(weight.Len())
	copy(sum, weight.Data())
	l.addTo(w, sum)
	return sum
}

// product returns the addition to weight, in scratch memory.
func (l lowRank) product(w *kernel.Scratch, weight *Tensor) []float32 {
	p := w.Floats(weight.Len())
	clear(p)
	l.addTo(w, p)
	return p
}

// addTo adds the product to the values of a weight.
func (l lowRank) addTo(w *kernel.Scratch, weight []float32) {
	if width := l.b.Shape()[1]; width > 0 {
		l.add(w, kernel.Matrix(weight, len(weight)/width, width), l.a.Data())
	}
}

// add adds to each row of y the product of a row of a, which has rank values, and b.
func (l lowRank) add(w *kernel.Scratch, y blas32.General, a []float32) {
	mark := w.Mark()
	defer w.Release(mark)
	scaled := w.Floats(len(a))
	for i, v := range a {
		scaled[i] = v * l.scale()
	}
	kernel.Matmul(y, kernel.Matrix(scaled, y.Rows, l.rank()), kernel.Matrix(l.b.Data(), l.rank(), y.Cols))
}

// addRow adds row i of the product to y.
func (l lowRank) addRow(y []float32, row int) {
	rank, scale := l.rank(), l.scale()
	for r, a := range l.a.Data()[row*rank : (row+1)*rank] {
		for j, b := range l.b.Data()[r*len(y) : (r+1)*len(y)] {
			y[j] += scale * a * b
		}
	}
}

// loraOptions returns lora_alpha. lora_rank only says that the weights may exist: their shapes give the rank, and without them
// Keras adds zeros.
func loraOptions(c *config.Config) (alpha float32) {
	if rank := c.Int("lora_rank", 1); rank < 1 {
		c.Fail("option %q is %d, want 1 or more", "lora_rank", rank)
	}
	return c.Float("lora_alpha", 0)
}
