package keras_test

import (
	"archive/zip"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	formatkeras "github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// files has the files that Keras wrote: see its gen.py.
const files = "../format/keras/testdata/"

// A recording is an input of a model and Keras's output for it.
type recording struct {
	Input, Output struct {
		Shape  []int
		Values []float32
	}
}

func record(t testing.TB, path string) recording {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var r recording
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

// requireOutput compares a model's output with Keras's.
func requireOutput(t testing.TB, r recording, m *layers.Model) {
	t.Helper()
	x, err := tensor.FromSlice(r.Input.Values, r.Input.Shape...)
	require.NoError(t, err)
	y, err := m.Call(x)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape(r.Output.Shape), y.Shape())
	most := 1.0
	for _, v := range r.Output.Values {
		most = math.Max(most, math.Abs(float64(v)))
	}
	for i, want := range r.Output.Values {
		require.InDelta(t, want, y.Data()[i], 1e-5*most)
	}
}

// member writes a member of an archive to a file and returns its name.
func member(t testing.TB, archive, name string) string {
	z, err := zip.OpenReader(archive)
	require.NoError(t, err)
	defer z.Close()
	f, err := z.Open(name)
	require.NoError(t, err)
	data, err := io.ReadAll(f)
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(to, data, 0o666))
	return to
}

func fromKeras(t testing.TB, path string) *layers.Model {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	m, err := layers.FromKeras(f)
	require.NoError(t, err)
	return m
}

func TestLoad(t *testing.T) {
	for file, recorded := range map[string]string{"model.keras": "model", "model.h5": "model", "keras2.keras": "keras2", "keras2.h5": "keras2"} {
		t.Run(file, func(t *testing.T) {
			m, err := keras.Load(t.Context(), files+file)
			require.NoError(t, err)
			requireOutput(t, record(t, files+recorded+".io.json"), m)
		})
	}
}

// If a weights file does not describe its model, the weights are matched by the model's description.
func TestWeightsAlone(t *testing.T) {
	for name, c := range map[string]struct{ description, weights, recorded string }{
		"Keras 3":           {files + "model.json", member(t, files+"model.keras", "model.weights.h5"), "model"},
		"shards":            {files + "model.json", files + "sharded.weights.json", "model"},
		"Keras 2":           {member(t, files+"keras2.keras", "config.json"), files + "keras2_weights.h5", "keras2"},
		".keras of Keras 2": {member(t, files+"keras2.keras", "config.json"), member(t, files+"keras2.keras", "model.weights.h5"), "keras2"},
	} {
		t.Run(name, func(t *testing.T) {
			m := fromKeras(t, c.description)
			require.NoError(t, ckpt.LoadWeights(t.Context(), c.weights, m, ckpt.Partial()))
			m = fromKeras(t, c.description)
			require.NoError(t, ckpt.LoadWeights(t.Context(), c.weights, m))
			requireOutput(t, record(t, files+c.recorded+".io.json"), m)
		})
	}
}

func TestLoadWithFS(t *testing.T) {
	m, err := keras.Load(t.Context(), "keras2.keras", ckpt.WithFS(os.DirFS(files)))
	require.NoError(t, err)
	requireOutput(t, record(t, files+"keras2.io.json"), m)
}

// An archive that was unpacked, or saved with zipped=False, loads from its directory.
func TestLoadUnpacked(t *testing.T) {
	z, err := zip.OpenReader(files + "model.keras")
	require.NoError(t, err)
	defer z.Close()
	dir := filepath.Join(t.TempDir(), "model")
	require.NoError(t, os.CopyFS(dir, z))
	for _, path := range []string{dir, filepath.Join(dir, "model.weights.h5")} {
		m, err := keras.Load(t.Context(), path)
		require.NoError(t, err)
		requireOutput(t, record(t, files+"model.io.json"), m)
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "metadata.json")))
	_, err = keras.Load(t.Context(), filepath.Join(dir, "model.weights.h5"))
	require.ErrorContains(t, err, "without a description of the model")
}

