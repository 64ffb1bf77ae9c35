// Package zipfile finds the members of the ZIP archives in which NumPy, Keras and PyTorch keep tensors. It returns them as blobs
// ([raw.Blob]): a stored member is a part of the file, and a compressed member is a stream.
//
// An archive is checked as a whole when it is opened: members do not overlap, their names are unique, and their unpacked size is
// bounded by the size of the file (see the constants in this file). Errors are of type [*raw.Error].
package zipfile

import (
	"archive/zip"
	"cmp"
	"compress/flate"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
)

const (
	// maxRatio bounds the unpacked size of all members together by the size of the file. Weights hardly compress. The state of an
	// optimizer that has not started is all zeros and compresses a thousandfold, but weights come with it.
	maxRatio = 128

	// freeSize is an unpacked size that is always allowed.
	freeSize = 16 << 20

	// encrypted is the flag of encrypted members.
	encrypted = 1
)

// An Archive is the directory of a ZIP file.
type Archive struct {
	blob    *raw.Blob
	members []*zip.File
	byName  map[string]int
	offsets []int64 // offsets of the members' data in blob
}

// Open reads and checks the directory of the archive in b.
func Open(b *raw.Blob) (*Archive, error) {
	r, err := zip.NewReader(within{b}, b.Size())
	if err != nil {
		return nil, fault(b.Name(), err)
	}
	a := &Archive{blob: b, members: r.File, byName: make(map[string]int, len(r.File)), offsets: make([]int64, len(r.File))}
	var total uint64
	for i, f := range r.File {
		if _, ok := a.byName[f.Name]; ok {
			return nil, raw.Corrupt(b.Name(), "", "two members of the archive have the name %s", raw.Quote(f.Name))
		}
		a.byName[f.Name] = i
		if f.UncompressedSize64 > math.MaxInt64 || f.CompressedSize64 > math.MaxInt64 {
			return nil, raw.Corrupt(a.name(i), "", "it has %d bytes, compressed to %d", f.UncompressedSize64, f.CompressedSize64)
		}
		if f.Method == zip.Store && f.UncompressedSize64 != f.CompressedSize64 {
			return nil, raw.Corrupt(a.name(i), "", "it is stored without compression, but has %d bytes in %d", f.UncompressedSize64, f.CompressedSize64)
		}
		if total += f.UncompressedSize64; total > math.MaxInt64 || total > freeSize && total/maxRatio > uint64(b.Size()) {
			return nil, raw.Corrupt(b.Name(), "", "its members unpack to more than %d times the %d bytes of the file", maxRatio, b.Size())
		}
		if a.offsets[i], err = f.DataOffset(); err != nil {
			return nil, fault(a.name(i), err)
		}
	}
	return a, a.checkOverlap()
}

// A within is a file with a directory that may claim that members begin before the file does.
type within struct{ *raw.Blob }

func (w within) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, zip.ErrFormat
	}
	return w.Blob.ReadAt(p, off)
}

// checkOverlap returns an error if two members share bytes, or if one exceeds the file.
func (a *Archive) checkOverlap() error {
	order := make([]int, len(a.members))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(a.offsets[i], a.offsets[j]) })
	end := int64(0)
	for n, i := range order {
		if a.offsets[i] < end {
			return raw.Corrupt(a.name(i), "", "it overlaps the member %s", raw.Quote(a.members[order[n-1]].Name))
		}
		size := int64(a.members[i].CompressedSize64)
		if size > a.blob.Size()-a.offsets[i] {
			return raw.Corrupt(a.name(i), "", "its %d bytes at offset %d exceed the file, which has %d: it was cut off, or its directory is damaged",
				size, a.offsets[i], a.blob.Size())
		}
		end = a.offsets[i] + size
	}
	return nil
}

// Names yields the members' names in directory order.
func (a *Archive) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range a.members {
			if !yield(f.Name) {
				return
			}
		}
	}
}

// Len returns the number of members.
func (a *Archive) Len() int { return len(a.members) }

// Has reports whether there is a member called name.
func (a *Archive) Has(name string) bool {
	_, ok := a.byName[name]
	return ok
}

// Blob returns the bytes of a member. The error satisfies errors.Is(err, [format.ErrNotFound]) if there is none, and
// errors.ErrUnsupported if it is encrypted or compressed by an unsupported method.
func (a *Archive) Blob(name string) (*raw.Blob, error) {
	i, err := a.find(name)
	if err != nil {
		return nil, err
	}
	f := a.members[i]
	if f.Method == zip.Store {
		return a.blob.Part(a.name(i), a.offsets[i], int64(f.UncompressedSize64))
	}
	return a.blob.Stream(a.name(i), int64(f.UncompressedSize64), func() (io.ReadCloser, error) {
		r, err := f.Open()
		if err != nil {
			return nil, fault(a.name(i), err)
		}
		return stream{r, a.name(i)}, nil
	}), nil
}

