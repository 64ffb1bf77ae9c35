package object

import (
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A Part says that the program holds only a region of a stored tensor.
type Part struct {
	Full   tensor.Shape // of the stored tensor
	Region tensor.Slice
}

// Of returns the entry of the region of e. A nil Part is all of e.
func (p *Part) Of(e format.Entry) (format.Entry, error) {
	if p == nil {
		return e, nil
	}
	_, shape, err := p.Region.Resolve(p.Full)
	e.Shape, e.Bytes = shape, int64(shape.Len()*e.DType.Size())
	return e, err
}
