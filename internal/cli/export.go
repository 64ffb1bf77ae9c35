package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/npz"
)

func newExportCommand(in *inputs) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export PATH KEY[SLICE] OUT.npy",
		Short: "Write one tensor as a NumPy file",
		Long: `Write one tensor, or a part of it, as a .npy file, which numpy.load reads. KEY and SLICE are
those of ckpt show.`,
		Example: `  ckpt export model/ckpt-7 model/dense/kernel kernel.npy`,
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

func export(cmd *cobra.Command, in *inputs, path, name, out string) error {
	r, err := in.open(cmd.Context(), path)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := notItsOwn(r, out); err != nil {
		return err
	}
	key, t, err := readNamed(cmd.Context(), r, name)
	if err != nil {
		return err
	}
	if err := npz.WriteArrayFile(cmd.Context(), out, format.SourceOf(t)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %v %v of %s\n", safe(out), t.DType(), t.Shape(), safe(key))
	return err
}
