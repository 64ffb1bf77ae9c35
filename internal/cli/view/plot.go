package view

import (
	"math"
)

// A Bar is one bar of a histogram, in the coordinates of its picture.
type bar struct{ X, Y, Width, Height float64 }

// bars returns the bars of a histogram in a picture of the given size. A bar with any count is visible.
func bars(counts []int64, width, height float64) []bar {
	most := int64(0)
	for _, n := range counts {
		most = max(most, n)
	}
	step := width / float64(max(1, len(counts)))
	var all []bar
	for i, n := range counts {
		if n == 0 {
			continue
		}
		h := max(1, height*float64(n)/float64(most))
		all = append(all, bar{round(float64(i) * step), round(height - h), round(step * 0.92), round(h)})
	}
	return all
}

// A band is one section of an axis.
type band struct {
	X, Width float64
	Opacity  float64 // of its colour, from 0 to 1
}

// bandsOf returns the bands of values in a picture of the given width. The largest value has full colour, and so do NaN and
// infinities.
func bandsOf(values []float64, width float64) []band {
	most := 0.0
	for _, v := range values {
		if v-v == 0 {
			most = max(most, v)
		}
	}
	step := width / float64(max(1, len(values)))
	var all []band
	for i, v := range values {
		opacity := 1.0
		if v-v == 0 {
			opacity = max(0.08, v/most)
		}
		if v != 0 {
			all = append(all, band{round(float64(i) * step), round(step + 0.3), round(opacity)})
		}
	}
	return all
}

// A Curve is a line through values, one per checkpoint.
type curve struct {
	Points    []point // of the finite values
	Low, High float64
}

type point struct{ X, Y float64 }

// curveOf returns the line through values in a picture of the given size, with a margin for marks. Values that are not finite are gaps.
func curveOf(values []float64, width, height, margin float64) curve {
	c := curve{Low: math.Inf(1), High: math.Inf(-1)}
	for _, v := range values {
		if v-v == 0 {
			c.Low, c.High = min(c.Low, v), max(c.High, v)
		}
	}
	for i, v := range values {
		if v-v != 0 {
			continue
		}
		x, y := width/2, height/2
		if len(values) > 1 {
			x = margin + (width-2*margin)*float64(i)/float64(len(values)-1)
		}
		if c.High > c.Low {
			y = height - margin - (height-2*margin)*(v-c.Low)/(c.High-c.Low)
		}
		c.Points = append(c.Points, point{round(x), round(y)})
	}
	return c
}

// round keeps pages short.
func round(v float64) float64 { return math.Round(v*100) / 100 }
