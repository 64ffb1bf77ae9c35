package layers

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String returns the table that Keras's summary prints in 80 columns: the layers, the shapes of their outputs, their numbers of
// parameters, and, if they are not a chain, their inputs. It does not count weights that are not loaded or built yet, nor the
// variables of an optimizer, which Keras counts for a compiled model. "?" stands for a shape that is not in the description. If
// all weights are loaded, String runs the layers on an empty batch to find such shapes. The wording and the layout may change.
func (m *Model) String() string {
	if m == nil || m.program == nil {
		return "Model: not made by FromKeras"
	}
	rows := [][]string{{"Layer (type)", "Output Shape", "Param #", "Connected to"}}
	widths := []int{19, 17, 10, 17}
	shapes, before, frozen := describe(m.source)
	total, trained, whole := 0, 0, true
	for _, c := range m.program.Callees {
		whole = whole && countParameters(c.Layer).whole
	}
	var measured map[string]string
	if whole {
		measured = m.measured()
	}
	for _, c := range m.program.Callees {
		if m.program.Chain && c.Class == "InputLayer" {
			continue
		}
		n := countParameters(c.Layer)
		total += n.all
		if !frozen[c.Who.Name] {
			trained += n.trained
		}
		rows = append(rows, []string{
			fmt.Sprintf("%s (%s)", c.Who.Name, summaryClass(c.Class)), cmp.Or(shapes[c.Who.Name], measured[c.Who.Name], "?"), grouped(n.all), cmp.Or(before[c.Who.Name], "-"),
		})
	}
	if m.program.Chain || before == nil {
		widths = []int{31, 22, 13}
		for i := range rows {
			rows[i] = rows[i][:3]
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Model: %q\n", m.Name())
	writeTable(&b, widths, rows)
	for _, line := range []struct {
		what string
		n    int
	}{{"Total", total}, {"Trainable", trained}, {"Non-trainable", total - trained}} {
		fmt.Fprintf(&b, " %s params: %s (%s)\n", line.what, grouped(line.n), bytesText(4*line.n))
	}
	return b.String()
}

// summaryClass returns the name of a class in Python. For one class it differs from the name in Keras's namespace.
func summaryClass(class string) string {
	if class == "GroupQueryAttention" {
		return "GroupedQueryAttention"
	}
	return class
}

// A parameterCount counts the values in the weights of a layer.
type parameterCount struct {
	all, trained int
	whole        bool // all weights exist, and the whole layer is from this package
}

// notTrained are the edges of weights that Keras does not train.
var notTrained = map[string]bool{"moving_mean": true, "moving_variance": true, "adapt_mean": true, "adapt_variance": true, "count": true, "vector_u": true}

// countParameters counts the values in the weights of a layer.
func countParameters(layer any) (total parameterCount) {
	total.whole = true
	if _, constants := layer.(*Rescaling); constants || layer == nil {
		return total
	}
	seen := make(map[*Tensor]bool)
	var walk func(v reflect.Value, edge string, optional bool)
	walk = func(v reflect.Value, edge string, optional bool) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem(), edge, optional)
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i), edge, optional)
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[Tensor]() {
				x, ok := v.Addr().Interface().(*Tensor)
				total.whole = total.whole && (optional || ok && x.Built())
				if ok && x.Built() && !seen[x] {
					seen[x] = true
					total.all += x.Len()
					if !notTrained[edge] {
						total.trained += x.Len()
					}
				}
				return
			}
			total.whole = total.whole && v.Type().PkgPath() == reflect.TypeFor[Model]().PkgPath()
			for i := range v.NumField() {
				f := v.Type().Field(i)
				tag, tagged := f.Tag.Lookup("ckpt")
				if name, options, _ := strings.Cut(tag, ","); f.IsExported() && (tagged || f.Anonymous) && name != "-" {
					walk(v.Field(i), name, optional || slices.Contains(strings.Split(options, ","), "optional"))
				}
			}
		}
	}
	if v := reflect.ValueOf(layer); v.Kind() == reflect.Pointer { // other values that cannot be restored into
		walk(v, "", false)
	}
	return total
}

const paramColumn = 2

// writeTable writes rows like tables of Keras, in columns of the given widths. The first row contains the headings.
func writeTable(b *strings.Builder, width []int, rows [][]string) {
	line := func(left, fill, middle, right string) {
		parts := make([]string, len(width))
		for i, n := range width {
			parts[i] = strings.Repeat(fill, n+2)
		}
		b.WriteString(left + strings.Join(parts, middle) + right + "\n")
	}
	line("┏", "━", "┳", "┓")
	for at, row := range rows {
		bar := "│"
		if at == 0 {
			bar = "┃"
		}
		cells, height := make([][]string, len(row)), 1
		for i, cell := range row {
			cells[i] = wrapCell(cell, width[i])
			height = max(height, len(cells[i]))
		}
		for k := range height {
			for i := range row {
				text := ""
				if k < len(cells[i]) {
					text = cells[i][k]
				}
				pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(text))
				if i == paramColumn { // numbers end at one column
					text, pad = pad+text, ""
				}
				b.WriteString(bar + " " + text + pad + " ")
			}
			b.WriteString(bar + "\n")
		}
		switch at {
		case 0:
			line("┡", "━", "╇", "┩")
		case len(rows) - 1:
		default:
			line("├", "─", "┼", "┤")
		}
	}
	line("└", "─", "┴", "┘")
}

// wrapCell breaks text at spaces into lines of at most width characters. A word that is longer is cut off.
func wrapCell(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = word
	}
	lines = append(lines, line)
	for i, l := range lines {
		if runes := []rune(l); len(runes) > width {
			lines[i] = string(runes[:width-1]) + "…"
		}
	}
	return lines
}

// grouped returns n with commas between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText returns a number of bytes as Keras writes it.
func bytesText(n int) string {
	size, units := float64(n), []string{"B", "KB", "MB", "GB", "TB"}
	at := 0
	for ; size >= 1024 && at < len(units)-1; at++ {
		size /= 1024
	}
	return fmt.Sprintf("%.2f %s", size, units[at])
}
