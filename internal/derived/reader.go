package derived

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A Reader is a checkpoint with derived tensors. Several goroutines may read from it at once, but not while add runs.
type Reader struct {
	format.Reader
	derived map[string]result
}

// NewReader returns a Reader of r without derived tensors. Closing it closes r.
func NewReader(r format.Reader) *Reader {
	return &Reader{Reader: r, derived: make(map[string]result)}
}

// Reopen makes r read from f, which is the same checkpoint, opened again.
func (r *Reader) Reopen(f format.Reader) { r.Reader = f }

// A result is one of the tensors that a step makes.
type result struct {
	step  *step
	index int
}

// A step applies one rule.
type step struct {
	from     []format.Entry
	results  []format.Entry
	transfer layout.Transform
	made     batch // of results
}

// add derives tensors under the keys to from the tensors under the keys from.
func (r *Reader) add(keys, from []string, t layout.Transform) error {
	s := &step{transfer: t}
	shapes := make([]tensor.Shape, len(from))
	for i, key := range from {
		e, ok, err := r.Reader.Lookup(key)
		switch {
		case err != nil:
			return err
		case !ok:
			return fmt.Errorf("key %q: %w", key, format.ErrNotFound)
		case i > 0 && e.DType != s.from[0].DType:
			return fmt.Errorf("%s is %v and %s is %v: combined values must have the same dtype", from[0], s.from[0].DType, key, e.DType)
		}
		s.from = append(s.from, e)
		shapes[i] = e.Shape
	}
	results, err := t.Shapes(shapes)
	if err != nil {
		return err
	}
	for i, shape := range results {
		d := s.from[0].DType
		s.results = append(s.results, format.Entry{Key: keys[i], DType: d, Shape: shape, Bytes: int64(shape.Len()) * int64(d.Size())})
		r.derived[keys[i]] = result{s, i}
	}
	return nil
}

// Lookup returns the entry of key, derived or stored.
func (r *Reader) Lookup(key string) (format.Entry, bool, error) {
	if d, ok := r.derived[key]; ok {
		return d.step.results[d.index], true, nil
	}
	return r.Reader.Lookup(key)
}

// Find looks up key, derived or stored.
func (r *Reader) Find(key string) (format.Found, bool, error) {
	if _, ok := r.derived[key]; ok {
		return found{r, key}, true, nil
	}
	return r.Reader.Find(key)
}

// A found is a derived tensor that was looked up.
type found struct {
	r   *Reader
	key string
}

func (f found) Entry() (format.Entry, error) {
	e, _, err := f.r.Lookup(f.key)
	return e, err
}

func (f found) Check() error { return f.r.Check(f.key) }

func (f found) Read(ctx context.Context, dst tensor.Any) error { return f.r.Read(ctx, f.key, dst) }

// Check is [format.Reader.Check] for all inputs of key's tensor.
func (r *Reader) Check(key string) error {
	d, ok := r.derived[key]
	if !ok {
		return r.Reader.Check(key)
	}
	for _, e := range d.step.from {
		if err := r.Reader.Check(e.Key); err != nil {
			return err
		}
	}
	return nil
}

// CheckSlice is Check: a region of a derived tensor needs all inputs of the tensor.
func (r *Reader) CheckSlice(key string, region tensor.Slice) error {
	if _, ok := r.derived[key]; ok {
		return r.Check(key)
	}
	return r.Reader.CheckSlice(key, region)
}

// Read reads the inputs of key's tensor and makes the tensor. It never holds more than these and dst in memory.
func (r *Reader) Read(ctx context.Context, key string, dst tensor.Any) error {
	d, ok := r.derived[key]
	if !ok {
		return r.Reader.Read(ctx, key, dst)
	}
	if len(d.step.results) == 1 {
		from, err := d.step.read(ctx, r.Reader)
		if err != nil {
			return err
		}
		return d.step.transfer.Move([]tensor.Any{dst}, from)
	}
	return d.step.take(ctx, r.Reader, d.index, dst)
}

// Expect implements [format.Expecter]. For a derived tensor it announces the inputs.
func (r *Reader) Expect(wanted iter.Seq[format.Wanted]) {
	e, ok := r.Reader.(format.Expecter)
	if !ok {
		return
	}
	e.Expect(func(yield func(format.Wanted) bool) {
		made := make(map[*step]bool)
		for w := range wanted {
			d, ok := r.derived[w.Key]
			if !ok {
				if !yield(w) {
					return
				}
				continue
			}
			if made[d.step] {
				continue
			}
			made[d.step] = true
			for _, from := range d.step.from {
				if !yield(format.Wanted{Key: from.Key}) {
					return
				}
			}
		}
	})
}

// read reads the inputs of s.
func (s *step) read(ctx context.Context, r format.Reader) ([]tensor.Any, error) {
	from := make([]tensor.Any, len(s.from))
	for i, e := range s.from {
		var err error
		if from[i], err = tensor.NewAny(e.DType, e.Shape...); err != nil {
			return nil, err
		}
		if err := r.Read(ctx, e.Key, from[i]); err != nil {
			return nil, err
		}
	}
	return from, nil
}

// take assigns one of several results to dst.
func (s *step) take(ctx context.Context, r format.Reader, index int, dst tensor.Any) error {
	t, err := s.made.take(index, func() ([]tensor.Any, error) {
		from, err := s.read(ctx, r)
		if err != nil {
			return nil, err
		}
		shapes := make([]tensor.Shape, len(s.results))
		for i, e := range s.results {
			shapes[i] = e.Shape
		}
		return move(s.transfer, s.results[0].DType, shapes, from)
	})
	if err != nil {
		return err
	}
	return tensor.Assign(dst, t)
}

// ReadSlice makes the tensor and copies the region from it.
func (r *Reader) ReadSlice(ctx context.Context, key string, region tensor.Slice, dst tensor.Any) error {
	d, ok := r.derived[key]
	if !ok {
		return r.Reader.ReadSlice(ctx, key, region, dst)
	}
	e := d.step.results[d.index]
	resolved, shape, err := region.Resolve(e.Shape)
	if err != nil {
		return err
	}
	start := make([]int, len(resolved))
	for i, x := range resolved {
		start[i] = int(x.Start)
	}
	whole, err := tensor.NewAny(e.DType, e.Shape...)
	if err != nil {
		return err
	}
	if err := r.Read(ctx, key, whole); err != nil {
		return err
	}
	return tensor.CopyRegion(dst, make([]int, len(shape)), whole, start, shape)
}

// WriteStored writes the derived tensor in the form of a data file.
func (r *Reader) WriteStored(ctx context.Context, key string, w io.Writer) error {
	d, ok := r.derived[key]
	if !ok {
		return r.Reader.WriteStored(ctx, key, w)
	}
	e := d.step.results[d.index]
	t, err := tensor.NewAny(e.DType, e.Shape...)
	if err != nil {
		return err
	}
	if err := r.Read(ctx, key, t); err != nil {
		return err
	}
	if !tensor.NativeLittleEndian {
		tensor.SwapBytes(t)
	}
	b, _ := tensor.Bytes(t)
	_, err = w.Write(b)
	return err
}
