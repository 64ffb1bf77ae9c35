package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/tensor"
)

func newDiffCommand(in *input.Streams) *cobra.Command {
	var asJSON bool
	var only string
	var tolerance float64
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare the tensors of two checkpoints",
		Long: `Compare the tensors of two checkpoints by their keys, or by the paths of their objects if
the two have different formats. Weights that Keras numbers then go by the names of their layers,
as in ckpt convert. Print the tensors that only one of them has, and those with
another type, shape or values, with the largest difference and its position. Each line begins with "-" if the key is only in A, "+" if it is only in B, and "~" if
the tensor differs.

Values are equal if their bits are, or if they are numbers that differ by at most --tolerance.
One path may be - for standard input. A quoted glob that matches two checkpoints stands for
both. An object of two programs can have different keys in their checkpoints, because a key is
only the path that the writer found.

The exit status is 0 if all tensors are equal and 1 if some differ. It is also 1, with a line on
standard error, if a checkpoint is damaged or missing.`,
		Example: `  ckpt diff train/ckpt-7 train/ckpt-8
  ckpt diff --tolerance 1e-6 --json a/ b/ | jq -r '.differences[].key'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("expected two paths, A and B, got none")
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
	cmd.Flags().StringVar(&only, "only", "", onlyUsage)
	cmd.Flags().Float64Var(&tolerance, "tolerance", 0, "the maximum `difference` of numbers that count as equal")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if !(tolerance >= 0) {
			return fmt.Errorf("--tolerance %v: expected a number that is not negative", tolerance)
		}
		paths, _, err := input.Expand(args)
		if err != nil {
			return &failure{err}
		}
		if len(args) == 2 && !input.IsGlob(args[0]) && !input.IsGlob(args[1]) { // both may name the same checkpoint
			paths = []input.Path{{Name: args[0]}, {Name: args[1]}}
		}
		if len(paths) != 2 {
			return fmt.Errorf("expected two checkpoints, A and B, got %d: %s", len(paths), input.SomeOf(paths))
		}
		var readers [2]*ckpt.Reader
		for i, p := range paths {
			if readers[i], _, err = in.Open(cmd.Context(), p.Name); err != nil {
				return &failure{err}
			}
			defer readers[i].Close()
		}
		var report diffReport = &diffText{out: cmd.OutOrStdout()}
		if asJSON {
			report = &diffJSON{out: visibleJSON{cmd.OutOrStdout()}}
		}
		bar := newBar(cmd.ErrOrStderr(), "comparing")
		defer bar.clear()
		bar.expect(allBytes(readers[0]))
		d := differ{in: in, only: only, bar: bar, a: readers[0], b: readers[1], tolerance: tolerance, report: report}
		if err := d.run(cmd.Context()); err != nil {
			return &failure{err}
		}
		if d.different > 0 {
			return errDifferent
		}
		return nil
	}
	return cmd
}

// A difference describes how the two tensors with one key, or with one path, differ.
type difference struct {
	Key    string           `json:"key"`
	Kind   differenceKind   `json:"kind"`
	A      *form            `json:"a,omitempty"`
	B      *form            `json:"b,omitempty"`
	Values *valueDifference `json:"values,omitempty"`
}

type differenceKind string

const (
	removed    differenceKind = "removed"    // only A has it
	added      differenceKind = "added"      // only B has it
	otherForm  differenceKind = "form"       // dtypes or shapes differ
	values     differenceKind = "values"     // only values differ
	incomplete differenceKind = "incomplete" // the stored parts do not cover the tensor, so its values cannot be compared
)

// A form is a tensor's dtype and shape.
type form struct {
	DType string       `json:"dtype"`
	Shape tensor.Shape `json:"shape"`
}

func formOf(e ckpt.VariableInfo) *form {
	f := &form{e.Type(), e.Shape}
	if f.Shape == nil {
		f.Shape = tensor.Shape{}
	}
	return f
}

func (f *form) String() string { return fmt.Sprintf("%s %v", f.DType, f.Shape) }

// A differ compares two checkpoints, holding no more than two tensors at a time.
type differ struct {
	in              *input.Streams
	only            string
	a, b            *ckpt.Reader
	tolerance       float64
	report          diffReport
	same, different int
	bar             *bar
}

// run merges both lists of names, which have the same order.
func (d *differ) run(ctx context.Context) error {
	if err := d.report.begin(d.in.Shown(d.a.Prefix()), d.in.Shown(d.b.Prefix())); err != nil {
		return err
	}
	nextA, stopA := iter.Pull2(d.entries(d.a, d.b))
	defer stopA()
	nextB, stopB := iter.Pull2(d.entries(d.b, d.a))
	defer stopB()
	a, errA, moreA := nextA()
	b, errB, moreB := nextB()
	for moreA || moreB {
		if err := errors.Join(errA, errB, ctx.Err()); err != nil {
			return err
		}
		found := &difference{Key: a.name}
		inA, inB := moreA && (!moreB || a.name <= b.name), moreB && (!moreA || b.name <= a.name)
		switch {
		case !inB:
			found.Kind, found.A = removed, formOf(a.VariableInfo)
		case !inA:
			found.Key, found.Kind, found.B = b.name, added, formOf(b.VariableInfo)
		default:
			var err error
			if found, err = d.compare(ctx, a, b); err != nil {
				return err
			}
		}
		if found == nil {
			d.same++
		} else {
			d.different++
			if err := d.report.difference(found); err != nil {
				return err
			}
		}
		if inA {
			d.bar.add(a.Bytes)
			a, errA, moreA = nextA()
		}
		if inB {
			b, errB, moreB = nextB()
		}
	}
	return d.report.end(d.same, d.different)
}

// A namedEntry is an entry with the name used for the comparison.
type namedEntry struct {
	name string
	ckpt.VariableInfo
}

// entries yields the entries of r in the order of their names. If the two checkpoints have different formats, which spell keys
// differently, the names are paths, and the object graph, which only TensorFlow's format has, is left out. A tensor that Keras
// numbers has the name of its layer and variable, unless the other checkpoint has its number.
func (d *differ) entries(r, other *ckpt.Reader) iter.Seq2[namedEntry, error] {
	return func(yield func(namedEntry, error) bool) {
		readable, err := r.ReadableNames()
		if err == nil && len(readable) == 0 && r.Format() == other.Format() {
			for e, err := range names.Entries(r, d.only) {
				if !yield(namedEntry{e.Key, e}, err) {
					return
				}
			}
			return
		}
		var list []namedEntry
		if err == nil {
			list, err = d.sorted(r, other, readable)
		}
		if err != nil {
			yield(namedEntry{}, err)
			return
		}
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// sorted returns the tensors of r, sorted by name: the name of the layer if r has one for the tensor and other does not have its path.
func (d *differ) sorted(r, other *ckpt.Reader, readable map[string]string) (list []namedEntry, err error) {
	nameOf := func(r *ckpt.Reader) func(key string) string { return (&names.Paths{Format: r.Format()}).Of }
	if r.Format() == other.Format() {
		nameOf = func(*ckpt.Reader) func(key string) string { return func(key string) string { return key } }
	}
	var numbered map[string]bool
	if len(readable) > 0 {
		if numbered, err = tensorNames(other, nameOf(other)); err != nil {
			return nil, err
		}
	}
	own := nameOf(r)
	for e, err := range names.Entries(r, d.only) {
		if err != nil {
			return nil, err
		}
		if e.Key == objectgraph.GraphKey {
			continue
		}
		name := own(e.Key)
		if layer, ok := readable[e.Key]; ok && !numbered[name] {
			name = strings.ReplaceAll(layer, ".", "/")
		}
		list = append(list, namedEntry{name, e})
	}
	slices.SortFunc(list, func(a, b namedEntry) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.Key, b.Key)) })
	return list, nil
}

// tensorNames returns the names that nameOf gives to the keys of r.
func tensorNames(r *ckpt.Reader, nameOf func(key string) string) (map[string]bool, error) {
	all := make(map[string]bool)
	for e, err := range r.All() {
		if err != nil {
			return nil, err
		}
		all[nameOf(e.Key)] = true
	}
	return all, nil
}

// compare compares two tensors with the same name. It returns nil if they are equal.
func (d *differ) compare(ctx context.Context, a, b namedEntry) (*difference, error) {
	found := &difference{Key: a.name, Kind: otherForm, A: formOf(a.VariableInfo), B: formOf(b.VariableInfo)}
	if a.DType != b.DType || !a.Shape.Equal(b.Shape) {
		return found, nil
	}
	var tensors [2]tensor.Any
	for i, key := range []string{a.Key, b.Key} {
		t, err := [...]*ckpt.Reader{d.a, d.b}[i].ReadTensor(ctx, key)
		if errors.Is(err, ckpt.ErrIncomplete) {
			found.Kind = incomplete
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		tensors[i] = t
	}
	var err error
	if found.Values, err = compareValues(ctx, tensors[0], tensors[1], d.tolerance); found.Values == nil || err != nil {
		return nil, err
	}
	found.Kind = values
	return found, nil
}

// A diffReport prints the differences that a differ finds.
type diffReport interface {
	begin(a, b string) error
	difference(*difference) error
	end(same, different int) error
}

// diffText prints text for people.
type diffText struct{ out io.Writer }

func (t *diffText) begin(string, string) error { return nil }

func (t *diffText) difference(d *difference) (err error) {
	switch key := safe(d.Key); d.Kind {
	case removed:
		_, err = fmt.Fprintf(t.out, "- %s  %v\n", key, d.A)
	case added:
		_, err = fmt.Fprintf(t.out, "+ %s  %v\n", key, d.B)
	case otherForm:
		_, err = fmt.Fprintf(t.out, "~ %s  %v -> %v\n", key, d.A, d.B)
	case incomplete:
		_, err = fmt.Fprintf(t.out, "~ %s  %v: not compared, because the checkpoint does not have all of it\n", key, d.A)
	case values:
		_, err = fmt.Fprintf(t.out, "~ %s  %v: %v\n", key, d.A, d.Values)
	}
	return err
}

func (t *diffText) end(same, different int) (err error) {
	if different == 0 {
		_, err = fmt.Fprintf(t.out, "%s, all the same\n", count(same, "tensor"))
	} else {
		_, err = fmt.Fprintf(t.out, "%s, %s the same\n", count(different, "difference"), count(same, "tensor"))
	}
	return err
}

// diffJSON prints JSON for programs, as the differences are found.
type diffJSON struct {
	out  io.Writer
	list jsonArray
}

func (j *diffJSON) begin(a, b string) error {
	j.list.out = j.out
	_, err := fmt.Fprintf(j.out, "{\"a\": %s, \"b\": %s, \"differences\": ", jsonString(a), jsonString(b))
	return err
}

func (j *diffJSON) difference(d *difference) error { return j.list.add(d) }

func (j *diffJSON) end(same, different int) error {
	if err := j.list.end(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(j.out, ", \"same\": %d, \"different\": %d}\n", same, different)
	return err
}
