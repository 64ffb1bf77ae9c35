package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/match"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/tensor"
)

func newConvertCommand(in *input.Streams) *cobra.Command {
	job := convertJob{inputs: in}
	cmd := &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Write a checkpoint in another format",
		Long: `Write the tensors of a checkpoint in the format that the ending of OUT says: .safetensors,
.npz, .weights.h5 or .keras; anything else is the prefix of a TensorFlow checkpoint. An earlier
OUT is replaced only when all is written. OUT must not be IN. IN may be - for standard input.
OUT may be - for standard output; then --to gives the format.

Tensors keep their names. The name of a tensor in a TensorFlow checkpoint is the path of its
object, with dots between the edges (slashes in .weights.h5). In a new TensorFlow checkpoint the
parts of a name become objects. Weights from Keras's files get the names of layers and variables
instead of Keras's numbers: dense.kernel for layers/dense/vars/0. They keep their numbers with
--readable=false, in .weights.h5, and where the file does not have the names of layers.
ckpt.LoadWeights and ckpt run load both.

Keras finds weights by numbers. So .keras and .weights.h5 files need the model's description,
which --config gives, as for ckpt run. A .keras file also holds the description. --config may be
left out if OUT is a .keras file and IN has a description (.keras, or a legacy .h5 file with
one), and if OUT is a .weights.h5 file and IN is a file of Keras 3.

--rename works like ckpt.Rename, on names with dots between their parts. OLD is the first parts
of a name, or a regular expression; NEW may then refer to its groups as $1. Several renames are
applied in order. It is an error if one matches nothing. --only refers to the old names. Both
also take the numbered names of Keras's files.

Values that the format cannot hold are an error, before anything is written: choose others with
--only, or convert them with --cast. --cast converts floats to floats and integers to integers,
and says which tensors it did not change. A value that the new type cannot hold is an error.`,
		Example: `  ckpt convert pytorch_model.bin model.safetensors --cast bfloat16
  ckpt convert model/ckpt-7 model.npz --only 'model/*' --rename model=
  ckpt convert model.keras model.safetensors
  ckpt convert model.safetensors model.weights.h5 --config model.json
  ckpt convert train/ckpt-7 model.keras --config model.json
  ckpt convert h.safetensors b.safetensors --rename '^h\.(\d+)\.=blocks.$1.'
  curl -s https://example.org/m.bin | ckpt convert - - --to npz >m.npz
  ckpt convert model.safetensors shards.safetensors --max-shard-size 2000000000`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("expected IN and OUT, got %s", count(len(args), "argument"))
			}
			return nil
		},
		ValidArgsFunction: completePath,
	}
	flags := cmd.Flags()
	flags.StringVar(&job.only, "only", "", onlyUsage)
	flags.StringArrayVar((*[]string)(&job.renames), "rename", nil, "rename tensors as `OLD=NEW` says; may be repeated")
	flags.BoolVar(&job.readable, "readable", true, "use names of layers and variables instead of Keras's numbers")
	flags.StringVar(&job.cast, "cast", "", "convert numbers of the same kind to this `dtype`: float32, float16, bfloat16, …")
	flags.StringVar(&job.to, "to", "", "the `format` of OUT, whatever its ending: safetensors, npz, hdf5, keras or tensorflow")
	flags.StringVar(&job.config, "config", "", "the `file` with the model's description, for .keras and .weights.h5")
	flags.Int64Var(&job.shard, "max-shard-size", 0, "the maximum number of `bytes` of tensors per file (safetensors)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		job.asked = cmd.Flags().Changed("readable")
		if err := job.check(); err != nil {
			return err
		}
		if err := job.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], args[1]); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// A convertJob is one conversion.
type convertJob struct {
	inputs     *input.Streams
	only, cast string
	to         string // the format; "" means that of OUT's ending
	config     string // the description of the model that Keras loads the weights into
	renames    renames
	readable   bool
	asked      bool // --readable was given
	shard      int64

	dtype     tensor.DType // of cast
	renamings []match.Renaming
	kept      []string // names of tensors that were not cast
}

// check returns an error if a flag is invalid.
func (j *convertJob) check() (err error) {
	if j.cast != "" {
		if j.dtype, err = tensor.ParseDType(j.cast); err != nil {
			return fmt.Errorf("--cast %s: %w", j.cast, err)
		}
		if j.dtype.Size() == 0 {
			return fmt.Errorf("--cast %s: expected a numeric dtype, such as float16", j.cast)
		}
	}
	if j.renamings, err = j.renames.renamings(); err != nil {
		return err
	}
	if j.to != "" && !slices.Contains([]string{writers.TensorFlow, writers.Safetensors, writers.NPZ, writers.HDF5, writers.Keras}, j.to) {
		return fmt.Errorf("--to %s: expected safetensors, npz, hdf5, keras or tensorflow", j.to)
	}
	if j.shard < 0 {
		return fmt.Errorf("--max-shard-size %d: expected a positive number of bytes", j.shard)
	}
	return nil
}

