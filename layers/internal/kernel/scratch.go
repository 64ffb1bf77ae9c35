package kernel

// A Scratch is a stack of scratch memory. Its zero value is ready to use. It grows to what the largest call needs and keeps
// that. It belongs to one call at a time.
//
// A layer notes the mark, takes what it needs and releases to the mark when it is done, so that layers within layers
// share one scratch. A nil scratch allocates.
type Scratch struct {
	blocks [][]float32
	top    Mark

	Results Results
}

// A Mark is a place in the stack: what is below it is taken.
type Mark struct{ block, used int }

// minBlock is the least number of floats that the stack grows by.
const minBlock = 1 << 12

func (w *Scratch) Mark() Mark {
	if w == nil {
		return Mark{}
	}
	return w.top
}

func (w *Scratch) Release(m Mark) {
	if w != nil {
		w.top = m
	}
}

// Floats returns n values of undefined content, valid until a mark that was noted before is released. A nil scratch
// allocates them.
func (w *Scratch) Floats(n int) []float32 {
	if w == nil {
		return make([]float32, n)
	}
	for ; w.top.block < len(w.blocks); w.top = (Mark{w.top.block + 1, 0}) {
		b := w.blocks[w.top.block]
		if from := w.top.used; n <= len(b)-from {
			w.top.used += n
			return b[from : from+n : from+n]
		}
	}
	size := max(n, minBlock)
	if last := len(w.blocks) - 1; last >= 0 {
		size = max(size, 2*len(w.blocks[last]))
	}
	w.blocks = append(w.blocks, make([]float32, size))
	w.top = Mark{len(w.blocks) - 1, n}
	return w.blocks[w.top.block][:n:n]
}
