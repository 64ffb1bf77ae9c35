package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/cli/names"
)

func newExportCommand(in *input.Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export PATH KEY[SLICE] OUT.npy",
		Short: "Write one tensor as a NumPy file",
		Long: `Write one tensor, or a part of it, as a .npy file, which numpy.load reads. KEY and
SLICE are as in ckpt show. OUT may be - for standard output, and PATH may be - for standard
input.`,
		Example: `  ckpt export model/ckpt-7 model/dense/kernel kernel.npy
  ckpt export model.safetensors fc.weight - | python plot.py`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 3 {
				return fmt.Errorf("expected a PATH, a KEY and a file to write, got %s", count(len(args), "argument"))
			}
			return nil
		},
		ValidArgsFunction: completePath,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := export(cmd, in, args[0], args[1], args[2]); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

func export(cmd *cobra.Command, in *input.Streams, path, name, out string) error {
	ctx := cmd.Context()
	path, err := input.One(path)
	if err != nil {
		return err
	}
	r, files, err := in.Open(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	s, out, err := in.LocateOutput(ctx, out)
	if err != nil {
		return err
	}
	to := input.Filesystem(ctx, s)
	if err := notItsOwn(files, r, to, out); err != nil {
		return err
	}
	keys, err := names.LookupAll(r, name)
	if err != nil {
		return err
	}
	if len(keys) > 1 {
		return fmt.Errorf("%s matches %d tensors, but a .npy file holds only one: name one of them, or write all into one file with\n  ckpt convert %s OUT.npz --only '%s'", safe(name), len(keys), safe(in.Shown(path)), safe(name))
	}
	key, t, err := names.Read(ctx, r, keys[0])
	if err != nil {
		return err
	}
	write := func(file string) error {
		err := npz.WriteArray(ctx, to, file, format.SourceOf(t))
		switch {
		case errors.Is(err, errors.ErrUnsupported) && t.DType().Size() == 0:
			err = fmt.Errorf("%w: print it with\n  ckpt show --json %s '%s'", err, safe(in.Shown(path)), safe(key))
		case errors.Is(err, errors.ErrUnsupported):
			only := ""
			if key != "" { // without a key, it is the only tensor
				only = fmt.Sprintf(" --only '%s'", safe(key))
			}
			err = fmt.Errorf("%w: write it in another type with\n  ckpt convert %s OUT.npz%s --cast float32", err, safe(in.Shown(path)), only)
		}
		return err
	}
	if out == input.StandardOutput {
		return in.ToStdout(cmd.OutOrStdout(), write)
	}
	if err := write(out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %v %v of %s\n", safe(out), t.DType(), t.Shape(), safe(key))
	return err
}
