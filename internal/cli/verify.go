package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
)

func newVerifyCommand(in *input.Streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Read a whole checkpoint and compare every checksum",
		Long: `Read all of a checkpoint, compare every checksum, and compare the object graph with the
stored tensors. Print every problem on a line. Problems that do not affect stored values are
warnings; the exit status is then 0. TensorFlow's checkpoints have a checksum of each tensor,
and ZIP archives (.npz, .keras, .pt) have one of each member. Other formats do not have
checksums: only their structure is checked. NaN and infinities are counted, except in
TensorFlow's checkpoints: use ckpt stat there. ckpt digest writes checksums for files of any
format.

With --json the output is an object: the checkpoint's prefix, the problems, each with the key of
its tensor ("" if it does not concern a single tensor), the number of tensors and their bytes,
which checksums were compared ("tensors", "archive" or "none"), the numbers of NaN and infinite
values if they were counted, and whether the checkpoint is intact.`,
		Example: `  ckpt verify model/ckpt-7
  ckpt verify 'train/ckpt-*'
  curl -s https://example.org/m.safetensors | ckpt verify -
  ckpt verify --json model/ | jq .ok`,
		Args:              somePaths,
		ValidArgsFunction: completePaths,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	v := visit{in: in, asJSON: &asJSON, opts: (*bar).options, what: "verifying"}
	v.do = func(cmd *cobra.Command, o *opened) error {
		var report reporter = &textReport{out: o.out, bar: o.bar}
		if asJSON {
			report = &jsonReport{out: visibleJSON{o.out}}
		}
		return verify(cmd.Context(), o, report)
	}
	cmd.RunE = v.run
	return cmd
}

// A reporter prints the results of verify.
type reporter interface {
	begin(prefix string) error
	problem(p ckpt.Problem) error
	end(v verified) error
}

// A verified is the result of verify.
type verified struct {
	prefix  string
	tensors int
	bytes   int64
	sums    string
	values  *anomalies // nil if they were not counted
	ok      bool
}

// verify reports the problems of a checkpoint. It returns the first, with the number of further ones.
func verify(ctx context.Context, r *opened, report reporter) error {
	if err := report.begin(r.name); err != nil {
		return err
	}
	var first, printing error
	problems := 0
	found := verified{prefix: r.name, sums: sumsOfTensors}
	tell := func(p ckpt.Problem) {
		if !p.Warning {
			if problems++; problems == 1 {
				first = p.Err
			}
		}
		if err := report.problem(p); printing == nil {
			printing = err
		}
	}
	var err error
	if r.Format() == "tensorflow" {
		err = r.Verify(ctx, tell)
	} else {
		found.values = new(anomalies)
		*found.values, found.sums, err = verifyPlain(ctx, r, tell)
	}
	if err == nil {
		err = printing
	}
	if err != nil {
		return err
	}
	for e, err := range r.All() {
		if err != nil {
			break // the problem was reported
		}
		found.tensors, found.bytes = found.tensors+1, found.bytes+e.Bytes
	}
	r.bar.clear()
	found.ok = first == nil
	if err := report.end(found); err != nil {
		return err
	}
	if problems > 1 {
		return fmt.Errorf("%w (and %s)", first, count(problems-1, "further problem"))
	}
	return first
}

// A textReport prints text for people: a line per problem, and a summary.
type textReport struct {
	out io.Writer
	bar *bar
}

func (t *textReport) begin(string) error { return nil }

func (t *textReport) problem(p ckpt.Problem) error {
	t.bar.clear()
	kind := "problem"
	if p.Warning {
		kind = "warning"
	}
	_, err := fmt.Fprintf(t.out, "%s: %s\n", kind, oneLine(p.Err))
	return err
}

func (t *textReport) end(v verified) error {
	if !v.ok {
		return nil
	}
	counted := ""
	if v.values != nil {
		counted = fmt.Sprintf(", %d NaN, %d infinite", v.values.NaN, v.values.Infinite)
	}
	_, err := fmt.Fprintf(t.out, "%s: %s, %s, %s%s\n", safe(v.prefix), count(v.tensors, "tensor"), size(v.bytes), checksums(v.sums), counted)
	return err
}

// A jsonReport prints JSON for programs, with the problems as they are found.
type jsonReport struct {
	out      io.Writer
	problems jsonArray
}

func (j *jsonReport) begin(prefix string) error {
	j.problems.out = j.out
	_, err := fmt.Fprintf(j.out, "{\"checkpoint\": %s, \"problems\": ", jsonString(prefix))
	return err
}

func (j *jsonReport) problem(p ckpt.Problem) error {
	return j.problems.add(struct {
		Key     string `json:"key"`
		Warning bool   `json:"warning"`
		Problem string `json:"problem"`
	}{p.Key, p.Warning, oneLine(p.Err)})
}

func (j *jsonReport) end(v verified) error {
	if err := j.problems.end(); err != nil {
		return err
	}
	counted := ""
	if v.values != nil {
		counted = fmt.Sprintf(", \"nan\": %d, \"infinite\": %d", v.values.NaN, v.values.Infinite)
	}
	_, err := fmt.Fprintf(j.out, ", \"tensors\": %d, \"bytes\": %d, \"checksums\": %s%s, \"ok\": %t}\n", v.tensors, v.bytes, jsonString(v.sums), counted, v.ok)
	return err
}
