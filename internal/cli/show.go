package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/tensor"
)

func newShowCommand(in *input.Streams) *cobra.Command {
	var asJSON, all bool
	cmd := &cobra.Command{
		Use:   "show PATH KEY[SLICE]",
		Short: "Print the values of one tensor",
		Long: `Print the dtype, shape, values and statistics of one tensor.

KEY is the key that list prints, the path of an object (model/encoder/kernel), or the end of
either if it is unique. SLICE selects a part, in NumPy's notation: kernel[0:3,:], kernel[-1].
Only the corners of large tensors are printed, unless --all is given. A KEY with * or ? is a
glob and prints every tensor that it matches. PATH may also be a quoted glob, or - for standard
input.

With --json the output is an object with the key, dtype, shape, all values, nested according to
the shape, and the statistics. Numbers that JSON does not have are strings. For a glob the
output is an array of such objects.`,
		Example: `  ckpt show model/ckpt-7 model/dense/kernel
  ckpt show 'train/ckpt-*' 'model/*/bias[:4]'
  ckpt show model.safetensors 'layer.0.attention.query.weight[0:2,:8]'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("expected a PATH and a KEY, got %s: quote globs, as in ckpt show 'train/ckpt-*' '*/bias'", count(len(args), "argument"))
			}
			return nil
		},
		ValidArgsFunction: completePath,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	cmd.Flags().BoolVar(&all, "all", false, "print every value")
	v := visit{in: in, asJSON: &asJSON, titled: true}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		v.do = func(cmd *cobra.Command, o *opened) error {
			return show(cmd.Context(), o, args[1], asJSON, all)
		}
		return v.run(cmd, args[:1])
	}
	return cmd
}

// show prints the tensor or tensors that name selects.
func show(ctx context.Context, r *opened, name string, asJSON, all bool) error {
	keys, err := names.LookupAll(r.Reader, name)
	if err != nil {
		return err
	}
	list := jsonArray{out: visibleJSON{r.out}}
	for i, n := range keys {
		shown, err := readShown(ctx, r, n)
		switch {
		case err != nil:
		case !asJSON:
			if i > 0 {
				fmt.Fprintln(r.out)
			}
			err = shown.print(r.out, all)
		case name == n:
			err = shown.writeJSON(visibleJSON{r.out})
		default:
			err = list.addFunc(shown.writeJSON)
		}
		if err != nil {
			return err
		}
	}
	if !asJSON || len(keys) == 1 && keys[0] == name {
		return nil
	}
	if err := list.end(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(r.out)
	return err
}

// A shownTensor is a tensor that show prints.
type shownTensor struct {
	key     string
	values  tensor.Any
	summary *stats.Summary // nil if the values are not numbers
}

func readShown(ctx context.Context, r *opened, name string) (*shownTensor, error) {
	key, t, err := names.Read(ctx, r.Reader, name)
	if err != nil {
		return nil, err
	}
	s := &shownTensor{key: key, values: t}
	if _, numbers := tensor.Bytes(t); numbers {
		s.summary, err = stats.Of(ctx, t)
	}
	return s, err
}

func (s *shownTensor) print(out io.Writer, all bool) error {
	t := s.values
	fmt.Fprintf(out, "%s  %v %v\n", safe(s.key), t.DType(), t.Shape())
	if s.summary != nil && s.summary.Count > 1 {
		fmt.Fprintln(out, inWords(s.summary))
	}
	p := printer{out: out, values: reflect.ValueOf(t.Values()), edge: 3}
	if all || t.Len() <= 1000 {
		p.edge = math.MaxInt / 2
	}
	return p.print(t.Shape(), 0, 0)
}

// inWords describes the values on one line.
func inWords(s *stats.Summary) string {
	text := fmt.Sprintf("mean %s, deviation %s, from %s to %s", short(s.Mean), short(s.Deviation), short(s.Min), short(s.Max))
	if s.Zeros > 0 {
		text += ", " + count(int(s.Zeros), "zero")
	}
	if s.NaNs > 0 {
		text += fmt.Sprintf(", %d NaN", s.NaNs)
	}
	if s.Infs > 0 {
		text += fmt.Sprintf(", %d infinite", s.Infs)
	}
	return text
}

func short(v float64) string { return fmt.Sprintf("%.6g", v) }

// A printer prints nested values as NumPy does: only both ends of a long axis.
type printer struct {
	out    io.Writer
	values reflect.Value
	edge   int // number of values printed at either end of an axis
}

// print prints the values of a shape, from the value at place on. It indents the second and later lines by depth spaces.
func (p *printer) print(shape tensor.Shape, place, depth int) error {
	if err := p.nested(shape, place, depth); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.out)
	return err
}

func (p *printer) nested(shape tensor.Shape, place, depth int) error {
	if len(shape) == 0 {
		_, err := io.WriteString(p.out, valueText(p.values.Index(place)))
		return err
	}
	inner := shape[1:].Len()
	if _, err := io.WriteString(p.out, "["); err != nil {
		return err
	}
	separator := " "
	if len(shape) > 1 {
		separator = strings.Repeat("\n", len(shape)-1) + strings.Repeat(" ", depth+1)
	}
	for i := 0; i < shape[0]; i++ {
		if i > 0 {
			io.WriteString(p.out, separator)
		}
		if i == p.edge && shape[0]-i > p.edge {
			io.WriteString(p.out, "…"+separator)
			i = shape[0] - p.edge
		}
		if err := p.nested(shape[1:], place+i*inner, depth+1); err != nil {
			return err
		}
	}
	_, err := io.WriteString(p.out, "]")
	return err
}

func valueText(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case string:
		return fmt.Sprintf("%q", x)
	case tensor.Variant:
		return fmt.Sprintf("%q", string(x))
	case float32:
		return fmt.Sprintf("%.6g", x)
	case float64:
		return fmt.Sprintf("%.10g", x)
	case interface{ Float32() float32 }:
		return fmt.Sprintf("%.4g", x.Float32())
	default:
		return fmt.Sprint(x)
	}
}

func (s *shownTensor) writeJSON(out io.Writer) error {
	values, err := json.Marshal(s.values)
	if err != nil {
		return err
	}
	var object struct {
		DType  json.RawMessage `json:"dtype"`
		Shape  json.RawMessage `json:"shape"`
		Values json.RawMessage `json:"values"`
	}
	if err := json.Unmarshal(values, &object); err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Key        string          `json:"key"`
		DType      json.RawMessage `json:"dtype"`
		Shape      json.RawMessage `json:"shape"`
		Statistics *statistics     `json:"statistics,omitempty"`
		Values     json.RawMessage `json:"values"`
	}{s.key, object.DType, object.Shape, newStatistics(s.summary), object.Values})
}
