package main

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// The measures of the plot, in pixels.
const (
	plotLeft   = 420 // the line at 1
	plotDouble = 40  // per factor of two
	plotBar    = 11
	plotGroup  = 34
	plotWidth  = plotLeft + 8*plotDouble + 70
)

// plot draws the peers' times as multiples of Go's on a logarithmic scale: bars to the right of the line are slower than Go.
func plot(subjects []*subject) string {
	var body strings.Builder
	y := 60
	for _, s := range subjects {
		fmt.Fprintf(&body, `<text x="8" y="%d">%s</text>`+"\n", y+plotBar+3, html.EscapeString(s.Name))
		for i, side := range []struct {
			turns  []timing
			colour string
		}{{s.tensorflow, "#ff8f00"}, {s.onnx, "#5a6acf"}} {
			bar(&body, y+i*(plotBar+2), walls(side.turns), walls(s.ours), side.colour)
		}
		y += plotGroup
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">
<rect width="100%%" height="100%%" fill="#ffffff"/>
<text x="8" y="22" font-size="15">Time of a call as a multiple of Go's: right of the line is slower than Go</text>
<text x="8" y="42"><tspan fill="#ff8f00">■</tspan> TensorFlow <tspan fill="#5a6acf">■</tspan> ONNX Runtime</text>
<line x1="%d" y1="50" x2="%d" y2="%d" stroke="#222222"/>
%s</svg>
`, plotWidth, y+10, plotLeft, plotLeft, y, body.String())
}

func bar(w *strings.Builder, y int, theirs, ours time.Duration, colour string) {
	if theirs == 0 || ours == 0 {
		return
	}
	times := float64(theirs) / float64(ours)
	length := min(max(math.Log2(times), -2), 8) * plotDouble
	fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d" font-size="10">%.2f</text>`+"\n",
		plotLeft+min(length, 0), y, math.Abs(length), plotBar, colour, plotLeft+max(length, 0)+4, y+plotBar-2, times)
}
