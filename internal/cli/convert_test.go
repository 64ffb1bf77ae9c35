package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// formats is the directory of the formats' packages. They have files in testdata.
var formats = filepath.Join("..", "..", "format")

// TestConvertBetweenFormats converts a file of every format to every format that can be written, and the
// result to safetensors. The tensors must equal those of the direct conversion.
func TestConvertBetweenFormats(t *testing.T) {
	for _, in := range []string{"safetensors/testdata/sharded", "keras/testdata/model.keras", "keras/testdata/model.h5", "torch/testdata/zip.pt", "npz/testdata/array.npy", "../testdata/golden/keras3-mlp/ckpt"} {
		t.Run(filepath.Base(in), func(t *testing.T) {
			dir, path := t.TempDir(), filepath.Join(formats, in)
			direct := filepath.Join(dir, "direct.safetensors")
			requireRun(t, "convert", path, direct, "--readable=false")
			for _, via := range []string{"via.npz", "via.weights.h5", "via"} {
				there, back := filepath.Join(dir, via), filepath.Join(dir, via+".safetensors")
				requireRun(t, "convert", path, there, "--readable=false")
				requireRun(t, "verify", there)
				requireRun(t, "convert", there, back, "--readable=false")
				require.Equal(t, hashes(t, direct), hashes(t, back), via)
			}
		})
	}
}

func requireRun(t *testing.T, args ...string) string {
	t.Helper()
	r := runCkpt(t, args...)
	require.Zero(t, r.status, "%v: %s", args, r.stderr)
	return r.stdout
}

// hashes returns the hash of each tensor by the parts of its name.
func hashes(t *testing.T, path string) map[string]string {
	t.Helper()
	var list []struct{ Key, SHA256 string }
	require.NoError(t, json.Unmarshal([]byte(requireRun(t, "list", "--json", path)), &list))
	require.NotEmpty(t, list)
	m := make(map[string]string)
	for _, l := range list {
		m[strings.ReplaceAll(l.Key, "/", ".")] = l.SHA256
	}
	return m
}

// TestConvertOptions tests the flags that select, rename, cast and split tensors.
func TestConvertOptions(t *testing.T) {
	in, dir := filepath.Join(formats, "torch/testdata/zip.pt"), t.TempDir()
	out := filepath.Join(dir, "out.safetensors")
	requireRun(t, "convert", in, out, "--only", "0.*", "--rename", "0=dense", "--cast", "float16")
	require.Equal(t, "DTYPE    SHAPE        SIZE  PATH\nfloat16  [4]           8 B  dense.bias\nfloat16  [4 3]        24 B  dense.weight\n2 tensors, 32 B in "+out+"\n", requireRun(t, "list", out))
	requireRun(t, "convert", in, out, "--max-shard-size", "40")
	require.NoFileExists(t, out)
	require.Len(t, hashes(t, out+".index.json"), 9)
	require.Contains(t, runCkpt(t, "convert", in, out, "--rename", "nothing=x").stderr, "--rename nothing=x: no selected tensor matches OLD")
	require.Equal(t, 2, runCkpt(t, "convert", in, out, "--rename", "nothing").status)
	require.Equal(t, 2, runCkpt(t, "convert", in, out, "--rename", "(=x").status)
	require.Contains(t, runCkpt(t, "convert", in, filepath.Join(dir, "m.pt")).stderr, "cannot write files that end in .pt")
	require.Equal(t, 2, runCkpt(t, "convert", in, out, "--cast", "float17").status)
	require.Equal(t, 2, runCkpt(t, "convert", in).status)
}

// TestConvertKeepsMetadata checks that the metadata of safetensors files is kept, and that PyTorch's files
// get the metadata that its libraries require.
func TestConvertKeepsMetadata(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.safetensors"), filepath.Join(dir, "second.safetensors")
	requireRun(t, "convert", filepath.Join(formats, "torch/testdata/zip.pt"), first)
	requireRun(t, "convert", first, second)
	for _, file := range []string{first, second} {
		r, err := ckpt.Open(file)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"format": "pt"}, r.Metadata())
		require.NoError(t, r.Close())
	}
	want, err := os.ReadFile(first)
	require.NoError(t, err)
	got, err := os.ReadFile(second)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// The tensors of one object, such as a table's keys and values, keep the names of their attributes.
func TestConvertObjectsOfSeveralTensors(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	requireRun(t, "convert", filepath.Join(golden, "objects-lookup-table/ckpt"), out)
	r, err := ckpt.Open(out)
	require.NoError(t, err)
	defer r.Close()
	var names []string
	for e, err := range r.All() {
		require.NoError(t, err)
		names = append(names, e.Key)
	}
	require.Contains(t, names, "table/table-keys/.ATTRIBUTES/VARIABLE_VALUE")
	require.Contains(t, names, "table/table-values/.ATTRIBUTES/VARIABLE_VALUE")
}

