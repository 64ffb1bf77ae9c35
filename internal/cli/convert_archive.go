package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
)

// model writes out, a file of s or, where that is nil, of this machine, as Keras does: the model that --config describes, or the file in
// itself, with the weights of in. What an archive in has beside them, such as an optimizer, is kept in an archive.
func (j *convertJob) model(ctx context.Context, stdout io.Writer, r *ckpt.Reader, in, to string, s store.Store, out string) error {
	for flag, given := range map[string]bool{"--only": j.only != "", "--cast": j.cast != "", "--readable": j.asked, "--max-shard-size": j.shard != 0} {
		if given {
			return fmt.Errorf("%s: %s is not for the file of a model, which has all weights as the model has them", out, flag)
		}
	}
	if in == standardInput {
		in = r.Prefix() // where it was copied to
	}
	files := modelFiles{inputs: j.inputs, config: j.config, weights: in, renames: j.renames}
	var opts []ckpt.SaveWeightsOption
	if j.config == "" {
		if r.Config() == nil {
			return fmt.Errorf("%s: a .keras archive has the description of its model, and %s does not: name a file that has it with --config: %w", out, in, errors.ErrUnsupported)
		}
		files.config, files.weights = in, ""
		if from, name, err := j.inputs.locate(ctx, in); err == nil && from == nil && r.Format() == "keras" {
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
