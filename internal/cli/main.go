// Package cli is the ckpt command without its func main, so that another module can build the command with more stores.
//
// The exit status is 0 for success, and 1 if diff finds a difference or a checkpoint is damaged or missing;
// one line on standard error then names the file and the fault. It is 2 for wrong usage, and 130 after an
// interrupt.
package cli

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

	"github.com/gockpt/ckpt/internal/cli/input"
)

// Stores open the object stores of addresses by their scheme.
type Stores = input.Stores

// A Program is one call of the command.
type Program struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// Stores open the object stores of addresses by their scheme, such as "s3" in s3://bucket/model.
	Stores Stores
}

// Main runs the command line of this process, with stores by the schemes of their addresses, and returns the exit status. The first
// interrupt ends the context, the second the process.
func Main(stores Stores) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop)
	p := Program{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Stores: stores}
	return p.Run(ctx, os.Args[1:])
}

// Run executes one command line, which lacks the program's name, and returns the exit status.
func (p *Program) Run(ctx context.Context, args []string) int {
	out := bufio.NewWriterSize(p.Stdout, 64<<10)
	in := &input.Streams{Stores: p.Stores, Stdin: p.Stdin, Stdout: p.Stdout}
	defer in.Close() // removes a temporary file
	root := p.command(in)
	root.SetArgs(args)
	root.SetIn(p.Stdin)
	root.SetOut(out)
	root.SetErr(p.Stderr)
	initCompletion(root)
	cmd, err := root.ExecuteContextC(ctx)
	if e := out.Flush(); err == nil && e != nil {
		err = &failure{e}
	}
	failed := new(failure)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed) && ctx.Err() != nil:
		fmt.Fprintln(p.Stderr, "ckpt: interrupted")
		return 130
	case errors.As(err, &failed):
		fmt.Fprintln(p.Stderr, "ckpt: "+in.Shown(inLines(failed.err)))
		return 1
	case errors.Is(err, errDifferent), errors.Is(err, errTold):
		return 1
	case errors.Is(err, errNoCommand):
		cmd.SetOut(p.Stderr)
		_ = cmd.Help()
		return 2
	}
	fmt.Fprintf(p.Stderr, "ckpt: %s\nRun '%s --help' for usage.\n", misuse(err), cmd.CommandPath())
	return 2
}

// command returns the root of the commands.
func (p *Program) command(in *input.Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "ckpt",
		Short: "Inspect, compare, convert and run files of weights",
		Long: `Inspect, compare, convert and run files of weights: TensorFlow's checkpoints,
safetensors, Keras's .keras, .weights.h5 and .h5, PyTorch's .pt, .npz and .npy, GGUF.

A PATH is a file in one of these formats, or an index or directory of several files. The
contents decide the format. For a TensorFlow checkpoint, PATH is the prefix, one of the files,
the directory of a SavedModel, or a directory with a "checkpoint" file, which means the latest
checkpoint there.

The exit status is 0 for success, 1 for a damaged or missing checkpoint (or a
difference that diff found), and 2 for wrong usage.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		RunE:          func(*cobra.Command, []string) error { return errNoCommand },
	}
	root.AddCommand(newListCommand(in), newGraphCommand(in), newVerifyCommand(in), newDiffCommand(in), newShowCommand(in), newStatCommand(in),
		newRunCommand(in), newGenCommand(in), newConvertCommand(in), newExportCommand(in), newDigestCommand(in), newReshardCommand(in), newViewCommand(in), newManCommand())
	root.SetHelpCommand(newHelpCommand())
	fillHelp(root)
	return root
}

// initCompletion adds cobra's command completion, which writes to root's current output. It makes an unknown shell an error.
func initCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args = cobra.ArbitraryArgs
			c.RunE = func(_ *cobra.Command, args []string) error {
				return fmt.Errorf("expected a shell, one of bash, zsh, fish and powershell, got %q", strings.Join(args, " "))
			}
		}
	}
}

// newHelpCommand returns cobra's help command. It makes an unknown topic an error.
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

// version returns the module's version that the toolchain recorded.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
