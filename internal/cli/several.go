package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/fsx"
)

// A visit describes what a command does with each checkpoint that its arguments name.
type visit struct {
	in     *input.Streams
	asJSON *bool                               // prints one JSON value per checkpoint and nothing else
	titled bool                                // prints the name before the text of each checkpoint
	opts   func(b *bar) []ckpt.OpenOption      // nil: none
	what   string                              // the label of the progress bar
	do     func(*cobra.Command, *opened) error // prints to out
}

// An opened is an open checkpoint, the argument of a visit.
type opened struct {
	*ckpt.Reader
	files fsx.FS // the filesystem of its files
	name  string // its name in messages
	out   io.Writer
	bar   *bar
}

// run is the RunE of a command that takes any number of paths.
func (v *visit) run(cmd *cobra.Command, args []string) error {
	paths, several, err := input.Expand(args)
	if err != nil {
		return &failure{err}
	}
	if !several {
		if err := v.open(cmd, paths[0].Name, cmd.OutOrStdout(), nil); err != nil {
			return &failure{err}
		}
		return nil
	}
	return v.all(cmd, paths)
}

// all visits several checkpoints. It continues after a failure.
func (v *visit) all(cmd *cobra.Command, paths []input.Path) error {
	out, asJSON := cmd.OutOrStdout(), v.asJSON != nil && *v.asJSON
	seen := make(map[string]bool)
	failed, others := 0, error(nil)
	separator := "{"
	for _, p := range paths {
		var text bytes.Buffer
		target, name := out, p.Name
		if asJSON {
			target = &text
		}
		err := v.open(cmd, p.Name, target, func(o *opened) (bool, error) {
			if seen[o.Prefix()] {
				return false, nil
			}
			name = o.name
			seen[o.Prefix()] = true
			return true, v.title(out, name, len(seen) > 1, asJSON)
		})
		if cmd.Context().Err() != nil {
			return &failure{err}
		}
		if p.Matched && errors.Is(err, ckpt.ErrFormat) {
			others = err // a glob may match files that are not checkpoints
			continue
		}
		if err != nil {
			failed++
			flush(out)
			fmt.Fprintln(cmd.ErrOrStderr(), "ckpt: "+v.in.Shown(oneLine(err)))
		}
		if asJSON && (text.Len() > 0 || err != nil) {
			value := bytes.TrimSpace(text.Bytes())
			if !json.Valid(value) { // a partial list could be mistaken for the whole
				value = fmt.Appendf(nil, `{"error": %s}`, jsonString(v.in.Shown(oneLine(err))))
			}
			if _, err := fmt.Fprintf(visibleJSON{out}, "%s%s: %s", separator, jsonString(name), value); err != nil {
				return &failure{err}
			}
			separator = ",\n"
		}
	}
	switch {
	case len(seen) == 0 && failed == 0:
		return &failure{others}
	case asJSON:
		fmt.Fprintln(out, "}")
	}
	if failed > 0 {
		return errTold
	}
	return nil
}

// title prints the line before a checkpoint's text.
func (v *visit) title(out io.Writer, name string, later, asJSON bool) error {
	if asJSON || !v.titled {
		return nil
	}
	if later {
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintf(out, "==> %s <==\n", safe(name))
	return err
}

// open opens one checkpoint and calls do. If first is not nil, open calls it before do, and calls do only if first returns true.
func (v *visit) open(cmd *cobra.Command, path string, out io.Writer, first func(*opened) (bool, error)) error {
	b := newBar(cmd.ErrOrStderr(), v.what)
	defer b.clear()
	var opts []ckpt.OpenOption
	if v.opts != nil {
		opts = v.opts(b)
	}
	r, files, err := v.in.Open(cmd.Context(), path, opts...)
	if err != nil {
		return err
	}
	defer r.Close()
	o := &opened{r, files, v.in.Shown(r.Prefix()), out, b}
	if first != nil {
		if ok, err := first(o); err != nil || !ok {
			return err
		}
	}
	return v.do(cmd, o)
}

// flush prints buffered output, so that it appears before output to other streams.
func flush(out io.Writer) {
	if b, ok := out.(*bufio.Writer); ok {
		b.Flush()
	}
}
