package raw

import (
	"errors"

	"github.com/gockpt/ckpt/tensor"
)

// Map returns the tensor called key over the pages of its file: nothing is read before it is looked at. What is written to
// the tensor stays in this process. ok is false, without an error, where that cannot be done: for streams, blocks, strided or empty
// tensors, numbers that do not lie at a multiple of what they are aligned to, the other byte order, and filesystems or systems
// without mmap.
//
// The tensor is not to be used after Close.
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
