package torch

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/format/raw"
)

// place returns the positions of the tensors of f in its blobs, and the identity of each. It adds NumPy arrays to the blobs.
func (f *file) place(found []named) (tensors []raw.Tensor, ids []string, err error) {
	arrays := make(map[*made]int) // indexes of blobs
	for _, n := range found {
		t := raw.Tensor{Key: n.key, DType: n.element.dtype, Shape: n.shape, Stored: n.element.name}
		reason := n.refuse
		if reason == "" && n.element.dtype == 0 {
			reason = "Go has no type for the numbers of torch." + n.element.name
		}
		switch {
		case reason != "":
			t.Refuse = raw.Unsupported(f.name, n.key, "%s", reason)
		case n.window == nil:
			if arrays[n.made] == 0 {
				arrays[n.made] = len(f.blobs)
				f.blobs = append(f.blobs, raw.Memory(f.pickleName, n.array))
			}
			t.Blob, t.Strides, t.BigEndian = arrays[n.made], n.strides, n.bigEndian
		case n.offset > math.MaxInt64/n.element.size:
			return nil, nil, raw.Corrupt(f.name, n.key, "it begins at element %d of its storage, beyond the end", n.offset)
		default:
			t.Blob, t.Strides, t.BigEndian = n.window.blob, n.strides, f.bigEndian
			t.Offset = n.offset * n.element.size
			if t.Shape.Len() == 0 {
				t.Offset = 0
			}
		}
		tensors = append(tensors, t)
		ids = append(ids, n.identity())
	}
	return tensors, ids, nil
}

// identity returns a string that is equal for all names of one tensor, or "" if the tensor cannot be shared.
func (m *made) identity() string {
	switch {
	case m.refuse != "" || m.shape.Len() == 0:
		return ""
	case m.window == nil:
		return fmt.Sprintf("%p", m)
	}
	return fmt.Sprintf("%p %d %s %v %v", m.window.storage, m.offset, m.element.name, m.shape, m.strides)
}
