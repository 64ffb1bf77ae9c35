package layers

import "github.com/gockpt/ckpt/layers/internal/config"

// AdaptivePooling has the options of the layers that divide the input into a given number of windows along each axis and take the
// largest value or the average of each window. The windows have nearly the same size and overlap if the length of the axis is not
// a multiple. An option with a number per axis also accepts one number for all axes.
type AdaptivePooling struct {
	OutputSize    []int
	ChannelsFirst bool   // [batch channels space…] instead of [batch space… channels]
	Name          string // for error messages
}

// AdaptiveMaxPooling1D is keras.layers.AdaptiveMaxPooling1D. Its fields are those of [AdaptivePooling].
type AdaptiveMaxPooling1D AdaptivePooling

// AdaptiveMaxPooling2D is keras.layers.AdaptiveMaxPooling2D. Its fields are those of [AdaptivePooling].
type AdaptiveMaxPooling2D AdaptivePooling

// AdaptiveMaxPooling3D is keras.layers.AdaptiveMaxPooling3D. Its fields are those of [AdaptivePooling].
type AdaptiveMaxPooling3D AdaptivePooling

// AdaptiveAveragePooling1D is keras.layers.AdaptiveAveragePooling1D. Its fields are those of [AdaptivePooling].
type AdaptiveAveragePooling1D AdaptivePooling

// AdaptiveAveragePooling2D is keras.layers.AdaptiveAveragePooling2D. Its fields are those of [AdaptivePooling].
type AdaptiveAveragePooling2D AdaptivePooling

// AdaptiveAveragePooling3D is keras.layers.AdaptiveAveragePooling3D. Its fields are those of [AdaptivePooling].
type AdaptiveAveragePooling3D AdaptivePooling

// Call returns the largest value of each window of x, of shape [batch steps channels].
func (p *AdaptiveMaxPooling1D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the largest value of each window of x, of shape [batch rows columns channels].
func (p *AdaptiveMaxPooling2D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the largest value of each window of x, of shape [batch planes rows columns channels].
func (p *AdaptiveMaxPooling3D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each window of x, of shape [batch steps channels].
func (p *AdaptiveAveragePooling1D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each window of x, of shape [batch rows columns channels].
func (p *AdaptiveAveragePooling2D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each window of x, of shape [batch planes rows columns channels].
func (p *AdaptiveAveragePooling3D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Forward is Call with a [Context].
func (p *AdaptiveMaxPooling1D) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	return (*AdaptivePooling)(p).forward(x, 1, largest)
}

// Forward is Call with a [Context].
func (p *AdaptiveMaxPooling2D) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	return (*AdaptivePooling)(p).forward(x, 2, largest)
}

// Forward is Call with a [Context].
func (p *AdaptiveMaxPooling3D) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	return (*AdaptivePooling)(p).forward(x, 3, largest)
}

// Forward is Call with a [Context].
func (p *AdaptiveAveragePooling1D) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	return (*AdaptivePooling)(p).forward(x, 1, average)
}

// Forward is Call with a [Context].
func (p *AdaptiveAveragePooling2D) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	return (*AdaptivePooling)(p).forward(x, 2, average)
}

// Forward is Call with a [Context].
func (p *AdaptiveAveragePooling3D) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	return (*AdaptivePooling)(p).forward(x, 3, average)
}

func (p *AdaptivePooling) forward(x *Tensor, rank int, r reduction) (*Tensor, error) {
	who := r.id("adaptive_", rank, p.Name)
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, err := newLayout(who, x.Shape(), rank, p.ChannelsFirst)
	if err != nil {
		return nil, err
	}
	out, err := perAxis(who, "output size", p.OutputSize, rank, 0)
	if err != nil {
		return nil, err
	}
	if l.size.len() == 0 {
		return nil, shapeErrorf(who, "input", x.Shape(), "1 or more along each axis")
	}
	y, err := newGrown(who, x.Len(), l.shape(out, l.channels)...)
	if err != nil {
		return nil, err
	}
	pool(y.Data(), x.Data(), l, out, r, func(axis, t int) (lo, hi int) {
		in, out := l.size[axis], out[axis]
		return t * in / out, ((t+1)*in + out - 1) / out
	})
	return y, nil
}

