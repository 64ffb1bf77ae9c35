package cli

import (
	"fmt"
	"go/token"
	"os"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt/internal/cli/gen"
	"github.com/gockpt/ckpt/internal/cli/input"
)

func newGenCommand(in *input.Streams) *cobra.Command {
	var opts gen.Options
	var file string
	var renamed renames
	cmd := &cobra.Command{
		Use:   "gen PATH",
		Short: "Write Go structs that match a checkpoint",
		Long: `Write Go source with structs that match a checkpoint's object graph. ckpt.LoadWeights
loads the whole checkpoint into the value that the generated constructor returns, without edits.

Objects with the variables of a Keras layer become layers of package layers. Checkpoints do not
store the options of layers, such as activations and strides: fill them in. Lists of similar
objects become slices, shared objects become pointers, and the slots of an optimizer become a
ckpt.SlotOwner. The save counter is left out, and so are the lists in which Keras repeats its
objects, such as "variables".

Files of PyTorch programs (.safetensors, .pt) have names and shapes only. gen recognizes layers
by these, and writes comments about options that the files do not store.

Checkpoints that TensorFlow 1 saved by name do not have an object graph. gen splits the names at
slashes to make one.`,
		Example: `  ckpt gen train/ckpt-7 --at model --package digits -o digits/model.go`,
		Args:    onePath, ValidArgsFunction: completePath,
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.At, "at", "", "`edges` from the root to the object to begin with, as for ckpt.At")
	flags.StringArrayVar((*[]string)(&renamed), "rename", nil, "rename tensors as `OLD=NEW` says, like ckpt.Rename; may be repeated")
	flags.StringVar(&opts.Package, "package", "model", "`name` of the package")
	flags.StringVar(&opts.Type, "type", "", "`name` of the first type (default Model, or Training if it has a model as a part)")
	flags.StringVarP(&file, "output", "o", "", "`file` to write instead of standard output")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !token.IsIdentifier(opts.Package) {
			return fmt.Errorf("--package: %q is not a valid package name", opts.Package)
		}
		if opts.Type != "" && (!token.IsIdentifier(opts.Type) || !token.IsExported(opts.Type)) {
			return fmt.Errorf("--type: %q is not an exported name", opts.Type)
		}
		_, err := renamed.renamings()
		for _, r := range renamed {
			old, new, _ := renamed.cut(r)
			opts.Renames = append(opts.Renames, gen.Rename{Old: old, New: new})
		}
		return err
	}
	cmd.RunE = onPath(func(cmd *cobra.Command, path string) error {
		path, err := input.One(path)
		if err != nil {
			return err
		}
		r, _, err := in.Open(cmd.Context(), path)
		if err != nil {
			return err
		}
		defer r.Close()
		source, leftOut, err := gen.Source(r, opts)
		if err != nil {
			return err
		}
		if file == "" || file == input.StandardOutput {
			_, err = cmd.OutOrStdout().Write(source)
		} else {
			err = os.WriteFile(file, source, 0o666)
		}
		for _, why := range leftOut {
			fmt.Fprintln(cmd.ErrOrStderr(), "ckpt: skipped: "+why)
		}
		return err
	})
	return cmd
}
