package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The measures of the plot, in pixels.
const (
	plotLeft   = 300 // where bars begin, at ckpt's time
	plotDecade = 120 // per factor of ten
	plotBar    = 14
	plotGap    = 12
	plotWidth  = plotLeft + 5*plotDecade + 130
)

// peerColours holds the colours of the bars.
var peerColours = map[string]string{
	"ckpt": "#00758d", "mapped": "#5dc9e2", "raw": "#888888", "cp": "#bbbbbb",
	"ckpt, TensorFlow's format": "#3d97a8", "sha256sum": "#999966", "numpy": "#4d77cf", "h5py": "#888844", "safetensors, memory kept": "#b794ea",
	"tensorflow": "#ff8f00", "safetensors": "#9c6ade", "safetensors-rs": "#6a3dab", "torch": "#d84315", "orbax": "#3f8f4f",
}

// svg draws the time of every peer as a multiple of ckpt's on a logarithmic scale: bars to the right of the line are slower.
func (r *Report) svg() string {
	var body strings.Builder
	y, group := 50, ""
	for i := range r.Results {
		res := &r.Results[i]
		if res.Ratio == 0 {
			continue
		}
		if name := res.Title + ": " + res.Op; name != group {
			group = name
			y += plotGap
			fmt.Fprintf(&body, `<text x="8" y="%d" font-weight="bold">%s</text>`+"\n", y+plotBar-3, html.EscapeString(name))
		}
		times := 1 / res.Ratio
		length := min(max(math.Log10(times), -0.95), 5) * plotDecade
		x, width := float64(plotLeft), length
		if length < 0 {
			x, width = x+length, -length
		}
		fmt.Fprintf(&body, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`, x, y, max(width, 2), plotBar-2, peerColours[res.Peer])
		fmt.Fprintf(&body, `<text x="%.1f" y="%d">%s %s (%.3g×)</text>`+"\n", float64(plotLeft)+max(length, 0)+6, y+plotBar-3, res.Peer, formatSeconds(res.Seconds), times)
		y += plotBar
	}
	y += plotGap
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`+"\n", plotWidth, y+20)
	fmt.Fprintf(&out, `<rect width="100%%" height="100%%" fill="white"/><text x="8" y="18" font-size="14" font-weight="bold">Time as a multiple of ckpt's (logarithmic; longer is slower)</text>`+"\n")
	fmt.Fprintf(&out, `<text x="8" y="34">%s, %s</text>`+"\n", html.EscapeString(r.Machine), r.Date)
	for decade := 0; decade <= 5; decade++ {
		x := plotLeft + decade*plotDecade
		fmt.Fprintf(&out, `<line x1="%d" y1="48" x2="%d" y2="%d" stroke="#dddddd"/><text x="%d" y="46" fill="#666666">%d×</text>`+"\n", x, x, y, x-6, int(math.Pow10(decade)))
	}
	out.WriteString(body.String())
	out.WriteString("</svg>\n")
	return out.String()
}
