package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A Report is the contents of results.json.
type Report struct {
	Machine  string            `json:"machine"`
	Load     []string          `json:"load"` // load averages at the start and at the end
	Date     string            `json:"date"`
	Scale    float64           `json:"scale"`
	Versions map[string]string `json:"versions"`
	Results  []Result          `json:"results"`
}

// A Result is one operation of one peer.
type Result struct {
	Workload  string    `json:"workload"`
	Title     string    `json:"title"`
	Op        string    `json:"op"`
	Peer      string    `json:"peer"`
	Seconds   float64   `json:"seconds"` // the median
	Min       float64   `json:"min"`
	Unsynced  float64   `json:"unsynced"` // of a save by a peer that does not sync: the time until it returned
	All       []float64 `json:"all"`
	Ratio     float64   `json:"ratio"`           // ckpt's time over this peer's
	Limit     float64   `json:"limit,omitempty"` // the target: Ratio should not exceed it
	Peak      int64     `json:"peak"`            // bytes of memory above the model
	PeakLimit int64     `json:"peakLimit,omitempty"`
	Read      int64     `json:"read"` // bytes, by system calls
	Written   int64     `json:"written"`
	Started   float64   `json:"started,omitempty"` // of a fresh process: the time until it began to load
	Growth    `json:"growth,omitzero"`
	Failed    string `json:"failed,omitempty"`
}

func (r *Report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	for name, contents := range map[string]string{"results.json": string(b) + "\n", "results.svg": r.svg(), "results.md": r.markdown()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(contents), 0o666); err != nil {
			return err
		}
	}
	return r.document(filepath.Join(dir, "BENCHMARKS.md"))
}

// columns holds the column headings of the table.
var columns = []string{"workload", "operation", "peer", "median", "min", "unsynced, or started", "ckpt / peer", "target", "memory above model", "target", "read", "written"}

// row returns the cells of the table for r.
func (r *Result) row() []string {
	if r.Failed != "" {
		row := []string{r.Title, r.Op, r.Peer, strings.ReplaceAll(r.Failed, "\n", " ")}
		return append(row, make([]string, len(columns)-len(row))...)
	}
	memory, read, written := mebibytes(r.Peak), mebibytes(r.Read), mebibytes(r.Written)
	if r.Peer == "cp" {
		memory, read, written = "", "", "" // these belong to another process
	}
	unsynced, ratio, target, memoryTarget := "", "", "", ""
	if strings.HasPrefix(r.Op, "save") && r.Unsynced < r.Seconds {
		unsynced = formatSeconds(r.Unsynced)
	}
	if r.Started > 0 {
		unsynced = formatSeconds(r.Started)
	}
	if r.Ratio > 0 && r.Peer != "ckpt" {
		ratio = fmt.Sprintf("%.3g", r.Ratio)
	}
	if r.Limit > 0 {
		target = fmt.Sprintf("%.3g, %s", r.Limit, verdict(r.Ratio <= r.Limit))
	}
	if r.PeakLimit > 0 {
		memoryTarget = fmt.Sprintf("%d MiB, %s", r.PeakLimit>>20, verdict(r.Peak <= r.PeakLimit))
	}
	took := formatSeconds(r.Seconds)
	if len(r.All) == 1 {
		took += ", once"
	}
	return []string{r.Title, r.Op, r.Peer, took, formatSeconds(r.Min), unsynced, ratio, target, memory, memoryTarget, read, written}
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

func mebibytes(n int64) string {
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// formatSeconds prints a duration with three digits.
func formatSeconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d >= time.Second:
		return strconv.FormatFloat(s, 'g', 3, 64) + " s"
	case d >= time.Millisecond:
		return strconv.FormatFloat(s*1e3, 'g', 3, 64) + " ms"
	case d >= time.Microsecond:
		return strconv.FormatFloat(s*1e6, 'g', 3, 64) + " µs"
	}
	return strconv.FormatFloat(s*1e9, 'g', 3, 64) + " ns"
}

// thousands formats a number for the titles, with commas.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// table prints the results in columns.
func (r *Report) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(columns, "\t"))
	for i := range r.Results {
		fmt.Fprintln(w, strings.Join(r.Results[i].row(), "\t"))
	}
	for _, g := range r.growths() {
		fmt.Fprintln(w)
		for _, row := range g {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}
	}
	return w.Flush()
}

// markdown returns the results as tables of Markdown.
func (r *Report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. %s.", r.Machine, r.Date)
	for _, peer := range foreign {
		if v := r.Versions[peer]; v != "" && !strings.Contains(peer, ",") {
			fmt.Fprintf(&b, " %s %s.", peer, v)
		}
	}
	if r.Scale != 1 {
		fmt.Fprintf(&b, " Every size times %g.", r.Scale)
	}
	if load := strings.Join(r.Load, ", then "); load != "" {
		fmt.Fprintf(&b, " Load averages: %s.", load)
	}
	rows := [][]string{columns}
	for i := range r.Results {
		rows = append(rows, r.Results[i].row())
	}
	b.WriteString("\n\n" + r.targets())
	for _, table := range append([][][]string{rows}, r.growths()...) {
		b.WriteString("\n\n" + markdownRow(table[0]) + markdownRow(slices.Repeat([]string{"---"}, len(table[0]))))
		for _, row := range table[1:] {
			b.WriteString(markdownRow(row))
		}
	}
	return b.String()
}

func markdownRow(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
