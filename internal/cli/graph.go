package cli

import "github.com/spf13/cobra"

func newGraphCommand(in *streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "graph PATH...",
		Short: "Show the objects from which a checkpoint was saved",
		Long: `Show the graph of objects from which a checkpoint was saved, as a tree. Each object
has its number, and is shown whole where the shortest path from the root leads;
"-> #7" is a further edge to it, "-> #0, cycle" one that leads back. Slot variables
stand with their optimizer.

Checkpoints that TensorFlow 1 saved by name have no graph.`,
		Example: `  ckpt graph model/ckpt-7
  ckpt graph --json model/ | jq '.nodes | length'`,
		Args:              somePaths,
		ValidArgsFunction: completePaths,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the graph as a JSON object")
	v := visit{in: in, asJSON: &asJSON, titled: true}
	v.do = func(cmd *cobra.Command, o *opened) error {
		g, err := o.Graph()
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
