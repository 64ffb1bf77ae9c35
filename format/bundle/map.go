package bundle

import (
	"errors"
	"sync"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// Map returns the tensor called key as a memory-mapped part of its data file. A page is read when it is first accessed.
// Checksums are not compared: Reader.WriteStored does that. Writes to the tensor stay in this process. ok is false, without
// an error, if the tensor cannot be mapped: strings, variants, partitioned or empty tensors, misaligned numbers, the other
// byte order, and filesystems or systems without mmap.
//
// Do not use the tensor after Close.
func (r *Reader) Map(key string) (t tensor.Any, ok bool, err error) {
	s := &stored{key: key}
	if err := r.find(key, &s.rec); err != nil {
		return nil, false, err
	}
	if len(s.rec.slices) > 0 || s.rec.dtype.Size() == 0 || r.header.bigEndian == tensor.NativeLittleEndian {
		return nil, false, nil
	}
	if err := r.locate(s); err != nil || s.file == nil {
		return nil, false, err
	}
	contents, err := s.file.contents()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, r.readFault(s, err)
	}
	b := contents[s.rec.offset : s.rec.offset+s.rec.size : s.rec.offset+s.rec.size]
	if t, err = tensor.FromBytes(s.rec.dtype, b, s.rec.shape...); err != nil {
		return nil, false, nil // not aligned
	}
	s.rec.dtype.Normalize(b)
	return t, true, nil
}

// A mapping is a data file as memory. It is mapped when it is first needed.
type mapping struct {
	once     sync.Once
	contents []byte
	unmap    func() error
	err      error
}

// contents returns the file as memory.
func (f *dataFile) contents() ([]byte, error) {
	m := &f.mapping
	m.once.Do(func() {
		m.err = f.with(func(r fsx.Reader) (err error) {
			m.contents, m.unmap, err = fsx.Map(r)
			return err
		})
	})
	return m.contents, m.err
}