// TestConvertNames renames like ckpt.Rename, and by the names of Keras's layers.
func TestConvertNames(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.safetensors")
	names := func(path string) []string {
		var list []struct{ Key string }
		require.NoError(t, json.Unmarshal([]byte(requireRun(t, "list", "--json", "--sha256=false", path)), &list))
		var all []string
		for _, l := range list {
			all = append(all, l.Key)
		}
		return all
	}
	keras2 := filepath.Join(formats, "keras/testdata/keras2.keras")
	requireRun(t, "convert", keras2, out, "--only", "*layers/dense/*", "--rename", `^(\w+)\.kernel$=weights.$1`, "--rename", "weights=w")
	require.Equal(t, []string{"out.bias", "w.out"}, names(out))

	// The same rule with the slashes of HDF5, and two tensors that would get the same name.
	h5 := filepath.Join(dir, "out.weights.h5")
	requireRun(t, "convert", out, h5, "--rename", "w.out=layers.dense.vars.0", "--rename", "out.bias=layers/dense/vars/1")
	require.Equal(t, []string{"layers/dense/vars/0", "layers/dense/vars/1"}, names(h5))
	require.Contains(t, runCkpt(t, "convert", out, filepath.Join(dir, "x.npz"), "--rename", ".*=same").stderr, "would both get the name same")

	// The command reports tensors that are not cast, and a value that does not fit is an error.
	require.Contains(t, requireRun(t, "convert", h5, out, "--cast", "int8"), "; not cast, because int8 is of another kind: layers/dense/vars/0, layers/dense/vars/1 (2 tensors)\n")
	x, err := tensor.FromSlice([]float32{1e30}, 1)
	require.NoError(t, err)
	require.NoError(t, ckpt.SaveWeights(t.Context(), out, &struct{ W *tensor.Tensor[float32] }{x}))
	r := runCkpt(t, "convert", out, h5, "--cast", "float16")
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "--cast float16")

	// A tensor without a name, and a file without tensors.
	bare := filepath.Join(dir, "bare.safetensors")
	require.NoError(t, os.WriteFile(bare, []byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"), 0o600))
	require.Contains(t, runCkpt(t, "convert", bare, h5).stderr, "it does not hold any tensors to convert")
}

// TestConvertOntoItself checks that converting a file onto itself is rejected, also by other names of the
// file.
func TestConvertOntoItself(t *testing.T) {
	dir := t.TempDir()
	in, other := filepath.Join(dir, "a.safetensors"), filepath.Join(dir, "b.safetensors")
	contents, err := os.ReadFile(filepath.Join(formats, "safetensors/testdata/linear.safetensors"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(in, contents, 0o600))
	require.NoError(t, os.Link(in, other))
	for _, out := range []string{in, other} {
		r := runCkpt(t, "convert", in, out)
		require.Equal(t, 1, r.status)
		require.Contains(t, r.stderr, "write to another path")
		r = runCkpt(t, "export", in, "w", out)
		require.Contains(t, r.stderr, "write to another path")
	}
	left, err := os.ReadFile(in)
	require.NoError(t, err)
	require.Equal(t, contents, left)
}

// TestExport writes a part of a tensor, and reads it again.
func TestExport(t *testing.T) {
	out := filepath.Join(t.TempDir(), "w.npy")
	requireRun(t, "export", filepath.Join(formats, "safetensors/testdata/linear.safetensors"), "w[1]", out)
	require.Contains(t, requireRun(t, "list", out), "float32  [1 3]        12 B  w\n")
}

// TestDigest writes the hashes of a checkpoint's files, and finds a changed file.
func TestDigest(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(golden, "keras3-mlp"))))
	path := filepath.Join(dir, "ckpt")
	require.Contains(t, runCkpt(t, "digest", "--check", path).stderr, "write it first")
	require.Equal(t, path+".sha256: 2 files\n", requireRun(t, "digest", path))
	require.Equal(t, path+": 2 files as written\n", requireRun(t, "digest", "--check", path))
	data := path + ".data-00000-of-00001"
	contents, err := os.ReadFile(data)
	require.NoError(t, err)
	contents[0] ^= 1
	require.NoError(t, os.WriteFile(data, contents, 0o600))
	r := runCkpt(t, "digest", "--check", path)
	require.Equal(t, 1, r.status)
	require.Contains(t, r.stderr, "the SHA-256 of ckpt.data-00000-of-00001 has changed")
}

