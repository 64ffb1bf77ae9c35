package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/fsx"
)

// A namedPath is a path that an argument names.
type namedPath struct {
	path    string
	matched bool // a glob matched it, so it may not be a checkpoint
}

// dataFile matches the names of TensorFlow's data files. The prefix is the group.
var dataFile = regexp.MustCompile(`^(.*)\.data-\d{5}-of-\d{5}$`)

// expand returns the paths that arguments name. It expands globs, and replaces the files of a TensorFlow checkpoint by their prefix.
// several reports whether the arguments can mean more than one checkpoint.
func expand(args []string) (paths []namedPath, several bool, err error) {
	for i, arg := range args {
		if !isGlob(arg) {
			paths = append(paths, namedPath{path: arg})
			continue
		}
		several = true
		files, err := filepath.Glob(arg)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w: quote it to keep the shell from changing it, and name files with brackets by \\[", safe(arg), err)
		}
		indexes, _ := filepath.Glob(arg + ".index") // the glob may match prefixes
		files = append(files, indexes...)
		if len(files) == 0 {
			hint := ""
			if i > 0 {
				hint = ": to choose tensors rather than files, pass the glob to --only"
			}
			return nil, false, fmt.Errorf("%s: no file matches%s: %w", safe(arg), hint, fs.ErrNotExist)
		}
		for _, f := range files {
			paths = append(paths, namedPath{f, true})
		}
	}
	several = several || len(paths) > 1
	if !several {
		return paths, false, nil
	}
	seen := make(map[string]bool)
	once := paths[:0]
	for _, p := range paths {
		if prefix, ok := strings.CutSuffix(p.path, ".index"); ok && exists(p.path) {
			p.path = prefix
		} else if m := dataFile.FindStringSubmatch(p.path); m != nil && exists(p.path) && exists(m[1]+".index") {
			p.path = m[1]
		}
		if !seen[p.path] {
			seen[p.path] = true
			once = append(once, p)
		}
	}
	return once, true, nil
}

// isGlob reports whether an argument is a pattern. It is not if a file has this name, or if it is TensorFlow 1's pattern for all shards of a
// checkpoint.
func isGlob(arg string) bool {
	return !strings.Contains(arg, "-?????-of-") && strings.ContainsAny(arg, "*?[") && !strings.Contains(arg, "://") && !exists(arg) && !exists(arg+".index")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// one returns the path that an argument names. A glob must match exactly one.
func one(arg string) (string, error) {
	paths, _, err := expand([]string{arg})
	switch {
	case err != nil:
		return "", err
	case len(paths) == 1:
		return paths[0].path, nil
	}
	return "", fmt.Errorf("%s: expected one checkpoint, but the glob matches %d: %s: name one of them", safe(arg), len(paths), someOf(paths))
}

// someOf returns the first few of paths.
func someOf(paths []namedPath) string {
	var names []string
	for _, p := range paths[:min(3, len(paths))] {
		names = append(names, safe(p.path))
	}
	if len(paths) > 3 {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// pathsOf returns the paths that arguments name.
func pathsOf(args []string) ([]string, error) {
	named, _, err := expand(args)
	paths := make([]string, len(named))
	for i, p := range named {
		paths[i] = p.path
	}
	return paths, err
}

// A visit describes what a command does with each checkpoint that its arguments name.
type visit struct {
	in     *streams
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

// noneCalled returns the error for a glob that does not match any tensor.
func (o *opened) noneCalled(glob string) error {
	return fmt.Errorf("%s: no tensor matches %s: ckpt list shows all: %w", safe(o.name), safe(glob), ckpt.ErrNotFound)
}

// errTold means that a command failed for some checkpoints and has printed the errors.
var errTold = errors.New("failed for some checkpoints")

// run is the RunE of a command that takes any number of paths.
func (v *visit) run(cmd *cobra.Command, args []string) error {
	paths, several, err := expand(args)
	if err != nil {
		return &failure{err}
	}
	if !several {
		if err := v.open(cmd, paths[0].path, cmd.OutOrStdout(), nil); err != nil {
			return &failure{err}
		}
		return nil
	}
	return v.all(cmd, paths)
}

// all visits several checkpoints. It continues after a failure.
func (v *visit) all(cmd *cobra.Command, paths []namedPath) error {
	out, asJSON := cmd.OutOrStdout(), v.asJSON != nil && *v.asJSON
	seen := make(map[string]bool)
	failed, others := 0, error(nil)
	separator := "{"
	for _, p := range paths {
		var text bytes.Buffer
		target, name := out, p.path
		if asJSON {
			target = &text
		}
		err := v.open(cmd, p.path, target, func(o *opened) (bool, error) {
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
		if p.matched && errors.Is(err, ckpt.ErrFormat) {
			others = err // a glob may match files that are not checkpoints
			continue
		}
		if err != nil {
			failed++
			flush(out)
			fmt.Fprintln(cmd.ErrOrStderr(), "ckpt: "+v.in.shown(oneLine(err)))
		}
		if asJSON && (text.Len() > 0 || err != nil) {
			value := bytes.TrimSpace(text.Bytes())
			if !json.Valid(value) { // a partial list could be mistaken for the whole
				value = fmt.Appendf(nil, `{"error": %s}`, jsonString(v.in.shown(oneLine(err))))
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
	r, files, err := v.in.open(cmd.Context(), path, opts...)
	if err != nil {
		return err
	}
	defer r.Close()
	o := &opened{r, files, v.in.shown(r.Prefix()), out, b}
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

// somePaths is the Args of a command that takes one path or more.
func somePaths(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("expected a PATH, got 0")
	}
	return nil
}
