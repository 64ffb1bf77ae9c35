package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/store"
)

// model writes out as Keras does: the model that --config or the file in describes, with the weights of in. out is a file of s, or of this
// machine if s is nil. If in and out are archives, out keeps the other contents of in, such as an optimizer.
func (j *convertJob) model(ctx context.Context, stdout io.Writer, r *ckpt.Reader, in, to string, s store.Store, out string) error {
	for flag, given := range map[string]bool{"--only": j.only != "", "--cast": j.cast != "", "--readable": j.asked, "--max-shard-size": j.shard != 0} {
		if given {
			return fmt.Errorf("%s: %s does not apply to model files, which hold all weights of the model unchanged", out, flag)
		}
	}
	if in == input.StandardInput {
		in = r.Prefix() // the temporary copy of standard input
	}
	files := modelFiles{inputs: j.inputs, config: j.config, weights: in, renames: j.renames}
	var opts []ckpt.SaveWeightsOption
	if j.config == "" {
		if r.Config() == nil {
			return fmt.Errorf("%s: a .keras archive needs the description of its model, but %s does not have it: name a file that has it with --config: %w", out, in, errors.ErrUnsupported)
		}
		files.config, files.weights = in, ""
		if from, name, err := j.inputs.Locate(ctx, in); err == nil && from == nil && r.Format() == "keras" {
			opts = append(opts, ckpt.KeepFrom(name))
		}
	}
	model, err := files.make(ctx)
	if err != nil {
		return err
	}
	if err := files.fill(ctx, model); err != nil {
		return err
	}
	if s != nil {
		opts = append(opts, ckpt.In(s))
	}
	if err := ckpt.SaveWeights(ctx, out, model, append(opts, ckpt.As(to))...); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: the model %s in the format %s\n", safe(out), safe(model.Name()), to)
	return err
}
