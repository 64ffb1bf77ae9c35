package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

func newRunCommand(in *input.Streams) *cobra.Command {
	job := runJob{modelFiles: modelFiles{inputs: in}}
	cmd := &cobra.Command{
		Use:   "run --config FILE [--weights PATH] --input FILE",
		Short: "Run a Keras model",
		Long: `Run a Keras model on given inputs and print its outputs.

--config is a .keras file, a legacy .h5 file with a whole model, or the JSON that Keras 2 and 3
write: model.to_json(), or the config.json in a .keras file. --weights is a file of any format
with the weights; without it they come from the --config file. --at gives the edges from the
checkpoint's root to the model: "model" for tf.train.Checkpoint(model=m). Without --at, the root
is tried first, then "model".

The inputs are a JSON object. Any of the files may be - for standard input:

  {"inputs": [{"name": "x", "dtype": "float32", "shape": [1], "values": [5]}]}

All values of a tensor are in one list, in row-major order. Inputs are matched by name if their
names are those of the model's inputs, and by order if none is. The default dtype is the
model's. The output has the same form, with "outputs". The strings "NaN", "Infinity" and
"-Infinity" stand for numbers that JSON does not have.`,
		Example: `  ckpt run --config model.keras --input in.json
  ckpt run --config model.json --weights train/ckpt-7 --at model --input in.json`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&job.config, "config", "", "the model's description, a `file`")
	flags.StringVar(&job.weights, "weights", "", "the `path` of the weights, if --config does not have them")
	flags.StringVar(&job.at, "at", "", "`edges` from the checkpoint's root to the model")
	flags.StringArrayVar((*[]string)(&job.renames), "rename", nil, "rename weights as `OLD=NEW` says: the model has NEW where the file has OLD; may be repeated")
	flags.StringVar(&job.input, "input", "", "`file` with the inputs")
	for _, name := range []string{"config", "input"} {
		_ = cmd.MarkFlagRequired(name) // fails only if the flag does not exist
	}
	_ = cmd.RegisterFlagCompletionFunc("weights", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return checkpointPaths(typed)
	})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if _, err := job.renames.renamings(); err != nil {
			return err
		}
		job.given = cmd.Flags().Changed("at")
		if err := job.run(cmd.Context(), visibleJSON{cmd.OutOrStdout()}); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// A runJob is one run of a model.
type runJob struct {
	modelFiles
	input string
}

func (j *runJob) run(ctx context.Context, out io.Writer) error {
	model, err := j.make(ctx)
	if err != nil {
		return err
	}
	given, err := j.readInputs()
	if err != nil {
		return err
	}
	inputs, err := arrange(model, given)
	if err != nil {
		return fmt.Errorf("%s: %w", j.input, err)
	}
	if err := j.fill(ctx, model); err != nil {
		return err
	}
	outputs, err := model.Run(nil, inputs...)
	if err != nil {
		return err
	}
	return writeOutputs(out, model.Outputs(), outputs)
}

func (j *runJob) readInputs() (given []runTensor, err error) {
	var from io.Reader
	if j.input == input.StandardInput {
		from, err = j.inputs.TakeStdin()
	} else {
		var f *os.File
		if f, err = os.Open(j.input); err == nil {
			defer f.Close()
		}
		from = f
	}
	if err != nil {
		return nil, err
	}
	if given, err = readInputs(bufio.NewReader(from)); err != nil {
		return nil, fmt.Errorf("%s: %w", j.input, err)
	}
	return given, nil
}

// arrange sorts the inputs into the model's order by name. If no input has a name, it keeps their order.
func arrange(model *layers.Model, given []runTensor) ([]tensor.Any, error) {
	specs := model.Inputs()
	position := make(map[string]int, len(specs))
	for i, s := range specs {
		position[s.Name] = i
	}
	order, known := make([]*runTensor, len(specs)), 0
	for i := range given {
		at, ok := position[given[i].Name]
		if !ok {
			continue
		}
		if order[at] != nil {
			return nil, fmt.Errorf("two inputs have the name %q", given[i].Name)
		}
		order[at], known = &given[i], known+1
	}
	if len(given) != len(specs) || known != 0 && known != len(specs) {
		return nil, fmt.Errorf("inputs %q, the model %q wants %q", namesOf(given, func(t runTensor) string { return t.Name }), model.Name(),
			namesOf(specs, func(s layers.TensorSpec) string { return s.Name }))
	}
	inputs := make([]tensor.Any, len(specs))
	for i := range order {
		if known == 0 {
			order[i] = &given[i]
		}
		var err error
		if inputs[i], err = order[i].tensor(specs[i].DType); err != nil {
			return nil, fmt.Errorf("input %d, %q: %w", i, order[i].Name, err)
		}
	}
	return inputs, nil
}

func namesOf[T any](list []T, name func(T) string) []string {
	all := make([]string, len(list))
	for i, t := range list {
		all[i] = name(t)
	}
	return all
}
