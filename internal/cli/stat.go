package cli

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/tensor"
)

func newStatCommand(in *inputs) *cobra.Command {
	var asJSON bool
	var only string
	cmd := &cobra.Command{
		Use:   "stat PATH",
		Short: "Print what the values of each tensor are like",
		Long: `Print for each tensor of numbers its mean, deviation, minimum and maximum, and how many
of its values are zero, NaN or infinite. All values are read, and checked where the
format has checksums.

With --json an array of objects is printed, with the members key, dtype, shape, count,
mean, deviation, min, max, zeros, nan and infinite.`,
		Example: `  ckpt stat model/ckpt-7
  ckpt stat --only '*kernel*' model/
  ckpt stat --json model.safetensors | jq '.[] | select(.nan > 0)'`,
		Args:              onePath,
		ValidArgsFunction: completePath,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	cmd.Flags().StringVar(&only, "only", "", "only the tensors with a key or an object path that this `glob` matches")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := stat(cmd.Context(), in, cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], only, asJSON); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// statistics are a Summary for programs.
type statistics struct {
	Count     int64  `json:"count"`
	Mean      number `json:"mean"`
	Deviation number `json:"deviation"`
	Min       number `json:"min"`
	Max       number `json:"max"`
	Zeros     int64  `json:"zeros"`
	NaN       int64  `json:"nan"`
	Infinite  int64  `json:"infinite"`
}

func newStatistics(s *stats.Summary) *statistics {
	if s == nil {
		return nil
	}
	return &statistics{s.Count, number(s.Mean), number(s.Deviation), number(s.Min), number(s.Max), s.Zeros, s.NaNs, s.Infs}
}

func stat(ctx context.Context, in *inputs, out, stderr io.Writer, path, only string, asJSON bool) error {
	r, err := in.open(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	bar := newBar(stderr, "reading")
	defer bar.clear()
	bar.expect(allBytes(r))
	list := jsonArray{out: visibleJSON{out}}
	if !asJSON {
		fmt.Fprintf(out, "%11s  %11s  %11s  %11s  %9s  %7s  KEY\n", "MEAN", "DEVIATION", "MIN", "MAX", "ZEROS", "NAN+INF")
	}
	for e, err := range r.All() {
		if err != nil {
			return err
		}
		bar.add(e.Bytes)
		if e.DType.Size() == 0 || !chosen(only, e.Key) {
			continue
		}
		t, err := r.ReadTensor(ctx, e.Key)
		if err != nil {
			return err
		}
		s, err := stats.Of(ctx, t)
		if err != nil {
			return err
		}
		if !asJSON {
			_, err = fmt.Fprintf(out, "%11s  %11s  %11s  %11s  %9s  %7s  %s\n", cell(s.Mean), cell(s.Deviation), cell(s.Min), cell(s.Max), few(s.Zeros), few(s.NaNs+s.Infs), safe(objectPath(e.Key)))
		} else {
			err = list.add(struct {
				Key   string       `json:"key"`
				DType string       `json:"dtype"`
				Shape tensor.Shape `json:"shape"`
				*statistics
			}{e.Key, e.DType.String(), append(tensor.Shape{}, e.Shape...), newStatistics(s)})
		}
		if err != nil {
			return err
		}
	}
	if !asJSON {
		return nil
	}
	if err := list.end(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out)
	return err
}

// chosen reports whether a glob matches a key or its object's path. "" matches all.
func chosen(glob, key string) bool {
	return glob == "" || matches(glob, key) || matches(glob, objectPath(key))
}

func cell(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.5g", v)
}

func few(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
