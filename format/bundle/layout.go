package bundle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/tensor"
)

// plan sets the size and the offset of every item. Items follow one another in their data file in the order
// in which they were added.
func (w *Writer) plan(ctx context.Context) error {
	if w.err != nil || w.planned {
		return w.err
	}
	for _, name := range slices.Sorted(maps.Keys(w.partitioned)) {
		if err := checkParts(&w.partitioned[name].record, false); err != nil {
			return &Error{File: w.prefix, Key: name, Offset: -1, Err: err}
		}
	}
	ends := make([]int64, w.shards())
	align := int64(max(w.opts.Alignment, 1))
	for i := range w.items {
		it := &w.items[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.measure(it); err != nil {
			return &Error{File: w.prefix, Key: it.name(), Offset: -1, Err: err}
		}
		end := ends[it.shard]
		if it.size > math.MaxInt64-end-align {
			return &Error{File: DataFile(w.prefix, int(it.shard), len(ends)), Key: it.name(), Offset: end,
				Err: fmt.Errorf("its %d bytes are more than a file can hold", it.size)}
		}
		it.offset = end
		end += it.size
		ends[it.shard] = (end + align - 1) / align * align // TensorFlow pads after each tensor, including the last
		w.total += it.size
	}
	w.ends, w.planned = ends, true
	return nil
}

// measure sets the item's size. The size of numbers follows from their shape. Strings must be loaded.
func (w *Writer) measure(it *item) (err error) {
	if size := it.dtype.Size(); size > 0 {
		if it.shape.Len() > math.MaxInt/size {
			return fmt.Errorf("%v%v takes more bytes than this machine can count", it.dtype, it.shape)
		}
		it.size = int64(it.shape.Len() * size)
		return nil
	}
	t, err := it.load()
	if err != nil {
		return err
	}
	it.large = &pieces{loaded: t}
	it.size, err = encodedSize(t)
	return err
}

// load loads the item's values, unless they were loaded before.
func (it *item) load() (tensor.Any, error) {
	if it.large != nil && it.large.loaded != nil {
		return it.large.loaded, nil
	}
	t, err := it.values()
	if err != nil {
		return nil, err
	}
	if t.DType() != it.dtype || !t.Shape().Equal(it.shape) || t.Shape() == nil {
		return nil, fmt.Errorf("it was described as %v%v, but is %v%v", it.dtype, it.shape, t.DType(), t.Shape())
	}
	return t, nil
}

// checkParts returns an error if the parts of a partitioned tensor overlap, or, with complete, if they do not cover it. All parts
// must lie within the tensor.
func checkParts(whole *record, complete bool) error {
	places, covered := make([]tensor.Slice, len(whole.slices)), 0
	for i, s := range whole.slices {
		at, shape, err := s.Resolve(whole.shape)
		if err != nil {
			return err
		}
		places[i] = at
		covered += shape.Len()
	}
	if i, j, err := overlap(places); err != nil {
		return err
	} else if i != j {
		return fmt.Errorf("parts %v and %v overlap", whole.slices[i], whole.slices[j])
	}
	if want := whole.shape.Len(); complete && covered < want {
		return fmt.Errorf("its %d parts have %d of %d elements: %w", len(places), covered, want, ErrIncomplete)
	}
	return nil
}

// WriteIndex writes the index of all added tensors. Call it after Writer.WriteData has written the data. Writer.Commit does
// both.
func (w *Writer) WriteIndex(out io.Writer) error { return w.writeIndex(out, w.shards()) }

// writeIndex writes an index with count as the number of data files.
func (w *Writer) writeIndex(out io.Writer, count int) error {
	rows, wholes := w.sorted()
	buf := bufio.NewWriterSize(out, bufferSize)
	table := sstable.NewWriter(buf)
	if err := table.Add(nil, newHeader(count).encode()); err != nil {
		return err
	}
	var key, value []byte
	for len(rows)+len(wholes) > 0 {
		var rec record
		if len(rows) == 0 || len(wholes) > 0 && wholes[0] < w.items[rows[0]].key {
			key, rec = append(key[:0], wholes[0]...), w.partitioned[wholes[0]].record
			wholes = wholes[1:]
		} else {
			it := &w.items[rows[0]]
			if !it.written {
				return &Error{File: w.prefix, Key: it.name(), Offset: -1, Err: errors.New("its data has not been written")}
			}
			key, rec = append(key[:0], it.key...), it.record()
			rows = rows[1:]
		}
		value = rec.append(value[:0])
		if err := table.Add(key, value); err != nil {
			return err
		}
	}
	if err := table.Close(); err != nil {
		return err
	}
	return buf.Flush()
}

// sorted returns the numbers of the items and the names of the partitioned tensors in the order of their keys.
func (w *Writer) sorted() (rows []int32, wholes []string) {
	rows = make([]int32, len(w.items))
	for i := range rows {
		rows[i] = int32(i)
	}
	slices.SortFunc(rows, func(a, b int32) int { return strings.Compare(w.items[a].key, w.items[b].key) })
	return rows, slices.Sorted(maps.Keys(w.partitioned))
}

// record returns the index entry of an item. Its data must have been written, in one chunk or in several of
// chunkSize.
func (it *item) record() record {
	crc := it.sum
	if it.large != nil && it.large.sums != nil {
		crc = combineChunks(it.large.sums, it.size)
	}
	return record{dtype: it.dtype, shape: it.shape,
		shard: int32(it.shard), offset: it.offset, size: it.size, crc: sstable.Mask(crc)}
}
