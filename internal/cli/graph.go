package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
)

func newGraphCommand(in *input.Streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "graph PATH...",
		Short: "Show the object graph of a checkpoint",
		Long: `Show the object graph of a checkpoint as a tree. Each object has a number. The object
is shown in full at its shortest path from the root. "-> #7" is another edge to object 7, and
"-> #0, cycle" is an edge back to an ancestor. Slot variables are shown with their optimizer.

Checkpoints that TensorFlow 1 saved by name do not have a graph.`,
		Example: `  ckpt graph model/ckpt-7
  ckpt graph --json model/ | jq '.nodes | length'`,
		Args:              somePaths,
		ValidArgsFunction: completePaths,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the graph as a JSON object")
	v := visit{in: in, asJSON: &asJSON, titled: true}
	v.do = func(cmd *cobra.Command, o *opened) error {
		g, err := o.Graph()
		if errors.Is(err, ckpt.ErrNoObjectGraph) {
			err = fmt.Errorf("%w; ckpt list shows its variables", err)
		}
		if err != nil {
			return err
		}
		if !asJSON {
			return printTree(cmd.Context(), o.out, o.Reader, g)
		}
		return g.WriteJSON(visibleJSON{o.out})
	}
	cmd.RunE = v.run
	return cmd
}
