package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// errDiffer is what a comparison fails with that went well and found a difference: all about it has been printed.
var errDiffer = errors.New("the checkpoints differ")

func newDiffCommand() *cobra.Command {
	var asJSON bool
	var tolerance float64
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare the tensors of two checkpoints",
		Long: `Compare two checkpoints by their keys: which only one of them has, and which have
another dtype, shape or values, with the largest difference of two values and where
that is. Values of different dtypes are compared as numbers. Two NaNs are equal, and
so are 0 and -0. Object graphs are compared by the keys that their tensors have.

With --json an object is printed: the prefixes "a" and "b", whether they are "equal",
and "differences", each with the "key", "kind" ("only in a", "only in b", "dtype",
"shape", "values"), the two dtypes and shapes as far as there are, and, for values,
how many "differ", the "largest" difference, absolute (null: none can be told, as for
strings or where one is NaN or infinite), and its "index".

The exit status is 0 where the checkpoints are equal and 1 where they differ, as it is
where one is damaged or not there, which standard error tells apart.`,
		Example: `  ckpt diff train/ckpt-7 train/ckpt-8
  ckpt diff --tolerance 1e-6 --json a b | jq '.differences[].key'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("two PATHs are wanted, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return checkpointPaths(typed)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	cmd.Flags().Float64Var(&tolerance, "tolerance", 0, "pass over differences of values up to this, absolute")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !(tolerance >= 0) {
			return fmt.Errorf("--tolerance: %v is no distance", tolerance)
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := diff(cmd.Context(), cmd.OutOrStdout(), args[0], args[1], tolerance, asJSON); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// A difference is what one key has in two checkpoints.
type difference struct {
	Key    string         `json:"key"`
	Kind   string         `json:"kind"`
	DTypes []string       `json:"dtypes"` // of a and b, or of the one that has the key
	Shapes []tensor.Shape `json:"shapes"`
	*valueDifference
}

// diff prints how two checkpoints differ. The error has [errDiffer] where they do and nothing else is wrong.
func diff(ctx context.Context, out io.Writer, pathA, pathB string, tolerance float64, asJSON bool) error {
	a, err := ckpt.Open(pathA)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := ckpt.Open(pathB)
	if err != nil {
		return err
	}
	defer b.Close()

	var report differences = &textDifferences{out: out}
	if asJSON {
		report = &jsonDifferences{out: out}
	}
	if err := report.begin(a.Prefix(), b.Prefix()); err != nil {
		return err
	}
	compared, differing := 0, 0
	err = pairs(a, b, func(x, y *ckpt.VariableInfo) error {
		compared++
		d, err := compareEntries(ctx, a, b, x, y, tolerance)
		if err != nil || d == nil {
			return err
		}
		differing++
		return report.add(d)
	})
	if err != nil {
		return err
	}
	if err := report.end(compared, differing); err != nil || differing == 0 {
		return err
	}
	return errDiffer
}

// pairs calls f for every key of two checkpoints, in order, with nil for the entry of the one that does not have it. The
// object graph's own key is left out.
func pairs(a, b *ckpt.Reader, f func(x, y *ckpt.VariableInfo) error) error {
	entries := func(r *ckpt.Reader, with func(*ckpt.VariableInfo) (more bool, err error)) error {
		for e, err := range r.All() {
			if err != nil {
				return err
			}
			if e.Key == graphKey {
				continue
			}
			if more, err := with(&e); err != nil || !more {
				return err
			}
		}
		return nil
	}
	var others []ckpt.VariableInfo
	if err := entries(b, func(e *ckpt.VariableInfo) (bool, error) { others = append(others, *e); return true, nil }); err != nil {
		return err
	}
	err := entries(a, func(x *ckpt.VariableInfo) (bool, error) {
		for len(others) > 0 && others[0].Key < x.Key {
			if err := f(nil, &others[0]); err != nil {
				return false, err
			}
			others = others[1:]
		}
		if len(others) > 0 && others[0].Key == x.Key {
			y := &others[0]
			others = others[1:]
			return true, f(x, y)
		}
		return true, f(x, nil)
	})
	for i := 0; err == nil && i < len(others); i++ {
		err = f(nil, &others[i])
	}
	return err
}

// compareEntries returns how two tensors of one key differ, nil where they do not.
func compareEntries(ctx context.Context, a, b *ckpt.Reader, x, y *ckpt.VariableInfo, tolerance float64) (*difference, error) {
	one := func(kind string, e *ckpt.VariableInfo) *difference {
		return &difference{Key: e.Key, Kind: kind, DTypes: []string{e.DType.String()}, Shapes: []tensor.Shape{whole(e.Shape)}}
	}
	switch {
	case y == nil:
		return one("only in a", x), nil
	case x == nil:
		return one("only in b", y), nil
	}
	d := &difference{Key: x.Key, DTypes: []string{x.DType.String(), y.DType.String()}, Shapes: []tensor.Shape{whole(x.Shape), whole(y.Shape)}}
	if !x.Shape.Equal(y.Shape) {
		d.Kind = "shape"
		return d, nil
	}
	values, err := compareStored(ctx, a, b, x, y, tolerance)
	switch {
	case err != nil:
		return nil, err
	case x.DType != y.DType:
		d.Kind, d.valueDifference = "dtype", values
	case values != nil:
		d.Kind, d.valueDifference = "values", values
	default:
		return nil, nil
	}
	return d, nil
}

// whole returns s for JSON, in which a scalar's shape is [].
func whole(s tensor.Shape) tensor.Shape { return append(tensor.Shape{}, s...) }

// differences prints what diff finds.
type differences interface {
	begin(a, b string) error
	add(d *difference) error
	end(compared, differing int) error
}

// textDifferences are for people: a line each, and one at the end.
type textDifferences struct{ out io.Writer }

func (t *textDifferences) begin(a, b string) error {
	_, err := fmt.Fprintf(t.out, "a: %s\nb: %s\n", safe(a), safe(b))
	return err
}

func (t *textDifferences) add(d *difference) error {
	what := d.Kind
	switch d.Kind {
	case "only in a", "only in b":
		what += fmt.Sprintf(": %s %v", d.DTypes[0], d.Shapes[0])
	case "shape":
		what += fmt.Sprintf(": %v %v", d.Shapes[0], d.Shapes[1])
	case "dtype":
		what += fmt.Sprintf(": %s %s", d.DTypes[0], d.DTypes[1])
	}
	if v := d.valueDifference; v != nil {
		what += fmt.Sprintf(": %d of %d differ, ", v.Differ, d.Shapes[0].Len())
		if v.Largest == nil {
			what += fmt.Sprintf("first at %v: %s, %s", v.Index, v.a, v.b)
		} else {
			what += fmt.Sprintf("by up to %.3g at %v: %s, %s", *v.Largest, v.Index, v.a, v.b)
		}
	}
	_, err := fmt.Fprintf(t.out, "%s: %s\n", safe(d.Key), what)
	return err
}

func (t *textDifferences) end(compared, differing int) error {
	_, err := fmt.Fprintf(t.out, "%s of %d differ\n", count(differing, "tensor"), compared)
	if differing == 0 {
		_, err = fmt.Fprintf(t.out, "%s, all equal\n", count(compared, "tensor"))
	}
	return err
}

// jsonDifferences are for programs.
type jsonDifferences struct {
	out  io.Writer
	list jsonArray
}

func (j *jsonDifferences) begin(a, b string) error {
	j.list.out = j.out
	prefixes, err := json.Marshal([]string{a, b})
	if err != nil {
		return err
	}
	var both []json.RawMessage
	if err := json.Unmarshal(prefixes, &both); err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.out, "{\"a\": %s, \"b\": %s, \"differences\": ", both[0], both[1])
	return err
}

func (j *jsonDifferences) add(d *difference) error { return j.list.add(d) }

func (j *jsonDifferences) end(_, differing int) error {
	if err := j.list.end(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(j.out, ", \"equal\": %t}\n", differing == 0)
	return err
}
