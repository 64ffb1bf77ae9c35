package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/slicekey"
)

// A Problem is a problem that Reader.Verify found.
type Problem struct {
	Key     string // the tensor's key; "" if the problem does not concern a single tensor
	Warning bool   // every stored byte is intact
	Err     error
}

// String returns the error's text, and says whether it is a warning.
func (p Problem) String() string {
	if p.Warning {
		return "warning: " + p.Err.Error()
	}
	return p.Err.Error()
}

// Verify reads the bytes of every entry, compares every checksum, and calls report for each problem, in the
// order of keys. It finds the problems of Reader.Check and Reader.Read. In addition it reports harmless ones
// as warnings: a wrong handle in the index's footer, bytes after the last tensor of a data file, parts that
// do not cover their tensor. It returns an error if ctx ends or the index can no longer be read.
func (r *Reader) Verify(ctx context.Context, report func(Problem)) error {
	v := &verifier{r: r, ctx: ctx, report: report, ends: make(map[int32]int64)}
	if err := r.table.CheckMetaindex(); err != nil {
		report(Problem{Warning: true, Err: r.tableError(err)})
	}
	for e, err := range r.table.All() {
		if err != nil {
			return r.tableError(err)
		}
		if len(e.Key) == 0 {
			continue
		}
		if err := v.add(e); err != nil {
			return err
		}
	}
	if err := v.flush(); err != nil {
		return err
	}
	v.trailing()
	return ctx.Err()
}

// verifyBatch is the number of entries that are verified at once. Their problems are reported afterwards, in
// order and one by one.
const verifyBatch = 256

type verifier struct {
	r      *Reader
	ctx    context.Context
	report func(Problem)
	batch  []verification
	ends   map[int32]int64 // the end of the last tensor in each data file
}

// A verification is the verification of one entry.
type verification struct {
	stored
	err error
}

// add adds an entry, which is verified together with others.
func (v *verifier) add(e sstable.Entry) error {
	check := verification{stored: stored{key: string(e.Key)}}
	if name, s, ok := slicekey.Parse(e.Key); ok {
		check.key, check.part = name, s.String()
	}
	rec := &check.rec
	if check.err = rec.decode(e.Value); check.err == nil {
		check.err = rec.check()
	}
	if check.err != nil {
		check.err = v.r.entryError(check.key, check.part, check.err)
	} else if len(rec.slices) == 0 && rec.size > 0 && rec.offset >= 0 {
		v.ends[rec.shard] = max(v.ends[rec.shard], addSaturated(rec.offset, rec.size))
	}
	if v.batch = append(v.batch, check); len(v.batch) < verifyBatch {
		return nil
	}
	return v.flush()
}

// flush verifies the added entries and reports their problems.
func (v *verifier) flush() error {
	if v.r.fetches() {
		v.expect()
	}
	group, ctx := errgroup.WithContext(v.ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range v.batch {
		if check := &v.batch[i]; check.err == nil {
			group.Go(func() error {
				check.err = v.r.verifyEntry(ctx, &check.stored)
				return ctx.Err()
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i := range v.batch {
		if check := &v.batch[i]; check.err != nil {
			v.report(Problem{Key: check.key, Warning: errors.Is(check.err, ErrIncomplete), Err: check.err})
		}
	}
	clear(v.batch)
	v.batch = v.batch[:0]
	return nil
}

// expect tells the data files which bytes flush will read.
func (v *verifier) expect() {
	e := expectations{r: v.r}
	for i := range v.batch {
		if rec := &v.batch[i].rec; v.batch[i].err == nil && len(rec.slices) == 0 {
			e.add(rec, wholeSlice(rec.shape), wholeSlice(rec.shape))
		}
	}
	e.tell()
}

// verifyEntry verifies the bytes of s. For the entry of a partitioned tensor, it checks that the parts exist.
func (r *Reader) verifyEntry(ctx context.Context, s *stored) error {
	if len(s.rec.slices) > 0 {
		_, err := r.partsFor(s.key, &s.rec, wholeSlice(s.rec.shape))
		return err
	}
	if err := r.locate(s); err != nil {
		return err
	}
	if s.file != nil { // all tensors of the file have this problem, not only the last ones
		if err := r.checkOverlap(s.file, s.rec.shard); err != nil {
			return err
		}
	}
	return r.copyStored(ctx, s, io.Discard)
}

// trailing warns about bytes at the ends of opened data files that do not belong to an entry.
func (v *verifier) trailing() {
	for _, shard := range slices.Sorted(maps.Keys(v.ends)) {
		if shard < 0 || shard >= v.r.header.shards {
			continue
		}
		f, err := v.r.data.get(shard)
		if err != nil {
			continue // it is reported with each tensor
		}
		if end := v.ends[shard]; f.Size() > end && !isPadding(f, end) {
			v.report(Problem{Warning: true, Err: &Error{File: v.r.data.name(shard), Offset: end,
				Err: fmt.Errorf("%d bytes after the last tensor do not belong to any tensor", f.Size()-end)}})
		}
	}
}

// isPadding reports whether the bytes after offset end in f may be the padding of a writer that aligns
// tensors.
func isPadding(f *dataFile, end int64) bool {
	if f.Size()-end >= maxPadding {
		return false
	}
	rest := make([]byte, f.Size()-end)
	_, err := f.ReadAt(rest, end)
	return (err == nil || err == io.EOF) && len(bytes.Trim(rest, "\x00")) == 0
}
