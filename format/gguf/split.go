package gguf

import (
	"fmt"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/splitname"
)

// The metadata keys in files that llama.cpp's gguf-split wrote when it split a model.
const (
	splitNumber  = "split.no" // counts from 0
	splitCount   = "split.count"
	splitTensors = "split.tensors.count" // in all files
)

// openSplits opens the other files of a model if b, with the header h, is the first of several, and adds their tensors to h. It
// returns b and the files that it opened. The caller must close them, even after an error.
func (h *header) openSplits(fsys fsx.ReadFS, b *raw.Blob) (blobs []*raw.Blob, err error) {
	blobs = []*raw.Blob{b}
	count, split := h.number(splitCount)
	if number, _ := h.number(splitNumber); !split || count < 2 || number != 0 {
		return blobs, nil
	}
	stem, n, of, ok := splitname.Parse(b.Name())
	if !ok || n != 1 || of != count {
		return blobs, raw.Unsupported(b.Name(), "", "it is the first of %d files, but its name does not give the names of the others: "+
			"give it a name that ends in %s, as the others have", count, splitname.Make("", 1, count))
	}
	for i := int64(1); i < count; i++ {
		path := splitname.Make(stem, i+1, count)
		f, err := fsys.Open(path)
		if err != nil {
			return blobs, &raw.Error{File: b.Name(), Offset: -1, Reason: fmt.Sprintf("it is the first of %d files, but %s cannot be opened", count, raw.Quote(path)), Err: err}
		}
		blobs = append(blobs, raw.File(path, f))
		if err := h.addSplit(blobs, i, count); err != nil {
			return blobs, err
		}
	}
	if want, ok := h.number(splitTensors); ok && want != int64(len(h.tensors)) {
		return blobs, raw.Corrupt(b.Name(), "", "%s is %d, but its %d files have %d tensors: they belong to different models", splitTensors, want, count, len(h.tensors))
	}
	return blobs, nil
}

// addSplit adds the tensors of the last of blobs to h. That file must be number i of count.
func (h *header) addSplit(blobs []*raw.Blob, i, count int64) error {
	b := blobs[len(blobs)-1]
	other, err := readHeader(b)
	if err != nil {
		return err
	}
	number, _ := other.number(splitNumber)
	if of, _ := other.number(splitCount); number != i || of != count {
		return raw.Corrupt(b.Name(), "", "%s and %s are %d and %d, expected %d and %d: its name does not match", splitNumber, splitCount, number, of, i, count)
	}
	for _, t := range other.tensors {
		t.Blob = len(blobs) - 1
		h.tensors = append(h.tensors, t)
	}
	return nil
}

// number returns an integer in the metadata.
func (h *header) number(key string) (n int64, ok bool) {
	switch v := h.metadata[key].(type) {
	case uint16: // the type that the reference implementation writes
		return int64(v), true
	case int32:
		return int64(v), true
	case uint32:
		return int64(v), true
	}
	return 0, false
}