func TestLoadFaults(t *testing.T) {
	_, err := keras.Load(t.Context(), files+"sharded.weights.json")
	require.ErrorContains(t, err, "without a description of the model")
	_, err = keras.Load(t.Context(), files+"none.keras")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestSave(t *testing.T) {
	m, err := keras.Load(t.Context(), files+"model.keras")
	require.NoError(t, err)
	dir := t.TempDir()
	archive, weights := filepath.Join(dir, "again.keras"), filepath.Join(dir, "again.weights.h5")
	require.NoError(t, keras.Save(t.Context(), archive, m))
	require.NoError(t, keras.Save(t.Context(), weights, m))

	again, err := keras.Load(t.Context(), archive)
	require.NoError(t, err)
	requireOutput(t, record(t, files+"model.io.json"), again)
	require.Equal(t, string(m.Config()), string(again.Config()), "the description is written unchanged")

	again = fromKeras(t, files+"model.json")
	require.NoError(t, ckpt.LoadWeights(t.Context(), weights, again))
	requireOutput(t, record(t, files+"model.io.json"), again)

	// Keras's file and this package's file have the same keys, except for the seeds of dropout.
	require.Equal(t, keys(t, files+"model.keras"), keys(t, archive))
	require.Equal(t, keys(t, archive), keys(t, weights))
}

func keys(t testing.TB, path string) []string {
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	defer r.Close()
	var all []string
	for _, v := range r.Variables() {
		all = append(all, v.Key)
	}
	require.True(t, slices.IsSorted(all))
	return all
}

func TestSaveFaults(t *testing.T) {
	m, err := keras.Load(t.Context(), files+"keras2.h5")
	require.NoError(t, err)
	dir := t.TempDir()
	require.ErrorContains(t, keras.Save(t.Context(), filepath.Join(dir, "m.h5"), m), "expected a name that ends in .keras or .weights.h5")
	require.ErrorContains(t, keras.Save(t.Context(), filepath.Join(dir, "m.keras"), m), "legacy description")
	require.NoError(t, keras.Save(t.Context(), filepath.Join(dir, "m.weights.h5"), m))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// scaled multiplies by a weight. Keras's file has no name for it: a single weight of rank 2 is taken as a kernel.
type scaled struct {
	Factor tensor.Tensor[float32] `ckpt:"kernel"`
}

func (s *scaled) Call(x *layers.Tensor) (*layers.Tensor, error) { return s.Forward(nil, x) }
func (s *scaled) Forward(_ *layers.Context, x *layers.Tensor) (*layers.Tensor, error) {
	y := tensor.New[float32](x.Shape()...)
	for i, v := range x.Data() {
		y.Data()[i] = v * s.Factor.Data()[0]
	}
	return y, nil
}

func TestLayersOfOtherClasses(t *testing.T) {
	const description = `{"module":"keras","class_name":"Sequential","config":{"name":"m","layers":[
		{"module":"keras.layers","class_name":"InputLayer","config":{"batch_shape":[null,2],"dtype":"float32","name":"x"}},
		{"module":"mine","class_name":"Scaled","config":{"name":"s"},"registered_name":"mine>Scaled"}]}}`
	dir := t.TempDir()
	path := filepath.Join(dir, "m.keras")
	made := func(json.RawMessage) (any, error) { return &scaled{}, nil }
	m, err := layers.FromKeras(strings.NewReader(description), layers.WithLayer("Scaled", made))
	require.NoError(t, err)
	layer := m.NamedLayers()[0].Layer.(*scaled)
	require.NoError(t, layer.Factor.Build(1, 1))
	layer.Factor.Data()[0] = 3
	require.NoError(t, keras.Save(t.Context(), path, m))

	_, err = keras.Load(t.Context(), path)
	require.ErrorIs(t, err, layers.ErrUnknownLayer)
	require.ErrorContains(t, err, "Scaled")

	keras.Register("Scaled", made)
	require.Panics(t, func() { keras.Register("Scaled", made) })
	m, err = keras.Load(t.Context(), path)
	require.NoError(t, err)
	x, err := tensor.FromSlice([]float32{1, 2}, 1, 2)
	require.NoError(t, err)
	y, err := m.Call(x)
	require.NoError(t, err)
	require.Equal(t, []float32{3, 6}, y.Data())
}

// KeepFrom keeps the other contents of an archive: here an asset, a seed and the version of Keras.
func TestSaveKeepFrom(t *testing.T) {
	dir := t.TempDir()
	m, err := keras.Load(t.Context(), files+"model.keras")
	require.NoError(t, err)
	first, second := filepath.Join(dir, "first.keras"), filepath.Join(dir, "second.keras")
	seed, err := tensor.FromSlice([]uint32{7, 9}, 2)
	require.NoError(t, err)
	archive := &formatkeras.Archive{Config: m.Config(), Metadata: []byte(`{"keras_version": "3.8.0", "date_saved": "2025-01-02@03:04:05"}`),
		Assets: []formatkeras.Asset{{Name: "assets/layers/lookup/vocabulary.txt", Data: []byte("a\nb")}}}
	w := formatkeras.CreateFile(first, archive)
	require.NoError(t, w.Add(0, "optimizer/vars/0", format.SourceOf(seed)))
	require.NoError(t, w.Commit(t.Context()))

	for _, path := range []string{second, first} { // also onto itself
		require.NoError(t, keras.Save(t.Context(), path, m, ckpt.KeepFrom(first)))
		r, err := formatkeras.OpenFile(path)
		require.NoError(t, err)
		assets, err := r.Assets()
		require.NoError(t, err)
		require.Equal(t, archive.Assets, assets)
		require.Equal(t, "3.8.0", r.Version())
		require.NotContains(t, string(r.Metadata()), "2025-01-02")
		got := tensor.New[uint32](2)
		require.NoError(t, r.Read(t.Context(), "optimizer/vars/0", got))
		require.Equal(t, seed.Data(), got.Data())
		require.NoError(t, r.Close())
		again, err := keras.Load(t.Context(), path)
		require.NoError(t, err)
		requireOutput(t, record(t, files+"model.io.json"), again)
	}
	err = keras.Save(t.Context(), second, m, ckpt.KeepFrom(files+"keras2.keras"))
	require.ErrorContains(t, err, "describes a different model")
	err = keras.Save(t.Context(), second, m, ckpt.KeepFrom(files+"model.h5"))
	require.ErrorContains(t, err, "not a .keras archive")
	err = keras.Save(t.Context(), filepath.Join(dir, "w.weights.h5"), m, ckpt.KeepFrom(first))
	require.ErrorContains(t, err, "KeepFrom is for .keras archives")
}
