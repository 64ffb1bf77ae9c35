package layers

// A Workspace keeps the scratch memory of layers from call to call. Its zero value is ready; it grows to what the
// hungriest call needs and keeps that. It belongs to one call at a time: goroutines that call layers at once have one
// each.
//
// Inside, it is a stack: a layer notes the mark, takes what it needs and releases to the mark when it is done, so that
// layers within layers share one Workspace.
type Workspace struct {
	blocks [][]float32
	top    mark
}

// A mark is a place in the stack: what is below it is taken.
type mark struct{ block, used int }

// minBlock is the least number of floats that the stack grows by.
const minBlock = 1 << 12

func (w *Workspace) mark() mark {
	if w == nil {
		return mark{}
	}
	return w.top
}

func (w *Workspace) release(m mark) {
	if w != nil {
		w.top = m
	}
}

// floats returns n values of undefined content, valid until a mark that was noted before is released. A nil Workspace
// allocates them.
func (w *Workspace) floats(n int) []float32 {
	if w == nil {
		return make([]float32, n)
	}
	for ; w.top.block < len(w.blocks); w.top = (mark{w.top.block + 1, 0}) {
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
	w.top = mark{len(w.blocks) - 1, n}
	return w.blocks[w.top.block][:n:n]
}
