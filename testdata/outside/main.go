// Outside is a program as a user of the module may have it: it calls the main entries of every public package.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/gguf"
	"github.com/gockpt/ckpt/format/hdf5"
	kerasfiles "github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/format/torch"
	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/optimizers"
	"github.com/gockpt/ckpt/optimizers/compatv1"
	"github.com/gockpt/ckpt/optimizers/keras3"
	"github.com/gockpt/ckpt/optimizers/legacy"
	"github.com/gockpt/ckpt/optimizers/tfkeras"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
	"github.com/gockpt/ckpt/store/web"
	"github.com/gockpt/ckpt/tensor"
	"github.com/gockpt/ckpt/tensor/gonum"
)

// What the program does not call, it names.
var (
	_ keras3.Adam
	_ legacy.Adam
	_ tfkeras.Adam
	_ compatv1.Adam
	_ pb.CheckpointState
	_ optimizers.Slots
	_ layout.Rule
	_ = keras.Load
	_ = activation.Tanh
	_ = nametree.Graph
	_ = objectgraph.Parse
	_ = shard.Plan
	_ = store.Memory
	_ = storetest.Run
	_ = web.HuggingFace
)

type model struct {
	Dense layers.Dense `ckpt:"dense"`
}

func main() {
	dir, err := os.MkdirTemp("", "outside")
	if err == nil {
		err = errors.Join(run(context.Background(), dir), os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	kernel := gonum.FromDense[float32](mat.NewDense(2, 2, []float64{1, 2, 3, 4}))
	for _, try := range []struct {
		name     string
		key      string
		writer   func(path string) format.Writer
		openFile func(path string) (format.Reader, error)
		openFS   func(fsys fs.FS, name string) (format.Reader, error)
	}{
		{"model-1", "dense/kernel", func(path string) format.Writer { return bundle.CreateFile(path, bundle.Options{}) }, reader(bundle.OpenFile), readerFS(bundle.OpenFS)},
		{"model.safetensors", "dense.kernel", func(path string) format.Writer { return safetensors.CreateFile(path, safetensors.Options{}) }, reader(safetensors.OpenFile), readerFS(safetensors.OpenFS)},
		{"model.npz", "dense.kernel", func(path string) format.Writer { return npz.CreateFile(path, npz.Options{}) }, reader(npz.OpenFile), readerFS(npz.OpenFS)},
		{"model.h5", "dense/kernel", func(path string) format.Writer { return hdf5.CreateFile(path) }, reader(hdf5.OpenFile), readerFS(hdf5.OpenFS)},
		{"model.weights.h5", "layers/dense/vars/0", func(path string) format.Writer { return kerasfiles.CreateFile(path, nil) }, reader(kerasfiles.OpenFile), readerFS(kerasfiles.OpenFS)},
	} {
		path := filepath.Join(dir, try.name)
		w := try.writer(path)
		if err := errors.Join(w.Add(0, try.key, format.SourceOf(kernel)), w.Commit(ctx)); err != nil {
			return fmt.Errorf("%s: %w", try.name, err)
		}
		file, err := try.openFile(path)
		if err == nil {
			err = errors.Join(check(file, try.key), file.Close())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", try.name, err)
		}
		if file, err = try.openFS(os.DirFS(dir), try.name); err == nil {
			err = errors.Join(check(file, try.key), file.Close())
		}
		if err != nil {
			return fmt.Errorf("%s in an fs.FS: %w", try.name, err)
		}
	}
	return errors.Join(lone(ctx, dir, kernel), missing(dir), states(ctx, dir), numbers(ctx, dir), restore(ctx, dir, kernel), merge(ctx, dir, kernel))
}

// reader turns a package's OpenFile into that of any format.
func reader[R format.Reader](open func(string) (R, error)) func(string) (format.Reader, error) {
	return func(path string) (format.Reader, error) { return open(path) }
}

// readerFS turns a package's OpenFS into that of any format.
func readerFS[R format.Reader](open func(fs.FS, string) (R, error)) func(fs.FS, string) (format.Reader, error) {
	return func(fsys fs.FS, name string) (format.Reader, error) { return open(fsys, name) }
}

func check(r format.Reader, key string) error {
	e, ok, err := r.Lookup(key)
	if err != nil || !ok || !e.Shape.Equal(tensor.Shape{2, 2}) {
		return fmt.Errorf("%s: found %v, shape %v, error %w", key, ok, e.Shape, err)
	}
	return nil
}

// lone writes a file of one array.
func lone(ctx context.Context, dir string, kernel tensor.Any) error {
	path := filepath.Join(dir, "kernel.npy")
	if err := npz.WriteArrayFile(ctx, path, format.SourceOf(kernel)); err != nil {
		return err
	}
	r, err := npz.OpenFile(path)
	if err != nil {
		return err
	}
	return r.Close()
}

// missing opens what is not there, in the formats that the program cannot write.
func missing(dir string) error {
	path := filepath.Join(dir, "none")
	for _, open := range []func(string) (format.Reader, error){reader(gguf.OpenFile), reader(torch.OpenFile), reader(savedv1.OpenFile)} {
		if _, err := open(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("opening nothing: %w", err)
		}
	}
	if _, err := savedv1.OpenFS(os.DirFS(dir), "none"); !errors.Is(err, fs.ErrNotExist) || savedv1.ExistsFile(path) {
		return fmt.Errorf("opening nothing: %w", err)
	}
	return nil
}

// states writes a state file and reads it.
func states(ctx context.Context, dir string) error {
	path := filepath.Join(dir, state.DefaultName)
	if err := state.WriteFile(ctx, path, &state.State{Latest: "model-1"}); err != nil {
		return err
	}
	a, err := state.ReadFile(path)
	if err != nil {
		return err
	}
	b, err := state.ReadFS(os.DirFS(dir), state.DefaultName)
	if err != nil || a.Latest != "model-1" || b.Latest != "model-1" {
		return fmt.Errorf("the state file: %v, %v: %w", a, b, err)
	}
	return nil
}

// contents are a file of a kind that the module does not know.
type contents struct{ *strings.Reader }

func (contents) Close() error { return nil }

// numbers makes a format of the program's own.
func numbers(ctx context.Context, dir string) error {
	path := filepath.Join(dir, "numbers")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w, err := tensor.FromSlice([]float32{1, 2}, 2)
	if err != nil {
		return err
	}
	err = errors.Join(raw.Write(ctx, f, path, []raw.Item{{Key: "w", Source: format.SourceOf(w)}}, nil), f.Close())
	if err != nil {
		return err
	}
	written, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := raw.OpenFile(path)
	if err != nil {
		return err
	}
	for _, blob := range []*raw.Blob{file, raw.File("memory", contents{strings.NewReader(string(written))}), raw.Memory("bytes", bytes.Clone(written))} {
		r, err := raw.NewReader(path, []*raw.Blob{blob}, []raw.Tensor{{Key: "w", DType: tensor.DTFloat32, Shape: tensor.Shape{2}}}, raw.Options{})
		if err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	return nil
}

// restore loads one of the files into a struct.
func restore(ctx context.Context, dir string, kernel *tensor.Tensor[float32]) error {
	var m model
	if err := ckpt.LoadWeights(ctx, filepath.Join(dir, "model.safetensors"), &m, ckpt.Partial()); err != nil {
		return err
	}
	if !slices.Equal(m.Dense.Kernel.Data(), kernel.Data()) {
		return fmt.Errorf("restored %v", m.Dense.Kernel.Data())
	}
	return nil
}

// merge makes one checkpoint from two.
func merge(ctx context.Context, dir string, kernel tensor.Any) error {
	var prefixes []string
	for _, name := range []string{"a", "b"} {
		prefix := filepath.Join(dir, name)
		w := bundle.CreateFile(prefix, bundle.Options{})
		if err := errors.Join(w.Add(0, name, format.SourceOf(kernel)), w.Commit(ctx)); err != nil {
			return err
		}
		prefixes = append(prefixes, prefix)
	}
	merged := filepath.Join(dir, "merged")
	if err := bundle.MergeFiles(ctx, merged, prefixes, bundle.MergeOptions{}); err != nil {
		return err
	}
	index, err := os.ReadFile(bundle.IndexFile(merged))
	if err != nil {
		return err
	}
	table, err := sstable.Open(bytes.NewReader(index), int64(len(index)))
	if err != nil {
		return err
	}
	files, err := bundle.DataFiles(merged, table)
	if err != nil || len(files) != 2 {
		return fmt.Errorf("the data files of the merged checkpoint: %q: %w", files, err)
	}
	return nil
}
