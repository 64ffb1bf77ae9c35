package cli

import (
	"errors"
	"fmt"
	"go/token"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/match"
)

func newGenCommand(in *streams) *cobra.Command {
	var at, pkg, name, file string
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
	flags.StringVar(&at, "at", "", "`edges` from the root to the object to begin with, as for ckpt.At")
	flags.StringArrayVar((*[]string)(&renamed), "rename", nil, "`OLD=NEW`: rename tensors that begin with OLD or match it, as ckpt.Rename does; may be repeated")
	flags.StringVar(&pkg, "package", "model", "`name` of the package")
	flags.StringVar(&name, "type", "", "`name` of the first type (default Model, or Training if it has a model as a part)")
	flags.StringVarP(&file, "output", "o", "", "`file` to write instead of standard output")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !token.IsIdentifier(pkg) {
			return fmt.Errorf("--package: %q is not a valid package name", pkg)
		}
		if name != "" && (!token.IsIdentifier(name) || !token.IsExported(name)) {
			return fmt.Errorf("--type: %q is not an exported name", name)
		}
		_, err := renamed.renamings()
		return err
	}
	cmd.RunE = onPath(func(cmd *cobra.Command, path string) error {
		path, err := one(path)
		if err != nil {
			return err
		}
		r, _, err := in.open(cmd.Context(), path)
		if err != nil {
			return err
		}
		defer r.Close()
		g, err := readGenGraph(r, at, renamed)
		if err != nil {
			return err
		}
		s := &genSource{graph: g, pkg: pkg, root: name, from: filepath.Base(r.Prefix()), at: at, renames: renamed}
		source, err := s.write()
		if err != nil {
			return err
		}
		if file == "" || file == standardOutput {
			_, err = cmd.OutOrStdout().Write(source)
		} else {
			err = os.WriteFile(file, source, 0o666)
		}
		for _, why := range g.leftOut {
			fmt.Fprintln(cmd.ErrOrStderr(), "ckpt: skipped: "+why)
		}
		return err
	})
	return cmd
}

// readGenGraph reads a checkpoint's graph, beginning with the object that the edges of at lead to.
func readGenGraph(r *ckpt.Reader, at string, renamed renames) (*genGraph, error) {
	stored, err := r.Graph()
	byName := errors.Is(err, ckpt.ErrNoObjectGraph)
	if byName {
		stored, err = graphOfNames(r)
	}
	if err != nil {
		return nil, err
	}
	renamings, err := renamed.renamings()
	if err == nil && len(renamings) > 0 {
		stored, err = match.Rename(stored, renamings)
	}
	if err != nil {
		return nil, err
	}
	start, err := edgesTo(stored, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Prefix(), err)
	}
	g, err := newGenGraph(r, stored, start)
	if err != nil {
		return nil, err
	}
	g.byName, g.torch = byName, fromPyTorch(r.Prefix())
	g.simplify()
	return g, nil
}
