package bundle

import (
	"iter"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/slicekey"
	"github.com/gockpt/ckpt/tensor"
)

var _ format.Expecter = (*Reader)(nil)

// Expect implements format.Expecter. For a region it expects each contiguous run of bytes.
func (r *Reader) Expect(wanted iter.Seq[format.Wanted]) {
	if !r.fetches() {
		return
	}
	e := expectations{r: r}
	for w := range wanted {
		var rec record
		if ok, err := r.lookup(w.Key, &rec); !ok || err != nil {
			continue
		}
		region := wholeSlice(rec.shape)
		if w.Region != nil {
			var err error
			if region, _, err = w.Region.Resolve(rec.shape); err != nil {
				continue
			}
		}
		if len(rec.slices) == 0 {
			e.add(&rec, wholeSlice(rec.shape), region)
			continue
		}
		entries, err := r.storedParts(w.Key)
		if err != nil {
			continue
		}
		for _, s := range rec.slices {
			var part record
			at, _, err := s.Resolve(rec.shape)
			if err == nil && part.decode(entries[string(slicekey.AppendSlice(nil, s))]) == nil && part.shape.Equal(lengths(at)) {
				e.add(&part, at, region)
			}
		}
	}
	e.tell()
}

// fetches reports whether files can fetch ahead. It asks the index file.
func (r *Reader) fetches() bool {
	_, ok := r.index.(fsx.Expecter)
	return ok
}

// expectations are the ranges of each data file that will be read.
type expectations struct {
	r      *Reader
	shards []int32
	ranges map[int32][]fsx.Range
}

// add adds the bytes of region in a stored part, which rec describes.
func (e *expectations) add(rec *record, part, region tensor.Slice) {
	common, ok := part.Intersect(region)
	if !ok || rec.size <= 0 || rec.shard < 0 || rec.shard >= e.r.header.shards || e.r.checkSize(&stored{rec: *rec}) != nil {
		return
	}
	if _, known := e.ranges[rec.shard]; !known {
		if e.ranges == nil {
			e.ranges = make(map[int32][]fsx.Range)
		}
		e.shards = append(e.shards, rec.shard)
	}
	size := int64(rec.dtype.Size())
	rs := newRuns(lengths(common), boxIn(part, common), boxIn(region, common))
	n := int64(rs.n) * size
	switch {
	case size == 0, n == rec.size: // strings are read as whole parts
		e.ranges[rec.shard] = append(e.ranges[rec.shard], fsx.Range{Off: rec.offset, N: rec.size})
	default:
		for rs.next() {
			e.ranges[rec.shard] = append(e.ranges[rec.shard], fsx.Range{Off: rec.offset + int64(rs.src)*size, N: n})
		}
	}
}

// tell tells the data files that can fetch ahead.
func (e *expectations) tell() {
	for _, shard := range e.shards {
		f, err := e.r.data.get(shard)
		if err != nil {
			continue
		}
		_ = f.with(func(r fsx.Reader) error {
			if x, ok := r.(fsx.Expecter); ok {
				x.Expect(e.ranges[shard])
			}
			return nil
		})
	}
}

// expectRuns tells the data file of s that its runs will be read, unless [Reader.Expect] said so.
func (r *Reader) expectRuns(s *stored, rs runs) {
	rs.index = slices.Clone(rs.index)
	size := int64(s.rec.dtype.Size())
	e := expectations{r: r, shards: []int32{s.rec.shard}, ranges: make(map[int32][]fsx.Range)}
	for rs.next() {
		e.ranges[s.rec.shard] = append(e.ranges[s.rec.shard], fsx.Range{Off: s.rec.offset + int64(rs.src)*size, N: int64(rs.n) * size})
	}
	e.tell()
}