// format returns the format to write, from --to or the ending of the file.
func (j *convertJob) format(out string) (string, error) {
	switch {
	case out == input.StandardOutput && j.to == "":
		return "", errors.New("OUT is standard output, which has no ending: choose the format with --to safetensors, --to npz or --to hdf5")
	case out == input.StandardOutput && (j.to == writers.TensorFlow || j.shard > 0):
		return "", errors.New("OUT is standard output, but this output consists of several files: name a file")
	case j.to != "":
		return j.to, j.checkConfig(j.to, out)
	}
	to, ending := writers.ByEnding(out), filepath.Ext(out)
	if to == writers.TensorFlow && (prefix.IsWeights(out) || ending == ".json" || ending == ".onnx") {
		return "", fmt.Errorf("%s: cannot write files that end in %s: expected .safetensors, .npz, .weights.h5, .keras or a TensorFlow prefix: %w", out, ending, errors.ErrUnsupported)
	}
	return to, j.checkConfig(to, out)
}

// checkConfig returns an error if --config does not apply to a format.
func (j *convertJob) checkConfig(to, out string) error {
	if j.config != "" && to != writers.Keras && to != writers.HDF5 {
		return fmt.Errorf("%s: --config applies only to .keras and .weights.h5 files, in which Keras numbers the weights of a model", out)
	}
	return nil
}

func (j *convertJob) run(ctx context.Context, stdout, stderr io.Writer, in, out string) error {
	s, out, err := j.inputs.LocateOutput(ctx, out)
	if err != nil {
		return err
	}
	to, err := j.format(out)
	if err != nil {
		return err
	}
	if in, err = input.One(in); err != nil {
		return err
	}
	r, files, err := j.inputs.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	write := func(stdout io.Writer, file string) error {
		if to == writers.Keras || j.config != "" {
			return j.model(ctx, stdout, r, in, to, s, file)
		}
		return j.write(ctx, stdout, stderr, r, to, input.Filesystem(ctx, s), file)
	}
	if out == input.StandardOutput {
		return j.inputs.ToStdout(stdout, func(file string) error { return write(io.Discard, file) })
	}
	if err := notItsOwn(files, r, input.Filesystem(ctx, s), out); err != nil {
		return err
	}
	return write(stdout, out)
}

// write writes the tensors of r to a file of fsys, and prints a summary.
func (j *convertJob) write(ctx context.Context, stdout, stderr io.Writer, r *ckpt.Reader, to string, fsys fsx.FS, out string) error {
	items, err := j.choose(ctx, r, to)
	if err != nil {
		return err
	}
	if to == writers.TensorFlow {
		if items, err = withObjects(items); err != nil {
			return fmt.Errorf("%s: %w", out, err)
		}
	}
	bar := newBar(stderr, "converting")
	defer bar.clear()
	metadata := r.Metadata()
	switch r.Format() {
	case "gguf":
		metadata = nil // it describes the whole model, and its tokens take megabytes
	case "pytorch":
		metadata = map[string]string{"format": "pt"} // some PyTorch libraries reject files without it
	}
	w, err := writers.Create(fsys, to, out, writers.Options{MaxShardSize: j.shard, Metadata: metadata, Progress: bar.report()})
	if err != nil {
		return err
	}
	for _, it := range items {
		if err = w.Add(0, it.key, it.source); err != nil {
			break
		}
	}
	if err == nil {
		err = w.Commit(ctx)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		err = fmt.Errorf("%w; --cast, --rename and --only change what is written", err)
	}
	if err != nil {
		return err
	}
	bar.clear()
	note := j.notCast()
	if to == writers.HDF5 && !slices.ContainsFunc(items, func(it item) bool { return numbered.MatchString(it.key) }) {
		note += "; Keras does not find weights by these names: for a file that it loads, give the model's description with --config"
	}
	_, err = fmt.Fprintf(stdout, "%s: %s in the format %s%s\n", safe(out), count(len(items), "tensor"), to, note)
	return err
}

// numbered matches keys with Keras 3's numbers.
var numbered = regexp.MustCompile(`(^|/)vars/\d+$`)

// notCast names the tensors that --cast did not change.
func (j *convertJob) notCast() string {
	if len(j.kept) == 0 {
		return ""
	}
	const most = 5
	names := safe(strings.Join(j.kept[:min(most, len(j.kept))], ", "))
	if len(j.kept) > most {
		names += ", …"
	}
	return fmt.Sprintf("; not cast, because %s is of another kind: %s (%s)", j.dtype, names, count(len(j.kept), "tensor"))
}

// notItsOwn returns an error if writing out, in fsys, would replace a file of r, in from.
func notItsOwn(from fsx.ReadFS, r *ckpt.Reader, fsys fsx.ReadFS, out string) error {
	_, here := from.(fsx.OS)
	if _, there := fsys.(fsx.OS); here != there {
		return nil
	}
	files, err := input.Files(from, r)
	if err != nil {
		return err
	}
	written := []string{out, out + ".index", out + ".index.json"}
	shards := out + ".data-"
	if stem, ok := strings.CutSuffix(out, ".safetensors"); ok {
		shards = stem + "-"
	}
	dir, base := filepath.Split(shards)
	entries, _ := fsys.ReadDir(filepath.Clean(dir))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), base) && strings.Contains(e.Name(), "-of-") {
			written = append(written, dir+e.Name())
		}
	}
	for _, f := range files {
		own, err := from.Stat(f)
		if err != nil {
			continue
		}
		for _, w := range written {
			if there, err := fsys.Stat(w); err == nil && (here && os.SameFile(own, there) || !here && w == f && fsx.SameFile(own, there)) {
				return fmt.Errorf("%s is a file of the input checkpoint (%s): write to another path", w, f)
			}
		}
	}
	return nil
}

// An item is a tensor to write.
type item struct {
	key    string
	source format.Source
}
