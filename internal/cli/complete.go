package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt/internal/prefix"
)

// completePath completes a command's only path with prefixes of checkpoints, which it finds by their index files, with files of weights, and
// with directories. If there are none, the shell completes any file.
func completePath(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return checkpointPaths(typed)
}

// completePaths completes any number of paths.
func completePaths(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return checkpointPaths(typed)
}

func checkpointPaths(typed string) (paths []string, _ cobra.ShellCompDirective) {
	dir, begun := filepath.Split(typed)
	entries, err := os.ReadDir(filepath.Clean("./" + dir))
	if filepath.IsAbs(dir) {
		entries, err = os.ReadDir(dir)
	}
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, e := range entries {
		name := e.Name()
		if strings.ContainsFunc(name, unprintable) {
			continue // a shell would split the name, or the name hides characters
		}
		if !strings.HasPrefix(name, begun) || strings.HasPrefix(name, ".") && begun == "" && name != ".index" {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, name)) // follows links to directories
		switch {
		case err != nil:
		case info.IsDir():
			paths = append(paths, dir+name+string(filepath.Separator))
			directive |= cobra.ShellCompDirectiveNoSpace
		case strings.HasSuffix(name, ".index"):
			paths = append(paths, dir+strings.TrimSuffix(name, ".index"))
		case prefix.IsWeightsFile(name):
			paths = append(paths, dir+name)
		}
	}
	if len(paths) == 0 {
		directive = cobra.ShellCompDirectiveDefault
	}
	return paths, directive
}
