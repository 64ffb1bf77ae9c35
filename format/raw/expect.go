package raw

import (
	"iter"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
)

var _ format.Expecter = (*Reader)(nil)

// Expect implements format.Expecter for whole tensors that are not in streams.
func (r *Reader) Expect(wanted iter.Seq[format.Wanted]) {
	if !slices.ContainsFunc(r.blobs, func(b *Blob) bool { return b.file.fetches() }) {
		return
	}
	var files []*file
	ranges := make(map[*file][]fsx.Range)
	for w := range wanted {
		i, ok := r.search(w.Key)
		if !ok || w.Region != nil {
			continue
		}
		e := &r.entries[i]
		if e.Refuse != nil || e.blob.open != nil || e.Size <= 0 {
			continue
		}
		f := e.blob.file
		if ranges[f] == nil {
			files = append(files, f)
		}
		ranges[f] = append(ranges[f], fsx.Range{Off: e.blob.base + e.Offset, N: e.Size})
	}
	for _, f := range files {
		if x, ok := f.Contents.(fsx.Expecter); ok {
			x.Expect(ranges[f])
		}
	}
}

// fetches reports whether the file can fetch ahead.
func (f *file) fetches() bool {
	_, ok := f.Contents.(fsx.Expecter)
	return ok
}
