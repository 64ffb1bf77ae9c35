package cli

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/store"
)

// modelFiles names the files of a Keras model: its description and its weights.
type modelFiles struct {
	inputs              *input.Streams
	config, weights, at string // paths, and the edges to the model; if weights is "", the file config has them, too
	given               bool   // at was given
	renames             renames
}

// make returns the model. Without --weights it takes the weights from --config.
func (m *modelFiles) make(ctx context.Context) (*layers.Model, error) {
	s, config, err := m.inputs.Locate(ctx, m.config)
	if err != nil {
		return nil, err
	}
	if m.weights == "" {
		return keras.Load(ctx, config, m.options(s)...)
	}
	return readModel(ctx, s, config)
}

// options returns the options of a load from s, or from this machine if s is nil.
func (m *modelFiles) options(s store.Store) []ckpt.LoadOption {
	opts := m.renames.options()
	if s != nil {
		opts = append(opts, ckpt.In(s))
	}
	return opts
}

// fill loads the weights into the model that make returned, unless it has them. If --at was not given, fill tries the root and then "model".
// It returns the error of the attempt that found more of the model.
func (m *modelFiles) fill(ctx context.Context, model *layers.Model) error {
	if m.weights == "" {
		return nil
	}
	s, name, err := m.inputs.Locate(ctx, m.weights)
	if err != nil {
		return err
	}
	load := func(model any, opts ...ckpt.LoadOption) error {
		return ckpt.LoadWeights(ctx, name, model, append(opts, m.options(s)...)...)
	}
	var atRoot, atModel ckpt.Report
	err = load(model, ckpt.At(m.at), ckpt.ReportTo(&atRoot))
	var mismatch *ckpt.MismatchError
	if m.given || !errors.As(err, &mismatch) {
		return err
	}
	second := load(model, ckpt.At("model"), ckpt.ReportTo(&atModel))
	if second == nil || len(atModel.RootChildren) > 0 && len(atModel.Missing) < len(atRoot.Missing) {
		return second
	}
	// Keras 2 saves layers as layer_with_weights-0 and so on.
	for _, at := range []string{m.at, "model"} {
		if load(ckpt.Group(model.TF2()), ckpt.At(at)) == nil {
			return nil
		}
	}
	return err
}

// readModel makes the model that a file describes. The file is JSON, or a Keras file that holds the description and the weights. It is
// in s, or on this machine if s is nil.
func readModel(ctx context.Context, s store.Store, file string) (*layers.Model, error) {
	f, err := input.Filesystem(ctx, s).Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	config, err := described(f)
	if errors.Is(err, errNoJSON) {
		config, err = storedConfig(s, file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	model, err := layers.FromKeras(bytes.NewReader(config))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return model, nil
}

// maxConfig bounds the size of a model's description when it is unpacked from an archive.
const maxConfig = 1 << 28

var errNoJSON = errors.New("neither JSON nor an archive")

// described returns the description of a model: the contents of f, or of a member if f is a .keras file. It does not read the weights.
func described(f fsx.Reader) ([]byte, error) {
	head := make([]byte, min(64, f.Size()))
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")): // a .keras file is a ZIP archive
		archive, err := zip.NewReader(f, f.Size())
		if err != nil {
			return nil, err
		}
		config, err := archive.Open("config.json")
		if err != nil {
			return nil, fmt.Errorf("not a .keras file: %w", err)
		}
		defer config.Close()
		return io.ReadAll(io.LimitReader(config, maxConfig))
	case !bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")):
		return nil, errNoJSON
	case f.Size() > maxConfig:
		return nil, fmt.Errorf("%d bytes of JSON: expected at most %d", f.Size(), maxConfig)
	}
	return io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
}

// storedConfig returns the description of a model in a legacy .h5 file.
func storedConfig(s store.Store, file string) ([]byte, error) {
	var opts []ckpt.OpenOption
	if s != nil {
		opts = append(opts, ckpt.In(s))
	}
	r, err := ckpt.Open(file, opts...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if config := r.Config(); config != nil {
		return config, nil
	}
	return nil, errors.New("it holds weights without a description of the model: pass the description as --config and this file as --weights")
}
