package layers

import (
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// Resizing is keras.layers.Resizing: it changes the size of images.
type Resizing struct {
	Height, Width     int
	Interpolation     *Interpolation // nil: [Bilinear]
	CropToAspectRatio bool           // cut off both ends of the longer side to keep the aspect ratio
	PadToAspectRatio  bool           // fill both ends of the shorter side with FillValue to keep the aspect ratio
	FillValue         float32
	Antialias         bool // if images become smaller, average over all pixels
	ChannelsFirst     bool // [batch channels rows columns] instead of [batch rows columns channels]
	Name              string

	// toFloat: Keras 2 does not round the results for images of integers; Keras 3 does.
	toFloat bool
}

// CenterCrop is keras.layers.CenterCrop: it returns the middle of images. If an image is smaller than that, it resizes the largest
// part of the image that has the aspect ratio.
type CenterCrop struct {
	Height, Width int
	ChannelsFirst bool // [batch channels rows columns] instead of [batch rows columns channels]
	Name          string
}

func (r *Resizing) id() id   { return id{"resizing", r.Name} }
func (p *CenterCrop) id() id { return id{"center_crop", p.Name} }

// Call returns x, of shape [batch rows columns channels] or [rows columns channels], in the new size.
func (r *Resizing) Call(x *Tensor) (*Tensor, error) { return r.Forward(nil, x) }

// Call returns the middle of x, of shape [batch rows columns channels] or [rows columns channels].
func (p *CenterCrop) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Forward is Call with a [Context].
func (r *Resizing) Forward(c *Context, x *Tensor) (*Tensor, error) {
	im, err := newImages(r.id(), x, r.Height, r.Width, r.ChannelsFirst)
	if err != nil {
		return nil, err
	}
	how := Bilinear
	if r.Interpolation != nil {
		how = *r.Interpolation
	}
	if err := how.check(r.id()); err != nil {
		return nil, err
	}
	switch {
	case r.CropToAspectRatio && r.PadToAspectRatio:
		return nil, errorf(r.id(), "CropToAspectRatio and PadToAspectRatio are both set, want one of them")
	case r.CropToAspectRatio:
		return im.resized(c, im.cropped(), 0, how, r.Antialias)
	case r.PadToAspectRatio:
		return im.resized(c, im.padded(), r.FillValue, how, r.Antialias)
	}
	return im.resized(c, im.whole(), 0, how, r.Antialias)
}

// Forward is Call with a [Context].
func (p *CenterCrop) Forward(c *Context, x *Tensor) (*Tensor, error) {
	im, err := newImages(p.id(), x, p.Height, p.Width, p.ChannelsFirst)
	if err != nil {
		return nil, err
	}
	if over := [2]int{im.in.size[1] - p.Height, im.in.size[2] - p.Width}; over[0] >= 0 && over[1] >= 0 {
		return im.resized(c, frame{over[0] / 2, over[1] / 2, p.Height, p.Width}, 0, Bilinear, false)
	}
	return im.resized(c, im.cropped(), 0, Bilinear, false)
}

func (r *Resizing) callKeras(a *ops.Arguments) ([]*ops.Value, error) {
	v, ok := a.First().(*ops.Value)
	if !ok {
		return nil, errorf(r.id(), "argument %s, want a tensor", ops.DescribeArg(a.First()))
	}
	x, err := v.Float()
	if err != nil {
		return nil, errorf(r.id(), "%w", err)
	}
	y, err := r.Forward(contextOf(a), x)
	if err != nil {
		return nil, err
	}
	if r.toFloat {
		return []*ops.Value{ops.FloatValue(y)}, nil
	}
	return []*ops.Value{ops.Rounded(y, v.As)}, nil
}

// images are the input of a layer that changes their size.
type images struct {
	who  id
	x    *Tensor
	in   layout
	out  triple
	rank int // 3: one image
}

func newImages(who id, x *Tensor, height, width int, channelsFirst bool) (*images, error) {
	if err := checkInput(who, x, 3, 4); err != nil {
		return nil, err
	}
	if height < 1 || width < 1 || height > maxOption || width > maxOption {
		return nil, errorf(who, "height %d and width %d: want 1 or more", height, width)
	}
	s := x.Shape()
	if len(s) == 3 {
		s = append(tensor.Shape{1}, s...)
	}
	l, err := newLayout(who, s, 2, channelsFirst)
	if err == nil && l.size[1]*l.size[2] == 0 {
		err = shapeErrorf(who, "input", x.Shape(), "images with pixels")
	}
	return &images{who, x, l, triple{1, height, width}, len(x.Shape())}, err
}

// A frame is a part of an image, or an image with a border. With a border it begins before the first pixel.
type frame struct{ top, left, height, width int }

func (im *images) whole() frame { return frame{0, 0, im.in.size[1], im.in.size[2]} }

// fitting returns the height for the images' width in the new aspect ratio, and the width for their height.
func (im *images) fitting() (height, width int) {
	height = int(float32(im.in.size[2]*im.out[1]) / float32(im.out[2]))
	width = int(float32(im.in.size[1]*im.out[2]) / float32(im.out[1]))
	return height, width
}

// cropped returns the largest middle part of the images that has the new aspect ratio.
func (im *images) cropped() frame {
	h, w := im.in.size[1], im.in.size[2]
	height, width := im.fitting()
	height, width = max(min(h, height), 1), max(min(w, width), 1)
	return frame{(h - height) / 2, (w - width) / 2, height, width}
}

// padded returns the images with borders on both sides that give them the new aspect ratio.
func (im *images) padded() frame {
	h, w := im.in.size[1], im.in.size[2]
	height, width := im.fitting()
	above, before := max(height-h, 0)/2, max(width-w, 0)/2
	return frame{-above, -before, h + 2*above, w + 2*before}
}

// resized returns the contents of the frame f in the new size. fill is the value of pixels outside the images.
func (im *images) resized(c *Context, f frame, fill float32, how Interpolation, antialias bool) (*Tensor, error) {
	shape := im.in.shape(im.out, im.in.channels)
	y, err := newGrown(im.who, im.x.Len(), shape[4-im.rank:]...)
	if err != nil || y.Len() == 0 {
		return y, err
	}
	w, l, x := c.workspace(), im.in.perChannel(), im.x.Data()
	defer w.Release(w.Mark())
	size := triple{1, f.height, f.width}
	if f != im.whole() {
		part := y.Data()
		if size != im.out {
			if err := kernel.CheckGrowth(im.x.Len(), im.in.shape(size, im.in.channels)); err != nil {
				return nil, errorf(im.who, "padded images %w", err)
			}
			part = w.Floats(l.batch * f.height * f.width * l.channels)
		}
		l.cut(part, x, f, fill)
		l.size, x = size, part
	}
	switch {
	case size != im.out:
		l.resample(w, y.Data(), x, im.out, how, antialias)
	case f == im.whole():
		copy(y.Data(), x)
	}
	return y, nil
}

// cut copies the contents of the frame f of the images x, of layout l with channels last, to y.
func (l layout) cut(y, x []float32, f frame, fill float32) {
	line, long := l.size[2]*l.channels, f.width*l.channels
	before := max(-f.left, 0) * l.channels
	n := min(long-before, line-max(f.left, 0)*l.channels)
	edge := []float32{fill}
	kernel.Parallel(l.batch*f.height, long, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			to, row := y[i*long:(i+1)*long], i%f.height+f.top
			if row < 0 || row >= l.size[1] {
				fillRows(to, edge)
				continue
			}
			fillRows(to[:before], edge)
			copy(to[before:before+n], x[(i/f.height*l.size[1]+row)*line+max(f.left, 0)*l.channels:])
			fillRows(to[before+n:], edge)
		}
	})
}

func resizingMaker(class string) config.Maker {
	switch class {
	case "Resizing":
		return func(c *config.Config) any {
			if mode := c.Text("fill_mode", "constant"); mode != "constant" {
				c.Fail("fill_mode %q, want \"constant\"", mode)
			}
			c.Skip("bounding_box_format")
			how := interpolationOption(c, Bilinear)
			return &Resizing{
				Height:            c.Int("height", 0),
				Width:             c.Int("width", 0),
				Interpolation:     &how,
				CropToAspectRatio: c.Bool("crop_to_aspect_ratio", false),
				PadToAspectRatio:  c.Bool("pad_to_aspect_ratio", false),
				FillValue:         c.Number("fill_value", 0),
				Antialias:         c.Bool("antialias", false),
				ChannelsFirst:     c.ChannelsFirst(),
				Name:              c.Name(),
				toFloat:           c.Keras2(),
			}
		}
	case "CenterCrop":
		return func(c *config.Config) any {
			c.Skip("bounding_box_format")
			return &CenterCrop{Height: c.Int("height", 0), Width: c.Int("width", 0), ChannelsFirst: c.ChannelsFirst(), Name: c.Name()}
		}
	}
	return nil
}
