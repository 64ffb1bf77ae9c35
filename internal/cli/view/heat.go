package view

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"

	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/tensor"
)

// maxPixels is the largest number of values that a heat map shows along each axis.
const maxPixels = 128

// A heat is a picture of one slice of a tensor: the last two axes, at fixed indices of the other axes. It samples long axes at regular
// steps.
type heat struct {
	At            []int // the indices of the axes before the last two
	Rows, Columns int   // the slice's shape
	StepDown      int   // the picture shows every StepDown-th row
	StepAcross    int
	Limit         float64 // the magnitude with full colour
	Wrapped       bool    // a vector that is wrapped into lines
	png           []byte
}

// newHeat draws the slice of t at the given indices of all axes but the last two; nil means the first slice. It returns nil if there
// is less than a row to draw.
func newHeat(t tensor.Any, at []int) (*heat, error) {
	shape := t.Shape()
	if t.Len() < 2 || len(shape) == 0 {
		return nil, nil
	}
	h := &heat{Rows: 1, Columns: shape[len(shape)-1], At: []int{}}
	from := 0
	if len(shape) > 1 {
		h.Rows = shape[len(shape)-2]
		outer := shape[:len(shape)-2]
		h.At = make([]int, len(outer))
		copy(h.At, at)
		for i, n := range outer {
			if h.At[i] < 0 || h.At[i] >= n {
				return nil, fmt.Errorf("index %d is out of range for axis %d of length %d", h.At[i], i, n)
			}
			from = from*n + h.At[i]
		}
		from *= h.Rows * h.Columns
	} else if h.Columns > maxPixels {
		h.Wrapped = true // the picture omits an incomplete last line
		h.Rows, h.Columns = h.Columns/maxPixels, maxPixels
	}
	h.StepDown, h.StepAcross = (h.Rows+maxPixels-1)/maxPixels, (h.Columns+maxPixels-1)/maxPixels
	down, across := (h.Rows+h.StepDown-1)/h.StepDown, (h.Columns+h.StepAcross-1)/h.StepAcross
	values := make([]float64, down*across)
	if err := sample(values, t, from, h, across); err != nil {
		return nil, err
	}
	h.Limit = spread(values)
	return h, h.draw(values, across)
}

// sample copies the values that the picture shows.
func sample(dst []float64, t tensor.Any, from int, h *heat, across int) error {
	const far = 64 // from this distance on, values are converted one by one
	line := make([]float64, min(h.Columns, far*maxPixels))
	for i := range len(dst) / across {
		if h.StepAcross > far {
			for j := range across {
				if err := stats.Floats(dst[i*across+j:][:1], t, from+i*h.StepDown*h.Columns+j*h.StepAcross); err != nil {
					return err
				}
			}
			continue
		}
		if err := stats.Floats(line, t, from+i*h.StepDown*h.Columns); err != nil {
			return err
		}
		for j := range across {
			dst[i*across+j] = line[j*h.StepAcross]
		}
	}
	return nil
}

// spread returns three times the root mean square of the finite values, or their largest magnitude if that is less. A few outliers
// then do not make all other values pale.
func spread(values []float64) float64 {
	n, squares, most := 0.0, 0.0, 0.0
	for _, v := range values {
		if v-v == 0 {
			n++
			squares += v * v
			most = max(most, math.Abs(v))
		}
	}
	if n == 0 || most == 0 {
		return 0
	}
	return min(most, 3*math.Sqrt(squares/n))
}

// draw makes the picture. It enlarges small pictures, with a square per value, because browsers would smooth them.
func (h *heat) draw(values []float64, across int) error {
	down := len(values) / across
	scale := max(1, min(2*maxPixels/across, 2*maxPixels/down, 16))
	img := image.NewPaletted(image.Rect(0, 0, across*scale, down*scale), palette)
	for y := range down * scale {
		for x := range across * scale {
			img.Pix[y*img.Stride+x] = shade(values[y/scale*across+x/scale], h.Limit)
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{BufferPool: &encoders}
	if err := encoder.Encode(&b, img); err != nil {
		return err
	}
	h.png = b.Bytes()
	return nil
}

// encoders keeps the buffers of PNG encoders, because each has some 800 KB, and pictures are small.
var encoders encoderPool

type encoderPool struct{ buffers sync.Pool }

func (p *encoderPool) Get() *png.EncoderBuffer {
	b, _ := p.buffers.Get().(*png.EncoderBuffer)
	return b // nil if there is none, for a new one
}

func (p *encoderPool) Put(b *png.EncoderBuffer) { p.buffers.Put(b) }

// The palette goes from blue over grey to orange, which people with any kind of colour vision can distinguish. Values that are not
// finite have a separate colour.
const (
	steps     = 63 // shades on either side of zero
	middle    = steps
	notFinite = 2*steps + 1
)

var palette = func() color.Palette {
	p := make(color.Palette, notFinite+1)
	from := [3][3]float64{{18, 78, 190}, {226, 226, 226}, {196, 74, 0}}
	mix := func(a, b [3]float64, f float64) color.Color {
		f = math.Pow(f, 0.8) // makes small values visible
		return color.RGBA{uint8(a[0] + (b[0]-a[0])*f), uint8(a[1] + (b[1]-a[1])*f), uint8(a[2] + (b[2]-a[2])*f), 255}
	}
	for i := range steps + 1 {
		f := float64(i) / steps
		p[middle+i] = mix(from[1], from[2], f)
		p[middle-i] = mix(from[1], from[0], f)
	}
	p[notFinite] = color.RGBA{230, 0, 160, 255}
	return p
}()

// shade returns the colour of a value.
func shade(v, limit float64) uint8 {
	switch {
	case v-v != 0:
		return notFinite
	case limit == 0:
		return middle
	}
	return uint8(middle + math.Round(max(-1, min(1, v/limit))*steps))
}

// heat draws a slice of a row's tensor. If the tensor is stored whole, heat reads only the slice.
func (s *Set) heat(ctx context.Context, row, source int, at []int) (*heat, error) {
	release, err := s.cache.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	e := s.entry(row, source)
	if len(e.Shape) <= 2 {
		t, err := s.read(ctx, row, source)
		if err != nil {
			return nil, err
		}
		return newHeat(t, nil)
	}
	region := make(tensor.Slice, len(e.Shape))
	for i := range region {
		region[i] = tensor.Full
		if i < len(e.Shape)-2 {
			region[i] = tensor.Extent{Length: 1}
			if i < len(at) {
				region[i].Start = at[i]
			}
		}
	}
	t, err := s.sources[source].r.Slice(ctx, e.Key, region)
	if err != nil {
		return nil, err
	}
	return newHeat(t, nil)
}