func poolingMaker(class string) config.Maker {
	switch class {
	case "MaxPooling1D", "MaxPool1D":
		return func(c *config.Config) any { return (*MaxPooling1D)(makePooling(c)) }
	case "MaxPooling2D", "MaxPool2D":
		return func(c *config.Config) any { return (*MaxPooling2D)(makePooling(c)) }
	case "MaxPooling3D", "MaxPool3D":
		return func(c *config.Config) any { return (*MaxPooling3D)(makePooling(c)) }
	case "AveragePooling1D", "AvgPool1D":
		return func(c *config.Config) any { return (*AveragePooling1D)(makePooling(c)) }
	case "AveragePooling2D", "AvgPool2D":
		return func(c *config.Config) any { return (*AveragePooling2D)(makePooling(c)) }
	case "AveragePooling3D", "AvgPool3D":
		return func(c *config.Config) any { return (*AveragePooling3D)(makePooling(c)) }
	case "GlobalMaxPooling1D", "GlobalMaxPool1D":
		return func(c *config.Config) any { return (*GlobalMaxPooling1D)(makeGlobal(c)) }
	case "GlobalMaxPooling2D", "GlobalMaxPool2D":
		return func(c *config.Config) any { return (*GlobalMaxPooling2D)(makeGlobal(c)) }
	case "GlobalMaxPooling3D", "GlobalMaxPool3D":
		return func(c *config.Config) any { return (*GlobalMaxPooling3D)(makeGlobal(c)) }
	case "GlobalAveragePooling1D", "GlobalAvgPool1D":
		return func(c *config.Config) any { return (*GlobalAveragePooling1D)(makeGlobal(c)) }
	case "GlobalAveragePooling2D", "GlobalAvgPool2D":
		return func(c *config.Config) any { return (*GlobalAveragePooling2D)(makeGlobal(c)) }
	case "GlobalAveragePooling3D", "GlobalAvgPool3D":
		return func(c *config.Config) any { return (*GlobalAveragePooling3D)(makeGlobal(c)) }
	case "AdaptiveMaxPooling1D":
		return func(c *config.Config) any { return (*AdaptiveMaxPooling1D)(makeAdaptive(c)) }
	case "AdaptiveMaxPooling2D":
		return func(c *config.Config) any { return (*AdaptiveMaxPooling2D)(makeAdaptive(c)) }
	case "AdaptiveMaxPooling3D":
		return func(c *config.Config) any { return (*AdaptiveMaxPooling3D)(makeAdaptive(c)) }
	case "AdaptiveAveragePooling1D":
		return func(c *config.Config) any { return (*AdaptiveAveragePooling1D)(makeAdaptive(c)) }
	case "AdaptiveAveragePooling2D":
		return func(c *config.Config) any { return (*AdaptiveAveragePooling2D)(makeAdaptive(c)) }
	case "AdaptiveAveragePooling3D":
		return func(c *config.Config) any { return (*AdaptiveAveragePooling3D)(makeAdaptive(c)) }
	}
	return nil
}

func makePooling(c *config.Config) *Pooling {
	return &Pooling{
		PoolSize:      c.Ints("pool_size"),
		Strides:       c.Ints("strides"),
		Padding:       paddingOption(c),
		ChannelsFirst: c.ChannelsFirst(),
		Name:          c.Name(),
	}
}

func makeGlobal(c *config.Config) *GlobalPooling {
	return &GlobalPooling{ChannelsFirst: c.ChannelsFirst(), KeepDims: c.Bool("keepdims", false), Name: c.Name()}
}

func makeAdaptive(c *config.Config) *AdaptivePooling {
	return &AdaptivePooling{OutputSize: c.Ints("output_size"), ChannelsFirst: c.ChannelsFirst(), Name: c.Name()}
}
