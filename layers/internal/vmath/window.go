package vmath

import "math"

// A Tap is one position in a window: X is the offset of its input from the first input, and W is the offset of its weights.
type Tap struct{ X, W int }

// A Line is a run of adjacent positions at which a window uses the same taps. The result's channels at position i are
// y[i*YStep:], and its inputs are x[i*XStep+tap.X:].
type Line struct {
	Y, X         []float32
	YStep, XStep int
	Count        int // of positions
	Channels     int
}

// check panics if the line or its taps are outside the slices, because the assembly does not check.
func (l *Line) check(taps []Tap, weights []float32) {
	last := l.Count - 1
	_ = l.Y[last*l.YStep : last*l.YStep+l.Channels]
	for _, t := range taps {
		_ = l.X[t.X : t.X+l.Channels]
		_ = l.X[last*l.XStep+t.X : last*l.XStep+t.X+l.Channels]
		if weights != nil {
			_ = weights[t.W : t.W+l.Channels]
		}
	}
}

// bytes returns taps with their offsets in bytes. It puts them into memory if they fit.
func bytes(taps []Tap, memory *[32]Tap) []Tap {
	list := memory[:0]
	for _, t := range taps {
		list = append(list, Tap{4 * t.X, 4 * t.W})
	}
	return list
}

// Weigh sets each channel of each position to bias, which may be empty, plus the sum of the taps' inputs times their weights. A
// tap has one weight per channel.
func (l *Line) Weigh(taps []Tap, weights, bias []float32) {
	if l.Count <= 0 || l.Channels <= 0 {
		return
	}
	l.check(taps, weights)
	c := 0
	if lanes > 0 && len(taps) > 0 {
		var memory [32]Tap
		list := bytes(taps, &memory)
		for n := lanes; n >= leastLanes; n /= 2 {
			for ; c+n <= l.Channels; c += n {
				from := &none[0]
				if len(bias) > 0 {
					from = &bias[c : c+n][0]
				}
				weigh(n, l.Count, len(list), &list[0].X, &l.Y[c], l.YStep, &l.X[c], l.XStep, &weights[c], from)
			}
		}
	}
	for ; c < l.Channels; c++ {
		for i := range l.Count {
			sum := float32(0)
			if len(bias) > 0 {
				sum = bias[c]
			}
			for _, t := range taps {
				sum = fma(l.X[i*l.XStep+t.X+c], weights[t.W+c], sum)
			}
			l.Y[i*l.YStep+c] = sum
		}
	}
}

// none is a bias of zeros.
var none [maxLanes]float32

// Largest sets each channel of each position to the largest of the taps' inputs, or to NaN if one of them is NaN.
func (l *Line) Largest(taps []Tap) {
	if l.Count <= 0 || l.Channels <= 0 {
		return
	}
	l.check(taps, nil)
	c := 0
	if lanes > 0 && len(taps) > 0 {
		var memory [32]Tap
		list := bytes(taps, &memory)
		for n := lanes; n >= leastLanes; n /= 2 {
			for ; c+n <= l.Channels; c += n {
				largestOf(n, l.Count, len(list), &list[0].X, &l.Y[c], l.YStep, &l.X[c], l.XStep)
			}
		}
	}
	for ; c < l.Channels; c++ {
		for i := range l.Count {
			top := float32(math.Inf(-1))
			for _, t := range taps {
				top = max(top, l.X[i*l.XStep+t.X+c])
			}
			l.Y[i*l.YStep+c] = top
		}
	}
}