// TestConvertToKeras makes archives of models, one from a file with the description and one from weights and
// a separate description.
func TestConvertToKeras(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(formats, "keras/testdata", name) }
	weights, ready := filepath.Join(dir, "w.weights.h5"), filepath.Join(dir, "ready.keras")
	requireRun(t, "convert", at("model.keras"), weights)
	for name, args := range map[string][]string{
		"an archive":                        {at("model.keras")},
		"weights beside an archive":         {weights, "--config", at("model.keras")},
		"several files of weights and JSON": {at("sharded.weights.json"), "--config", at("model.json")},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, ready+": the model everything in the format keras\n", requireRun(t, append([]string{"convert", args[0], ready}, args[1:]...)...))
			require.Equal(t, requireRun(t, "diff", at("model.keras"), at("model.keras")), requireRun(t, "diff", at("model.keras"), ready), "each tensor")
		})
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no description":            {[]string{weights, filepath.Join(dir, "x.keras")}, "name a file that has it with --config"},
		"a description of Keras 2":  {[]string{at("keras2.h5"), filepath.Join(dir, "x.keras")}, "legacy description"},
		"another model's weights":   {[]string{weights, filepath.Join(dir, "x.keras"), "--config", at("keras2.keras")}, "not in the checkpoint\n  "},
		"a cast":                    {[]string{at("model.keras"), filepath.Join(dir, "x.keras"), "--cast", "float16"}, "--cast does not apply to model files"},
		"a description for weights": {[]string{weights, filepath.Join(dir, "x.npz"), "--config", at("model.keras")}, "--config applies only to .keras and .weights.h5 files"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runCkpt(t, append([]string{"convert"}, test.args...)...)
			require.Equal(t, 1, r.status)
			require.Contains(t, r.stderr, test.want)
			require.NoFileExists(t, filepath.Join(dir, "x.keras"))
		})
	}
}

// TestRunKerasFile runs a model with the weights in its file.
func TestRunKerasFile(t *testing.T) {
	in, want := kerasExample(t, t.TempDir())
	at := kerasFile
	for _, args := range [][]string{{"--config", at("model.keras")}, {"--config", at("model.h5")}, {"--config", at("model.json"), "--weights", at("model.keras")}, {"--config", at("model.keras"), "--rename", "layers=layers"}, {"--config", at("model.keras"), "--weights", at("sharded.weights.json")}} {
		var got struct{ Outputs []kerasNumbers }
		require.NoError(t, json.Unmarshal([]byte(requireRun(t, append([]string{"run", "--input", in}, args...)...)), &got))
		require.Equal(t, want.Shape, got.Outputs[0].Shape)
		require.InDeltaSlice(t, want.Values, got.Outputs[0].Values, 1e-4, "%v", args)
	}
	r := runCkpt(t, "run", "--input", in, "--config", at("model.keras"), "--rename", "nothing=layers")
	require.Contains(t, r.stderr, "no value of the checkpoint has such a path")
	r = runCkpt(t, "run", "--input", in, "--config", at("bfloat16.weights.h5"))
	require.Contains(t, r.stderr, "without a description of the model")
}

// TestDigestLine checks that names are escaped as in sha256sum, so that each takes one line.
func TestDigestLine(t *testing.T) {
	for name, want := range map[string]string{
		"plain.safetensors": "abc  plain.safetensors\n",
		"with space":        "abc  with space\n",
		"a\nb":              `\abc  a\nb` + "\n",
		"a\rb":              `\abc  a\rb` + "\n",
		`a\nb`:              `\abc  a\\nb` + "\n",
	} {
		require.Equal(t, want, digestLine("abc", name))
	}
}

// TestDigestsOfOthers reads hashes in the forms of other programs and of people.
func TestDigestsOfOthers(t *testing.T) {
	const now = "abc  a\ndef  b c\n"
	for text, says := range map[string]string{
		now:                      "",
		"abc *a\r\nDEF *b c\r\n": "",
		"# of 2026\n\n" + now:    "",
		"abc  a\n":               "it does not list b c",
		now + "123  d\n":         "it lists d, which is not a file of the checkpoint",
		"abd  a\ndef  b c\n":     "the SHA-256 of a has changed: expected abd, found abc",
		"abc  a\nb c\n":          `line 2: expected a hash and a name as sha256sum writes them, got "b c"`,
		"SHA256 (a) = abc\n":     "line 1: expected a hash and a name",
	} {
		err := sameDigest("m.sha256", text, now)
		if says == "" {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorContains(t, err, says, text)
	}
}
