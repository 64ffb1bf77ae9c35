package view

import (
	"embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

//go:embed templates
var files embed.FS

var pages = template.Must(template.New("view").Funcs(template.FuncMap{
	"number": number3, "count": grouped, "few": few, "cosine": cosine, "class": func(c change) string { return string(c) },
	"bars": bars, "bands": bandsOf, "curve": curveOf, "zero": zeroAt, "largest": largest,
	"last": func(p []point) *point {
		if len(p) == 0 {
			return nil
		}
		return &p[len(p)-1]
	},
}).ParseFS(files, "templates/*.html"))

// asset returns one of the embedded files that pages need.
func asset(name string) string {
	b, err := files.ReadFile("templates/" + name)
	if err != nil {
		panic(err) // cannot happen: the file is embedded
	}
	return string(b)
}

// number3 formats a number with four digits, or with three and a short exponent, to fit a column: 1.234, 1.23e-7, 1.23e9.
func number3(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 0):
		return minus(strings.Replace(fmt.Sprint(v), "Inf", "∞", 1))
	}
	text := strconv.FormatFloat(v, 'g', 4, 64)
	if !strings.Contains(text, "e") {
		return minus(text)
	}
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'g', 3, 64), "e")
	sign := strings.TrimPrefix(exponent[:1], "+")
	return minus(digits + "e" + sign + strings.TrimLeft(exponent[1:], "0"))
}

// minus replaces a hyphen by a minus sign.
func minus(text string) string {
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		return "−" + rest
	}
	return text
}

// largest formats a difference, which is NaN if one of the values is NaN.
func largest(v float64) string {
	if math.IsNaN(v) {
		return "NaN"
	}
	return number3(v)
}

// cosine formats a cosine. If it is close to one, it shows the distance from one.
func cosine(v float64) string {
	if v == v && v > 0.999 && v < 1 {
		return "1−" + strconv.FormatFloat(1-v, 'g', 2, 64)
	}
	return number3(v)
}

// grouped formats a count with commas between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

func few(n int64) string {
	if n == 0 {
		return "–"
	}
	return grouped(n)
}

// zeroAt returns the position of zero between low and high in a picture of the given width, or nil if it is not between them.
func zeroAt(low, high, width float64) *float64 {
	if !(low < 0 && high > 0) {
		return nil
	}
	x := round(width / (1 - high/low))
	return &x
}

// counted formats a count with its noun.
func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}
