// Ckpt looks into files of weights, compares, converts and runs them: TensorFlow's checkpoints, safetensors, Keras's files,
// PyTorch's, NumPy's and GGUF.
//
//	ckpt list model/ckpt-7
//	ckpt graph model/
//	ckpt verify model/ckpt-7.index
//	ckpt diff model/ckpt-7 model/ckpt-8
//	ckpt run --config model.json --weights model/ckpt-7 --at model --input in.json
//	ckpt run --config model.keras --input in.json
//	ckpt convert model.keras model.safetensors
//	ckpt gen model/ckpt-7
//
// A path is that of a file of any of these formats; of TensorFlow's a checkpoint's prefix, one of its files, a SavedModel's
// directory, or a directory with a `checkpoint` file, whose latest is then meant. With --json what is printed is for programs; without it keys and names that could
// disturb a terminal are quoted.
//
// The exit status is 0 where all is well, 1 for a checkpoint that is damaged or not there, with one line on standard error that
// names the file and the fault, or for a difference that diff found, 2 for wrong usage, and 130 after an interrupt.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // the second interrupt does not wait for the first to be heeded
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run executes one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := bufio.NewWriterSize(stdout, 64<<10)
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if e := out.Flush(); err == nil && e != nil {
		err = &failure{e}
	}
	failed := new(failure)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed) && ctx.Err() != nil:
		fmt.Fprintln(stderr, "ckpt: interrupted")
		return 130
	case errors.As(err, &failed):
		fmt.Fprintln(stderr, "ckpt: "+oneLine(failed.err))
		return 1
	case errors.Is(err, errDifferent):
		return 1
	case errors.Is(err, errNoCommand):
		cmd.SetOut(stderr)
		_ = cmd.Help()
		return 2
	}
	fmt.Fprintf(stderr, "ckpt: %s\nRun '%s --help' for usage.\n", misuse(err), cmd.CommandPath())
	return 2
}

// A failure is the error of a command that was used rightly. All others are of wrong usage.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// Two ends of a command that are no failures.
var (
	errNoCommand = errors.New("no command")
	errDifferent = errors.New("the checkpoints differ")
)

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "ckpt",
		Short: "Look into files of weights, compare, convert and run them",
		Long: `Look into files of weights, compare, convert and run them: TensorFlow's checkpoints,
safetensors, Keras's .keras, .weights.h5 and .h5, PyTorch's .pt, .npz and .npy, GGUF.

A PATH is a file of any of these, or the index or directory of several. The
contents decide which. A TensorFlow checkpoint is named by its prefix, one of its files, a
SavedModel's directory, or a directory with a "checkpoint" file, for its latest.

The exit status is 0 for success, 1 for a damaged or missing checkpoint (or a
difference that diff found), and 2 for wrong usage.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		RunE:          func(*cobra.Command, []string) error { return errNoCommand },
	}
	root.AddCommand(newListCommand(), newGraphCommand(), newVerifyCommand(), newDiffCommand())
	root.AddCommand(newShowCommand(), newStatCommand(), newRunCommand(), newGenCommand(),
		newConvertCommand(), newExportCommand(), newDigestCommand(), newViewCommand(), newManCommand())
	root.SetHelpCommand(newHelpCommand())
	fillHelp(root)
	return root
}

// newHelpCommand returns cobra's, of which a topic that it does not know is an error like others.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, _, err := cmd.Root().Find(args)
			if err != nil {
				return fmt.Errorf("unknown help topic %q", strings.Join(args, " "))
			}
			topic.InitDefaultHelpFlag()
			topic.InitDefaultVersionFlag()
			return topic.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range cmd.Root().Commands() {
				if len(args) == 0 && c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// version returns the module's version as the toolchain recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// onPath returns a command's RunE: what runs on its one path, whose errors are failures.
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
