package savedv1

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/slicekey"
	"github.com/gockpt/ckpt/tensor"
)

// A Reader reads a checkpoint. It implements [format.Reader].
type Reader struct {
	name    string
	files   []*file
	tensors map[string]*stored
	keys    []string // of tensors, sorted
}

var _ format.Reader = (*Reader)(nil)

type file struct {
	name  string
	bytes fsx.Reader
	table *sstable.Reader
}

// stored is a tensor, as all files together describe it.
type stored struct {
	tensorMeta
	parts []part
}

// A part is a region of a tensor that one file has.
type part struct {
	file *file
	spec tensor.Slice // as in the key
	at   tensor.Slice // resolved
}

// OpenFile is Open for a checkpoint in the operating system's files.
func OpenFile(name string) (*Reader, error) { return Open(fsx.OS{}, name) }

// OpenFS is [Open] for a checkpoint in fsys.
func OpenFS(fsys fs.FS, name string) (*Reader, error) { return Open(fsx.FromFS(fsys), name) }

// Open opens a checkpoint in a filesystem of this module. name is the name of its only file, the name of its shards without
// "-00000-of-00002", or a pattern such as "ckpt-?????-of-00002", as in the state file. The name of one shard opens that shard
// alone.
//
// The error satisfies errors.Is(err, fs.ErrNotExist) if there is no such file or a shard is missing, format.ErrCorrupt if a file is
// damaged or not a table, and errors.ErrUnsupported if it requires another version of the format.
func Open(fsys fsx.ReadFS, name string) (*Reader, error) {
	names, err := find(fsys, name)
	if err != nil {
		return nil, err
	}
	r := &Reader{name: name, tensors: make(map[string]*stored)}
	for _, n := range names {
		if err := r.add(fsys, n); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	for key := range r.tensors {
		r.keys = append(r.keys, key)
	}
	slices.Sort(r.keys)
	return r, nil
}

// add opens a file and adds its tensors.
func (r *Reader) add(fsys fsx.ReadFS, name string) error {
	bytes, err := fsys.Open(name)
	if err != nil {
		return err
	}
	f := &file{name: name, bytes: bytes}
	r.files = append(r.files, f)
	if f.table, err = sstable.Open(bytes, bytes.Size()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	value, ok, err := f.table.Get(nil)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case !ok:
		return corrupt(name, "", "it has no list of its tensors")
	}
	tensors, err := parseMeta(value)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("%s: %w", name, err)
	case err != nil:
		return corrupt(name, "", "its list of tensors: %v", err)
	}
	for _, t := range tensors {
		if err := r.addTensor(f, t); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) addTensor(f *file, t tensorMeta) error {
	if len(t.slices) == 0 {
		return nil // the file does not have any part of it
	}
	s := r.tensors[t.name]
	if s == nil {
		s = &stored{tensorMeta: t}
		r.tensors[t.name] = s
	} else if s.dtype != t.dtype || !s.shape.Equal(t.shape) {
		return corrupt(f.name, t.name, "it is %v%v, and %v%v in %s", t.dtype, t.shape, s.dtype, s.shape, s.parts[0].file.name)
	} else {
		s.slices = append(s.slices, t.slices...)
	}
	for _, spec := range t.slices {
		at, _, err := spec.Resolve(t.shape)
		if err != nil {
			return corrupt(f.name, t.name, "%v is not a region of shape %v", spec, t.shape)
		}
		s.parts = append(s.parts, part{f, spec, at})
	}
	return nil
}

// Close closes the files.
func (r *Reader) Close() error {
	var errs []error
	for _, f := range r.files {
		errs = append(errs, f.bytes.Close())
	}
	return errors.Join(errs...)
}

// whole reports whether s is stored in one piece.
func (s *stored) whole() bool { return len(s.parts) == 1 && volume(s.parts[0].at) == s.shape.Len() }

// region returns all of s, resolved.
func (s *stored) region() tensor.Slice {
	all := make(tensor.Slice, len(s.shape))
	for axis, n := range s.shape {
		all[axis] = tensor.Extent{Start: 0, Length: n}
	}
	return all
}

func (r *Reader) find(key string) (*stored, error) {
	s, ok := r.tensors[key]
	if !ok {
		return nil, fmt.Errorf("%s: %q: %w", r.name, key, format.ErrNotFound)
	}
	return s, nil
}

// Lookup implements [format.Reader]. An entry's Bytes is the size that the tensor would have in a data file of the second
// format. For strings Lookup reads the values to find out.
func (r *Reader) Lookup(key string) (e format.Entry, ok bool, err error) {
	s, ok := r.tensors[key]
	if !ok {
		return format.Entry{}, false, nil
	}
	e = format.Entry{Key: key, DType: s.dtype, Shape: slices.Clone(s.shape), Bytes: numberBytes(s)}
	if !s.whole() {
		e.Slices = slices.Clone(s.slices)
	}
	if s.dtype == tensor.DTString {
		if e.Bytes, err = r.stringBytes(s); err != nil {
			return format.Entry{}, false, err
		}
	}
	return e, true, nil
}

// All implements [format.Reader].
func (r *Reader) All() iter.Seq2[format.Entry, error] {
	return func(yield func(format.Entry, error) bool) {
		for _, key := range r.keys {
			e, _, err := r.Lookup(key)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Check implements format.Reader. It reads and counts the values, because the index does not have their sizes.
func (r *Reader) Check(key string) error {
	s, err := r.find(key)
	if err != nil {
		return err
	}
	return r.checkRegion(s, s.region())
}

// CheckSlice implements [format.Reader].
func (r *Reader) CheckSlice(key string, region tensor.Slice) error {
	s, err := r.find(key)
	if err != nil {
		return err
	}
	resolved, _, err := region.Resolve(s.shape)
	if err != nil {
		return fmt.Errorf("%s: %q: %w", r.name, key, err)
	}
	return r.checkRegion(s, resolved)
}

func (r *Reader) checkRegion(s *stored, region tensor.Slice) error {
	if err := r.checkParts(s, region); err != nil {
		return err
	}
	for i := range s.parts {
		if _, some := s.parts[i].at.Intersect(region); !some && !slices.Equal(s.parts[i].at, region) {
			continue
		}
		if _, err := r.values(s, &s.parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkParts returns an error unless the stored parts have each element of region exactly once.
func (r *Reader) checkParts(s *stored, region tensor.Slice) error {
	if volume(region) == 0 {
		return nil
	}
	var within []tensor.Slice
	for _, p := range s.parts {
		if common, ok := p.at.Intersect(region); ok {
			within = append(within, common)
		}
	}
	if err := checkTiling(region, within); err != nil {
		return fmt.Errorf("%s: %q: %w", r.name, s.name, err)
	}
	return nil
}

// values returns the elements of a part.
func (r *Reader) values(s *stored, p *part) (*values, error) {
	value, ok, err := p.file.table.Get(slicekey.Of(s.name, p.spec))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %q: region %v: %w", p.file.name, s.name, p.spec, err)
	case !ok:
		return nil, corrupt(p.file.name, s.name, "region %v is listed and not there", p.spec)
	}
	message, err := savedSlice(value, s.name, p.spec)
	if err != nil {
		return nil, corrupt(p.file.name, s.name, "region %v: %v", p.spec, err)
	}
	v, err := newValues(message, s.dtype, volume(p.at))
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil, fmt.Errorf("%s: %q: %w", p.file.name, s.name, err)
	case err != nil:
		return nil, corrupt(p.file.name, s.name, "region %v: %v", p.spec, err)
	}
	return v, nil
}

// savedSlice returns the TensorProto in the value of a region's key, which names the region again.
func savedSlice(value []byte, name string, spec tensor.Slice) ([]byte, error) {
	data, err := submessage(value, slicesData)
	if err != nil {
		return nil, err
	}
	var stored string
	at := tensor.Slice{}
	for f, err := range pb.Fields(data) {
		if err != nil {
			return nil, err
		}
		switch {
		case f.Has(dataName, protowire.BytesType):
			stored = string(f.Bytes)
		case f.Has(dataSlice, protowire.BytesType):
			if at, err = parseSlice(f.Bytes); err != nil {
				return nil, err
			}
		}
	}
	if stored != name || !slices.Equal(at, spec) {
		return nil, fmt.Errorf("what is there is %v of %q", at, stored)
	}
	return submessage(data, dataProto)
}

// Read implements [format.Reader].
func (r *Reader) Read(ctx context.Context, key string, dst tensor.Any) error {
	s, err := r.find(key)
	if err != nil {
		return err
	}
	return r.read(ctx, s, s.region(), dst)
}

// ReadSlice implements [format.Reader].
func (r *Reader) ReadSlice(ctx context.Context, key string, region tensor.Slice, dst tensor.Any) error {
	s, err := r.find(key)
	if err != nil {
		return err
	}
	resolved, _, err := region.Resolve(s.shape)
	if err != nil {
		return fmt.Errorf("%s: %q: %w", r.name, key, err)
	}
	return r.read(ctx, s, resolved, dst)
}

func (r *Reader) read(ctx context.Context, s *stored, region tensor.Slice, dst tensor.Any) error {
	_, shape, err := region.Resolve(s.shape)
	if err != nil {
		return fmt.Errorf("%s: %q: %w", r.name, s.name, err)
	}
	if dst.DType() != s.dtype || dst.Shape() == nil || !dst.Shape().Equal(shape) {
		return fmt.Errorf("%s: %q: %v%v is stored, but the destination is %v%v", r.name, s.name, s.dtype, shape, dst.DType(), dst.Shape())
	}
	if err := r.checkParts(s, region); err != nil {
		return err
	}
	for i := range s.parts {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %q: %w", r.name, s.name, err)
		}
		if err := r.readPart(s, &s.parts[i], region, dst); err != nil {
			return err
		}
	}
	return nil
}

// readPart copies the elements of region that p has into dst. dst has the shape of region.
func (r *Reader) readPart(s *stored, p *part, region tensor.Slice, dst tensor.Any) error {
	whole := slices.Equal(p.at, region)
	common, ok := p.at.Intersect(region)
	if !ok && !whole {
		return nil
	}
	v, err := r.values(s, p)
	if err != nil {
		return err
	}
	if whole {
		return decodeError(p, s, v.decode(dst))
	}
	_, shape, err := p.at.Resolve(s.shape)
	if err != nil {
		return err
	}
	all, err := tensor.NewAny(s.dtype, shape...)
	if err == nil {
		err = v.decode(all)
	}
	if err != nil {
		return decodeError(p, s, err)
	}
	_, shape, err = common.Resolve(s.shape)
	if err != nil {
		return err
	}
	return tensor.CopyRegion(dst, starts(common, region), all, starts(common, p.at), shape)
}

func decodeError(p *part, s *stored, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("%s: %q: %w", p.file.name, s.name, err)
	}
	return corrupt(p.file.name, s.name, "region %v: %v", p.spec, err)
}

// starts returns where inner begins in outer.
func starts(inner, outer tensor.Slice) []int {
	at := make([]int, len(inner))
	for axis := range inner {
		at[axis] = inner[axis].Start - outer[axis].Start
	}
	return at
}