// ReadFile returns the bytes of a member of at most limit bytes. The errors are those of [Archive.Blob]. It compares the checksum
// if there is one.
func (a *Archive) ReadFile(name string, limit int64) ([]byte, error) {
	i, err := a.find(name)
	if err != nil {
		return nil, err
	}
	f := a.members[i]
	if size := int64(f.UncompressedSize64); size > limit {
		return nil, raw.Corrupt(a.name(i), "", "it has %d bytes, expected at most %d", size, limit)
	}
	var r io.Reader = io.NewSectionReader(a.blob, a.offsets[i], int64(f.CompressedSize64))
	if f.Method != zip.Store {
		unpacked, err := f.Open()
		if err != nil {
			return nil, fault(a.name(i), err)
		}
		defer unpacked.Close() // it is in memory
		r = unpacked
	}
	data, err := io.ReadAll(r) // memory grows with the bytes that arrive
	if err != nil {
		return nil, fault(a.name(i), err)
	}
	// PyTorch writes zero if it was told not to compute checksums.
	if got := crc32.ChecksumIEEE(data); f.CRC32 != 0 && got != f.CRC32 {
		return nil, raw.Corrupt(a.name(i), "", "its checksum is %08x, the archive says %08x", got, f.CRC32)
	}
	return data, nil
}

// CRC returns the CRC-32 of a member according to the directory, or 0 if there is no such member.
func (a *Archive) CRC(name string) uint32 {
	if i, ok := a.byName[name]; ok {
		return a.members[i].CRC32
	}
	return 0
}

// find returns the index of a member that can be read.
func (a *Archive) find(name string) (int, error) {
	i, ok := a.byName[name]
	if !ok {
		return 0, &raw.Error{File: a.blob.Name(), Offset: -1, Reason: "the archive has no member " + raw.Quote(name), Err: format.ErrNotFound}
	}
	switch f := a.members[i]; {
	case f.Flags&encrypted != 0:
		return 0, raw.Unsupported(a.name(i), "", "it is encrypted")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return 0, raw.Unsupported(a.name(i), "", "it is compressed by method %d, only stored and deflate are supported", f.Method)
	}
	return i, nil
}

// name returns the name of a member in messages.
func (a *Archive) name(i int) string {
	member := a.members[i].Name
	if quoted := raw.Quote(member); quoted != `"`+member+`"` {
		member = quoted
	}
	return a.blob.Name() + ": " + member
}

// fault converts err, which may come from archive/zip, to an error about a file.
func fault(file string, err error) error {
	switch {
	case errors.As(err, new(*raw.Error)):
		return err
	case errors.Is(err, zip.ErrFormat), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return raw.Corrupt(file, "", "it is not an intact ZIP archive: it was cut off, or is damaged")
	case errors.Is(err, zip.ErrChecksum):
		return raw.Corrupt(file, "", "its checksum differs from the archive's")
	case errors.As(err, new(flate.CorruptInputError)):
		return raw.Corrupt(file, "", "its compressed bytes are damaged: %v", err)
	}
	return raw.OpenError("read", file, err)
}

// A stream is a compressed member. Its errors name the member.
type stream struct {
	io.ReadCloser
	name string
}

func (s stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = fault(s.name, err)
	}
	return n, err
}

// Verify reads all members and compares their checksums. all is false if a member has none: PyTorch may omit them. The error is a
// [*raw.Error] that names the first damaged member.
func (a *Archive) Verify(ctx context.Context) (all bool, err error) {
	all = true
	for i, f := range a.members {
		if f.Method == zip.Store && f.CRC32 == 0 && f.UncompressedSize64 > 0 {
			all = false
		} else if err := a.verify(ctx, i); err != nil {
			return false, err
		}
	}
	return all, nil
}

// verify compares the checksum of a member.
func (a *Archive) verify(ctx context.Context, i int) error {
	if _, err := a.find(a.members[i].Name); err != nil {
		return err
	}
	var r io.Reader = io.NewSectionReader(a.blob, a.offsets[i], int64(a.members[i].CompressedSize64))
	if a.members[i].Method != zip.Store {
		unpacked, err := a.members[i].Open()
		if err != nil {
			return fault(a.name(i), err)
		}
		defer unpacked.Close() // it is in memory
		r = unpacked
	}
	sum := crc32.NewIEEE()
	for buf := make([]byte, 1<<20); ctx.Err() == nil; {
		n, err := r.Read(buf)
		sum.Write(buf[:n])
		switch {
		case err == io.EOF && sum.Sum32() == a.members[i].CRC32:
			return nil
		case err == io.EOF:
			return raw.Corrupt(a.name(i), "", "its checksum is %08x, the archive says %08x: the file was damaged", sum.Sum32(), a.members[i].CRC32)
		case err != nil:
			return fault(a.name(i), err)
		}
	}
	return context.Cause(ctx)
}
