package layers

import "github.com/gockpt/ckpt/tensor"

// GlobalPooling has the options of the layers that take the largest value or the average over all steps, pixels or voxels of an
// example, separately for each channel.
type GlobalPooling struct {
	ChannelsFirst bool   // [batch channels space…] instead of [batch space… channels]
	KeepDims      bool   // keep the spatial axes in the output, each with length 1
	Name          string // for error messages
}

// GlobalMaxPooling1D is keras.layers.GlobalMaxPooling1D. Its fields are those of [GlobalPooling].
type GlobalMaxPooling1D GlobalPooling

// GlobalMaxPooling2D is keras.layers.GlobalMaxPooling2D. Its fields are those of [GlobalPooling].
type GlobalMaxPooling2D GlobalPooling

// GlobalMaxPooling3D is keras.layers.GlobalMaxPooling3D. Its fields are those of [GlobalPooling].
type GlobalMaxPooling3D GlobalPooling

// GlobalAveragePooling1D is keras.layers.GlobalAveragePooling1D. Its fields are those of [GlobalPooling].
type GlobalAveragePooling1D GlobalPooling

// GlobalAveragePooling2D is keras.layers.GlobalAveragePooling2D. Its fields are those of [GlobalPooling].
type GlobalAveragePooling2D GlobalPooling

// GlobalAveragePooling3D is keras.layers.GlobalAveragePooling3D. Its fields are those of [GlobalPooling].
type GlobalAveragePooling3D GlobalPooling

// Call returns the largest value of each channel of x, of shape [batch steps channels].
func (p *GlobalMaxPooling1D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the largest value of each channel of x, of shape [batch rows columns channels].
func (p *GlobalMaxPooling2D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the largest value of each channel of x, of shape [batch planes rows columns channels].
func (p *GlobalMaxPooling3D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each channel of x, of shape [batch steps channels].
func (p *GlobalAveragePooling1D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each channel of x, of shape [batch rows columns channels].
func (p *GlobalAveragePooling2D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each channel of x, of shape [batch planes rows columns channels].
func (p *GlobalAveragePooling3D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Forward is Call with a [Context].
func (p *GlobalMaxPooling1D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*GlobalPooling)(p).forward(c, x, 1, largest, nil)
}

// Forward is Call with a [Context].
func (p *GlobalMaxPooling2D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*GlobalPooling)(p).forward(c, x, 2, largest, nil)
}

// Forward is Call with a [Context].
func (p *GlobalMaxPooling3D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*GlobalPooling)(p).forward(c, x, 3, largest, nil)
}

// Forward is Call with a [Context]. The context's mask says which steps count. The average of no steps is NaN, as in Keras.
func (p *GlobalAveragePooling1D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*GlobalPooling)(p).forward(c, x, 1, average, c.Mask(0))
}

// Forward is Call with a [Context].
func (p *GlobalAveragePooling2D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*GlobalPooling)(p).forward(c, x, 2, average, nil)
}

// Forward is Call with a [Context].
func (p *GlobalAveragePooling3D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*GlobalPooling)(p).forward(c, x, 3, average, nil)
}

func (p *GlobalPooling) forward(c *Context, x *Tensor, rank int, r reduction, mask *Mask) (*Tensor, error) {
	who := r.id("global_", rank, p.Name)
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, err := newLayout(who, x.Shape(), rank, p.ChannelsFirst)
	if err != nil {
		return nil, err
	}
	if l.size.len() == 0 && r == largest {
		return nil, shapeErrorf(who, "input", x.Shape(), "1 or more along each axis")
	}
	shape := tensor.Shape{l.batch, l.channels}
	if p.KeepDims {
		shape = l.shape(triple{1, 1, 1}, l.channels)
	}
	y, err := c.newOutput(who, shape...)
	if err != nil {
		return nil, err
	}
	if mask != nil {
		return y, maskedAverage(who, y.Data(), x, l, mask)
	}
	pool(y.Data(), x.Data(), l, triple{1, 1, 1}, r, func(axis, _ int) (lo, hi int) { return 0, l.size[axis] })
	return y, nil
}

// maskedAverage sets y to the average of those steps of x, of layout l, for which mask is true.
func maskedAverage(who id, y []float32, x *Tensor, l layout, mask *Mask) error {
	steps := l.size[2]
	if got := mask.Shape(); len(got) != 2 || got[0] != l.batch || got[1] != steps {
		return shapeErrorf(who, "mask", mask.Shape(), "[%d %d] for input shape %v", l.batch, steps, x.Shape())
	}
	step, channel := l.channels, 1 // the distance from one to the next
	if l.channelsFirst {
		step, channel = 1, steps
	}
	for b := range l.batch {
		keep, values := mask.Data()[b*steps:(b+1)*steps], x.Data()[b*steps*l.channels:]
		for c := range l.channels {
			sum, n := 0.0, 0.0
			for t, k := range keep {
				if k {
					sum += float64(values[t*step+c*channel])
					n++
				}
			}
			y[b*l.channels+c] = float32(sum / n)
		}
	}
	return nil
}
