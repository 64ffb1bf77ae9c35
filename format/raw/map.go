package raw

import (
	"errors"

	"github.com/gockpt/ckpt/tensor"
)

// Map returns the tensor called key as a memory-mapped part of its file. A page is read when it is first accessed. Writes to
// the tensor stay in this process. ok is false, without an error, if the tensor cannot be mapped: streams, blocks, strided
// or empty tensors, misaligned numbers, the other byte order, and filesystems or systems without mmap.
//
// Do not use the tensor after Close.
func (r *Reader) Map(key string) (t tensor.Any, ok bool, err error) {
	e, err := r.find(key)
	if err != nil {
		return nil, false, err
	}
	if e.Refuse != nil {
		return nil, false, e.Refuse
	}
	if e.Code != nil || e.Strides != nil || e.n == 0 || e.BigEndian == tensor.NativeLittleEndian {
		return nil, false, nil
	}
	contents, err := e.blob.memory()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, e.readFault(err)
	}
	b := contents[e.Offset : e.Offset+e.Size : e.Offset+e.Size]
	if t, err = tensor.FromBytes(e.DType, b, e.Shape...); err != nil {
		return nil, false, nil // not aligned
	}
	e.DType.Normalize(b)
	return t, true, nil
}
