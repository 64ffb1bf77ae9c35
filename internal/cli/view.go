package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/cli/view"
	"github.com/gockpt/ckpt/internal/fsx"
)

func newViewCommand(in *input.Streams) *cobra.Command {
	job := viewJob{inputs: in}
	cmd := &cobra.Command{
		Use:   "view PATH [OTHER...]",
		Short: "Show a checkpoint in the browser",
		Long: `Show a checkpoint in the browser: the tree of its tensors, with repeated blocks folded
into one, and for each tensor its statistics, a histogram and a heat map of a slice.

With OTHER, compare the two: which tensors are new, missing or changed, by how much, and where.
For the directory of a training run, or more than two paths, the page shows how the norms of the
tensors change from checkpoint to checkpoint.

The page is served on this machine only, at an address with a random token, until
Ctrl-C. Tensors are read as they come into view. With -o the page is written to one file
instead. The file works without a server or a network, and can be printed. A PATH may be a
quoted glob, or - for standard input.`,
		Example: `  ckpt view model.safetensors
  ckpt view train/ckpt-7 train/ckpt-8
  ckpt view train/ -o report.html`,
		Args:              somePaths,
		ValidArgsFunction: completePaths,
	}
	flags := cmd.Flags()
	flags.StringVarP(&job.out, "output", "o", "", "write the page to a `file`, - for standard output")
	flags.StringVar(&job.address, "http", "localhost:0", "serve the page at this `address` of this machine")
	flags.BoolVar(&job.noBrowser, "no-browser", false, "print the address instead of opening a browser")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := job.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// A viewJob is one call of view.
type viewJob struct {
	inputs       *input.Streams
	out, address string
	noBrowser    bool
}

func (j *viewJob) run(ctx context.Context, stdout, stderr io.Writer, paths []string) (err error) {
	paths, err = input.Paths(paths)
	if err != nil {
		return err
	}
	open := func(path string) (*ckpt.Reader, string, error) {
		r, _, err := j.inputs.Open(ctx, path)
		if err != nil {
			return nil, "", err
		}
		return r, j.inputs.Shown(r.Prefix()), nil
	}
	percent := debug.SetGCPercent(400) // nearly all allocations now stay in use: collecting garbage would take time and free little
	set, err := view.Open(open, paths...)
	debug.SetGCPercent(percent)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	if j.out != "" {
		return j.report(ctx, stdout, stderr, set)
	}
	server, err := view.Listen(ctx, set, j.address)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%s\nCtrl-C ends it.\n", server.URL())
	if !j.noBrowser && !view.Browse(server.URL()) {
		fmt.Fprintln(stderr, "Cannot open a browser: open the address yourself.")
	}
	return server.Serve(ctx)
}

// report writes the page to a file, which appears once it is complete.
func (j *viewJob) report(ctx context.Context, stdout, stderr io.Writer, set *view.Set) error {
	bar := newBar(stderr, "reading")
	defer bar.clear()
	if j.out == "-" {
		return view.WriteReport(ctx, stdout, set, bar.report())
	}
	s, out, err := j.inputs.LocateOutput(ctx, j.out)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := view.WriteReport(ctx, &page, set, bar.report()); err != nil {
		return err
	}
	size := page.Len()
	if err := fsx.WriteFile(ctx, input.Filesystem(ctx, s), out, page.Bytes()); err != nil {
		return err
	}
	bar.clear()
	_, err = fmt.Fprintf(stdout, "%s: %s\n", safe(out), count(size, "byte"))
	return err
}
