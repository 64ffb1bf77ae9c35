package view

import (
	"iter"

	"github.com/gockpt/ckpt"
)

// entries is the list of a checkpoint's entries. It grows without copying: a million entries take 80 MB.
type entries struct {
	chunks [][]ckpt.VariableInfo // all but the last are full
	n      int
}

const entriesPerChunk = 1024

func (l *entries) add(e ckpt.VariableInfo) {
	switch {
	case l.n == 0:
		l.chunks = make([][]ckpt.VariableInfo, 1)
	case l.n%entriesPerChunk == 0:
		l.chunks = append(l.chunks, make([]ckpt.VariableInfo, 0, entriesPerChunk))
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, e)
	l.n++
}

func (l *entries) at(i int) *ckpt.VariableInfo {
	return &l.chunks[i/entriesPerChunk][i%entriesPerChunk]
}

// all yields the entries with their indices.
func (l *entries) all() iter.Seq2[int, *ckpt.VariableInfo] {
	return func(yield func(int, *ckpt.VariableInfo) bool) {
		for i := range l.n {
			if !yield(i, l.at(i)) {
				return
			}
		}
	}
}
