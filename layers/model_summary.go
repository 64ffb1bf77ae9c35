package layers

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String returns a table of the model's layers with their numbers of parameters, as Keras's summary has it. Weights that are not
// loaded or built yet do not count. The wording and the layout may change.
func (m *Model) String() string {
	if m == nil || m.program == nil {
		return "Model: not made by FromKeras"
	}
	rows := [][]string{{"Layer (type)", "Connected to", "Param #"}}
	total := 0
	for _, c := range m.program.Callees {
		n := parameters(c.Layer)
		total += n
		rows = append(rows, []string{
			fmt.Sprintf("%s (%s)", c.Who.Name, c.Class), strings.Join(m.program.Before(c), ", "), grouped(n),
		})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Model: %q\n", m.Name())
	writeTable(&b, rows)
	fmt.Fprintf(&b, " Total params: %s (%s)\n", grouped(total), bytesText(4*total))
	return b.String()
}

// parameters returns the number of values in the weights of a layer.
func parameters(layer any) int {
	total := 0
	if layer == nil {
		return 0
	}
	seen := make(map[*Tensor]bool)
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[Tensor]() {
				if x, ok := v.Addr().Interface().(*Tensor); ok && x.Built() && !seen[x] {
					seen[x] = true
					total += x.Len()
				}
				return
			}
			for i := range v.NumField() {
				f := v.Type().Field(i)
				if _, tagged := f.Tag.Lookup("ckpt"); f.IsExported() && (tagged || f.Anonymous) {
					walk(v.Field(i))
				}
			}
		}
	}
	if v := reflect.ValueOf(layer); v.Kind() == reflect.Pointer { // whatever else cannot be restored into
		walk(v)
	}
	return total
}

// writeTable writes rows, the first of which has the headings, as Keras draws tables.
func writeTable(b *strings.Builder, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
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
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == len(row)-1 && at > 0 { // numbers end at one column
				cell, pad = pad+cell, ""
			}
			b.WriteString(bar + " " + cell + pad + " ")
		}
		b.WriteString(bar + "\n")
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
