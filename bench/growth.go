package main

import "slices"

// growths returns a table for each family of workloads: a row for each operation and peer, and a column for each size.
func (r *Report) growths() (tables [][][]string) {
	var families []string
	for i := range r.Results {
		if f := r.Results[i].Family; f != "" && !slices.Contains(families, f) {
			families = append(families, f)
		}
	}
	for _, f := range families {
		tables = append(tables, r.growth(f))
	}
	return tables
}

func (r *Report) growth(family string) [][]string {
	type line struct{ op, peer string }
	var sizes []string
	var lines []line
	cells := map[line]map[string]string{}
	for i := range r.Results {
		res := &r.Results[i]
		if res.Family != family || res.Failed != "" {
			continue
		}
		l := line{res.Op, res.Peer}
		if cells[l] == nil {
			cells[l] = map[string]string{}
			lines = append(lines, l)
		}
		if !slices.Contains(sizes, res.Size) {
			sizes = append(sizes, res.Size)
		}
		cells[l][res.Size] = formatSeconds(res.Seconds)
		if res.Parts > 0 {
			cells[l][res.Size] += ", " + formatSeconds(res.Seconds/float64(res.Parts)) + " each"
		}
	}
	table := [][]string{append([]string{family, "peer"}, sizes...)}
	for _, l := range lines {
		row := []string{l.op, l.peer}
		for _, size := range sizes {
			row = append(row, cells[l][size])
		}
		table = append(table, row)
	}
	return table
}
