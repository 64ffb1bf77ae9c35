package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Report is what results.json holds.
type Report struct {
	Machine  string            `json:"machine"`
	Date     string            `json:"date"`
	Scale    float64           `json:"scale"`
	Versions map[string]string `json:"versions"`
	Results  []Result          `json:"results"`
}

// A Result is one operation of one peer.
type Result struct {
	Workload string    `json:"workload"`
	Title    string    `json:"title"`
	Op       string    `json:"op"`
	Peer     string    `json:"peer"`
	Seconds  float64   `json:"seconds"`  // the median
	Unsynced float64   `json:"unsynced"` // of a save by a peer that does not sync: until it returned
	All      []float64 `json:"all"`
	Ratio    float64   `json:"ratio"`           // ckpt's time over this peer's
	Limit    float64   `json:"limit,omitempty"` // the most that ratio is meant to be
	Peak     int64     `json:"peak"`            // bytes of memory above the model
	Read     int64     `json:"read"`            // bytes, by system calls
	Written  int64     `json:"written"`
	Failed   string    `json:"failed,omitempty"`
}

func (r *Report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	var table strings.Builder
	if err := r.markdown(&table); err != nil {
		return err
	}
	for name, contents := range map[string]string{"results.json": string(b) + "\n", "results.svg": r.svg(), "results.md": table.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(contents), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// columns are the heads of the table.
var columns = []string{"workload", "operation", "peer", "median", "unsynced", "ckpt / peer", "target", "memory above model", "read", "written"}

// row returns what the table says of r.
func (r *Result) row() []string {
	if r.Failed != "" {
		return []string{r.Title, r.Op, r.Peer, "failed: " + strings.ReplaceAll(r.Failed, "\n", " "), "", "", "", "", "", ""}
	}
	row := []string{r.Title, r.Op, r.Peer, formatSeconds(r.Seconds), "", "", "", mebibytes(r.Peak), mebibytes(r.Read), mebibytes(r.Written)}
	if r.Peer == "cp" {
		row[7], row[8], row[9] = "", "", "" // of another process
	}
	if r.Op == "save" && r.Unsynced < r.Seconds {
		row[4] = formatSeconds(r.Unsynced)
	}
	if r.Ratio > 0 && r.Peer != "ckpt" {
		row[5] = fmt.Sprintf("%.3g", r.Ratio)
	}
	if r.Limit > 0 {
		verdict := "met"
		if r.Ratio > r.Limit {
			verdict = "missed"
		}
		row[6] = fmt.Sprintf("%.3g, %s", r.Limit, verdict)
	}
	return row
}

func mebibytes(n int64) string {
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// table prints the results in columns.
func (r *Report) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(columns, "\t"))
	for i := range r.Results {
		fmt.Fprintln(w, strings.Join(r.Results[i].row(), "\t"))
	}
	return w.Flush()
}

// markdown prints the results as a table of Markdown.
func (r *Report) markdown(out io.Writer) error {
	line := func(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
	var b strings.Builder
	fmt.Fprintf(&b, "%s. %s.", r.Machine, r.Date)
	for _, peer := range []string{"tensorflow", "safetensors", "torch"} {
		if v := r.Versions[peer]; v != "" {
			fmt.Fprintf(&b, " %s %s.", peer, v)
		}
	}
	b.WriteString("\n\n" + line(columns) + line(slices.Repeat([]string{"---"}, len(columns))))
	for i := range r.Results {
		b.WriteString(line(r.Results[i].row()))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
