package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// onPath returns the RunE of a command that runs f on its only path. The errors of f are failures.
func onPath(f func(cmd *cobra.Command, path string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := f(cmd, args[0]); err != nil {
			return &failure{err}
		}
		return nil
	}
}

// onePath is the Args of a command that takes one path.
func onePath(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("expected one PATH, got %d", len(args))
	}
	return nil
}

// somePaths is the Args of a command that takes one path or more.
func somePaths(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("expected a PATH, got 0")
	}
	return nil
}

// onlyUsage describes the flag --only, which names.Entries applies.
const onlyUsage = "only the tensors with a key, an object path or a Keras name that this `glob` matches"
