package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/shard"
)

func newReshardCommand(in *input.Streams) *cobra.Command {
	var job reshardJob
	cmd := &cobra.Command{
		Use:   "reshard IN OUT",
		Short: "Distribute a TensorFlow checkpoint over other data files",
		Long: `Copy the TensorFlow checkpoint IN to the prefix OUT and distribute its tensors over
data files anew: one file, files of at most --max-shard-size bytes, or a file per worker with
--workers, each with an equal part of every tensor along --axis. Tensors that lack the axis are
not cut. Nothing else changes. IN and OUT must both be on this machine or in the same store.`,
		Example: `  ckpt reshard model/ckpt-7 model/ckpt-7-of-8 --workers 8
  ckpt reshard model/ckpt-7 model/one`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("expected IN and OUT, got %s", count(len(args), "argument"))
			}
			return nil
		},
		ValidArgsFunction: completePath,
	}
	flags := cmd.Flags()
	flags.IntVar(&job.workers, "workers", 0, "the number of workers; each gets a data file")
	flags.IntVar(&job.axis, "axis", 0, "the `axis` that is cut among workers, from 0")
	flags.Int64Var(&job.size, "max-shard-size", 0, "the maximum number of `bytes` of tensors per data file")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		opts, err := job.options()
		if err != nil {
			return err
		}
		if err := reshard(cmd.Context(), in, cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], args[1], opts); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// A reshardJob holds the flags of reshard.
type reshardJob struct {
	workers, axis int
	size          int64
}

// options returns the options that distribute the tensors.
func (j *reshardJob) options() ([]ckpt.ReshardOption, error) {
	switch {
	case j.workers < 0 || j.axis < 0 || j.size < 0:
		return nil, errors.New("--workers, --axis and --max-shard-size must not be negative")
	case j.workers > 0 && j.size > 0:
		return nil, errors.New("--workers and --max-shard-size exclude each other: pass only one")
	case j.axis > 0 && j.workers == 0:
		return nil, errors.New("--axis needs --workers: pass both")
	case j.size > 0:
		return []ckpt.ReshardOption{ckpt.MaxShardSize(j.size)}, nil
	case j.workers == 0:
		return nil, nil
	}
	spec := make([]string, j.axis+1)
	spec[j.axis] = "worker"
	cut, err := shard.Mesh{{Name: "worker", Size: j.workers}}.Cut(spec...)
	if err != nil {
		return nil, err
	}
	byWorker := func(tensors []ckpt.ShardTensor) []ckpt.ShardPart {
		ranks := make(map[string]int, len(tensors))
		for _, t := range tensors {
			ranks[t.Path] = len(t.Shape)
		}
		return shard.Files(j.workers, func(path string) shard.Cut {
			if ranks[path] <= j.axis {
				return shard.Cut{}
			}
			return cut
		})(tensors)
	}
	return []ckpt.ReshardOption{ckpt.ShardBy(byWorker)}, nil
}

func reshard(ctx context.Context, in *input.Streams, stdout, stderr io.Writer, from, to string, opts []ckpt.ReshardOption) error {
	if from == input.StandardInput || to == input.StandardOutput {
		return errors.New("-: a TensorFlow checkpoint consists of several files: name it by its prefix")
	}
	from, err := input.One(from)
	if err != nil {
		return err
	}
	s, name, err := in.Locate(ctx, from)
	if err != nil {
		return err
	}
	_, out, err := in.Locate(ctx, to)
	if err != nil {
		return err
	}
	if storeOf(from) != storeOf(to) {
		return errors.New("IN and OUT are in different stores: write OUT to the store of IN, then copy it")
	}
	bar := newBar(stderr, "resharding")
	defer bar.clear()
	for _, o := range bar.options() {
		if r, ok := o.(ckpt.ReshardOption); ok {
			opts = append(opts, r)
		}
	}
	if s != nil {
		opts = append(opts, ckpt.In(s))
	}
	if err := ckpt.Reshard(ctx, name, out, opts...); err != nil {
		return err
	}
	bar.clear()
	_, err = fmt.Fprintf(stdout, "%s: written\n", safe(out))
	return err
}

// storeOf returns the store of an address, "" for this machine.
func storeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
