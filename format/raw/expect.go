package raw

import (
	"iter"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

var _ format.Expecter = (*Reader)(nil)

// Expect implements format.Expecter for tensors that are not in streams. For a region, it announces each contiguous run of bytes.
func (r *Reader) Expect(wanted iter.Seq[format.Wanted]) {
	if !slices.ContainsFunc(r.blobs, func(b *Blob) bool { return b.file.fetches() }) {
		return
	}
	var files []*file
	ranges := make(map[*file][]fsx.Range)
	for w := range wanted {
		i, ok := r.search(w.Key)
		if !ok {
			continue
		}
		e := &r.entries[i]
		if e.Refuse != nil || e.blob.open != nil || e.Size <= 0 {
			continue
		}
		more := []fsx.Range{{Off: e.blob.base + e.Offset, N: e.Size}}
		if w.Region != nil {
			region, shape, err := w.Region.Resolve(e.Shape)
			if err != nil || slices.Contains(shape, 0) {
				continue
			}
			if e.planned(region) {
				more = e.runs(region)
			}
		}
		f := e.blob.file
		if ranges[f] == nil {
			files = append(files, f)
		}
		ranges[f] = append(ranges[f], more...)
	}
	for _, f := range files {
		if x, ok := f.Contents.(fsx.Expecter); ok {
			x.Expect(ranges[f])
		}
	}
}

// expect tells the file that a region will be read, unless [Reader.Expect] already did.
func (e *entry) expect(region tensor.Slice) {
	if x, ok := e.blob.file.Contents.(fsx.Expecter); ok && e.planned(region) {
		x.Expect(e.runs(region))
	}
}

// fetches reports whether the file can fetch ahead.
func (f *file) fetches() bool {
	_, ok := f.Contents.(fsx.Expecter)
	return ok
}
