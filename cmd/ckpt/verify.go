package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
)

func newVerifyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify PATH",
		Short: "Read all of a checkpoint and compare every checksum",
		Long: `Read all of a checkpoint, compare every checksum, and hold the object graph against
what is stored. All problems are printed, one a line; those that affect no stored
value are warnings and leave the exit status 0. Other makers' formats have no checksums
of all that they store: of these the structure is checked, and NaN and infinities are
counted.

With --json an object is printed: the checkpoint's prefix, the problems, each with the
key of its tensor ("" where it is not that of one), how many tensors there are and
their bytes, and whether all is well.`,
		Example: `  ckpt verify model/ckpt-7
  ckpt verify --json model/ | jq .ok`,
		Args:              onePath,
		ValidArgsFunction: completePath,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	cmd.RunE = onPath(func(cmd *cobra.Command, path string) error {
		bar := newBar(cmd.ErrOrStderr(), "verifying")
		r, err := ckpt.Open(path, bar.options()...)
		if err != nil {
			return err
		}
		defer r.Close()
		defer bar.clear()
		var report reporter = &textReport{out: cmd.OutOrStdout(), bar: bar}
		if asJSON {
			report = &jsonReport{out: visibleJSON{cmd.OutOrStdout()}}
		}
		if r.Format() != "tensorflow" {
			report = &plainReport{reporter: report, ctx: cmd.Context(), r: r, out: cmd.OutOrStdout(), text: !asJSON}
		}
		return verify(cmd.Context(), r, report, bar)
	})
	return cmd
}

// A reporter prints what verify finds.
type reporter interface {
	begin(prefix string) error
	problem(p ckpt.Problem) error
	end(prefix string, tensors int, bytes int64, ok bool) error
}

// verify reports on a checkpoint. Its error is the first problem, and how many more there are.
func verify(ctx context.Context, r *ckpt.Reader, report reporter, bar *bar) error {
	if err := report.begin(r.Prefix()); err != nil {
		return err
	}
	var first, printing error
	problems, tensors, bytes := 0, 0, int64(0)
	err := r.Verify(ctx, func(p ckpt.Problem) {
		if !p.Warning {
			if problems++; problems == 1 {
				first = p.Err
			}
		}
		if err := report.problem(p); printing == nil {
			printing = err
		}
	})
	if err == nil {
		err = printing
	}
	if err != nil {
		return err
	}
	for e, err := range r.All() {
		if err != nil {
			break // a problem that was reported
		}
		tensors, bytes = tensors+1, bytes+e.Bytes
	}
	bar.clear()
	if err := report.end(r.Prefix(), tensors, bytes, first == nil); err != nil {
		return err
	}
	if problems > 1 {
		return fmt.Errorf("%w (and %s)", first, count(problems-1, "further problem"))
	}
	return first
}

// A textReport is for people: a line per problem, and one at the end.
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

func (t *textReport) end(prefix string, tensors int, bytes int64, ok bool) error {
	if !ok {
		return nil
	}
	_, err := fmt.Fprintf(t.out, "%s: %s, %s, all checksums right\n", safe(prefix), count(tensors, "tensor"), size(bytes))
	return err
}

// A jsonReport is for programs. It prints the problems as they come.
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

func (j *jsonReport) end(_ string, tensors int, bytes int64, ok bool) error {
	if err := j.problems.end(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(j.out, ", \"tensors\": %d, \"bytes\": %d, \"ok\": %t}\n", tensors, bytes, ok)
	return err
}
