package cli

import (
	"context"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/tensor"
)

func newStatCommand(in *input.Streams) *cobra.Command {
	var asJSON bool
	var only string
	cmd := &cobra.Command{
		Use:   "stat PATH...",
		Short: "Print statistics of each tensor",
		Long: `Print the mean, standard deviation, minimum and maximum of each tensor of numbers, and
how many of its values are zero, NaN or infinite. All values are read, and verified if the
format has checksums.

With --json the output is an array of objects with the members key, dtype, shape, count,
mean, deviation, min, max, zeros, nan and infinite. A PATH may be a quoted glob, or - for
standard input.`,
		Example: `  ckpt stat model/ckpt-7
  ckpt stat --only '*kernel*' model/
  ckpt stat --json model.safetensors | jq '.[] | select(.nan > 0)'`,
		Args:              somePaths,
		ValidArgsFunction: completePaths,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	cmd.Flags().StringVar(&only, "only", "", onlyUsage)
	v := visit{in: in, asJSON: &asJSON, titled: true, what: "reading"}
	v.do = func(cmd *cobra.Command, o *opened) error { return stat(cmd.Context(), o, only, asJSON) }
	cmd.RunE = v.run
	return cmd
}

// statistics is a Summary in JSON.
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

// statRow is the format of a row of the table. The path begins at column 62.
const statRow = "%10s %10s %10s %10s %8s %7s  %s\n"

// stat prints the statistics of the tensors that a glob matches.
func stat(ctx context.Context, r *opened, only string, asJSON bool) error {
	var all []ckpt.VariableInfo
	var total int64
	for e, err := range names.Entries(r.Reader, only) {
		if err != nil {
			return err
		}
		if e.DType.Size() > 0 {
			all, total = append(all, e), total+e.Bytes
		}
	}
	if only != "" && len(all) == 0 {
		return names.NoneMatches(r.Reader, only)
	}
	r.bar.expect(total)
	out, list := r.out, jsonArray{out: visibleJSON{r.out}}
	if !asJSON {
		slices.SortFunc(all, func(a, b ckpt.VariableInfo) int { return names.Compare(a.Key, b.Key) })
		fmt.Fprintf(out, statRow, "MEAN", "DEVIATION", "MIN", "MAX", "ZEROS", "NAN+INF", "PATH")
	}
	for i, s := range summaries(ctx, r.Reader, all) {
		e, err := all[i], error(nil)
		r.bar.add(e.Bytes)
		why := unreadable(s.err)
		switch {
		case s.err != nil && why == "":
			return s.err
		case !asJSON && s.err != nil:
			_, err = fmt.Fprintf(out, statRow, "-", "-", "-", "-", "-", "-", safe(names.Owner(e.Key))+"  "+why)
		case !asJSON:
			_, err = fmt.Fprintf(out, statRow, cell(s.Mean), cell(s.Deviation), cell(s.Min), cell(s.Max), few(s.Zeros), few(s.NaNs+s.Infs), safe(names.Owner(e.Key)))
		default:
			err = list.add(struct {
				Key   string       `json:"key"`
				DType string       `json:"dtype"`
				Shape tensor.Shape `json:"shape"`
				*statistics
			}{e.Key, e.DType.String(), append(tensor.Shape{}, e.Shape...), newStatistics(s.Summary)})
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
	_, err := fmt.Fprintln(out)
	return err
}

// A summed is the summary of a tensor's values, or the error of reading them.
type summed struct {
	*stats.Summary
	err error
}

// summaries summarizes tensors on all processors. Each processor reads one tensor at a time in bounded memory. The results are in
// the order of the tensors.
func summaries(ctx context.Context, r *ckpt.Reader, all []ckpt.VariableInfo) iter.Seq2[int, summed] {
	return func(yield func(int, summed) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		workers := min(runtime.GOMAXPROCS(0), len(all))
		results := make(chan chan summed, 64*workers) // how far one worker may be ahead of another
		go func() {
			defer close(results)
			var g errgroup.Group
			g.SetLimit(max(workers, 1))
			for _, e := range all {
				result := make(chan summed, 1)
				select {
				case results <- result:
				case <-ctx.Done():
					return
				}
				g.Go(func() error {
					s, err := summarize(ctx, r, e)
					result <- summed{s, err}
					return nil
				})
			}
		}()
		i := 0
		for result := range results {
			if !yield(i, <-result) {
				return
			}
			i++
		}
		if i < len(all) {
			yield(i, summed{err: context.Cause(ctx)})
		}
	}
}

// summarize reads and summarizes one tensor.
func summarize(ctx context.Context, r *ckpt.Reader, e ckpt.VariableInfo) (*stats.Summary, error) {
	s, ok := stats.NewStream(ctx, e.DType, e.Shape.Len())
	if !ok {
		return nil, fmt.Errorf("%s: values of %v are not numbers", safe(e.Key), e.DType)
	}
	if err := r.WriteStored(ctx, e.Key, s); err != nil {
		return nil, err
	}
	return s.Summary()
}

func cell(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.4g", v)
}

func few(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
