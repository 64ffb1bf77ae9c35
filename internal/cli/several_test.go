package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pipe runs a command line with a file on standard input.
func pipe(t *testing.T, file string, args ...string) result {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var out, errs bytes.Buffer
	p := Program{Stdin: bytes.NewReader(data), Stdout: &out, Stderr: &errs}
	status := p.Run(t.Context(), args)
	return result{out.String(), errs.String(), status}
}

// TestStandardInput passes - to commands instead of a path, and compares the output with that for the path.
func TestStandardInput(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	keras := filepath.Join(formats, "keras", "testdata", "model.keras")
	npz := filepath.Join(formats, "npz", "testdata", "plain.npz")
	for _, args := range [][]string{
		{"list", "-"}, {"list", "--json", "-"}, {"graph", "-"}, {"verify", "-"}, {"stat", "-"}, {"stat", "--json", "-"}, {"gen", "-"},
		{"show", "-", "*/0"}, {"diff", "-", keras}, {"view", "-", "-o", "-"},
	} {
		t.Run(args[0], func(t *testing.T) {
			named := append([]string(nil), args...)
			named[indexOf(named, "-")] = keras
			want, got := runCkpt(t, named...), pipe(t, keras, args...)
			require.Equal(t, want.status, got.status, got.stderr)
			rename := strings.NewReplacer(keras, "FILE", `"standard input"`, "FILE", "standard input", "FILE", filepath.Base(keras), "FILE")
			require.Equal(t, rename.Replace(want.stdout), rename.Replace(got.stdout))
			require.NotContains(t, got.stdout, "ckpt-", "the name of a temporary file")
		})
	}
	t.Run("digest prints the hash", func(t *testing.T) {
		r := pipe(t, npz, "digest", "-")
		require.Zero(t, r.status, r.stderr)
		require.Regexp(t, `^[0-9a-f]{64}  -\n$`, r.stdout)
	})
	t.Run("run", func(t *testing.T) {
		dir := filepath.Join("..", "..", "testdata", "cnn")
		args := []string{"run", "--config", filepath.Join(dir, "model.json"), "--weights", filepath.Join(dir, "train"), "--input", "-"}
		r := pipe(t, filepath.Join(dir, "predictions.json"), args...)
		require.Zero(t, r.status, r.stderr)
		require.Contains(t, r.stdout, "outputs")
	})
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"twice":                        {[]string{"diff", "-", "-"}, "standard input can be read only once"},
		"twice for a list":             {[]string{"list", "-", npz, "./-"}, "not found"},
		"a checkpoint with many files": {[]string{"list", "-"}, "consists of several files: name it by its path"},
		"digest --check":               {[]string{"digest", "--check", "-"}, "standard input does not have one"},
		"a model and its inputs":       {[]string{"run", "--config", "-", "--input", "-"}, "standard input can be read only once"},
	} {
		t.Run(name, func(t *testing.T) {
			file := npz
			if strings.Contains(name, "many files") {
				file = filepath.Join(golden, "damaged-none", "ckpt.index")
			} else if strings.Contains(name, "model") {
				file = keras
			}
			r := pipe(t, file, test.args...)
			require.Equal(t, 1, r.status)
			require.Contains(t, r.stderr, test.says)
			require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
		})
	}
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left, "temporary files")
}

func indexOf(list []string, s string) int {
	for i := range list {
		if list[i] == s {
			return i
		}
	}
	return -1
}

// TestStandardOutput passes - to commands instead of a file to write.
func TestStandardOutput(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	npz := filepath.Join(formats, "npz", "testdata", "plain.npz")
	for _, to := range []string{"safetensors", "npz", "hdf5"} {
		t.Run("convert to "+to, func(t *testing.T) {
			r := runCkpt(t, "convert", filepath.Join("..", "..", "testdata", "regress", "train"), "-", "--to", to, "--only", "*kernel*")
			require.Zero(t, r.status, r.stderr)
			file := filepath.Join(t.TempDir(), "x")
			require.NoError(t, os.WriteFile(file, []byte(r.stdout), 0o666))
			listed := runCkpt(t, "list", file)
			require.Zero(t, listed.status, listed.stderr)
			require.Contains(t, listed.stdout, "kernel")
		})
	}
	t.Run("export", func(t *testing.T) {
		list := runCkpt(t, "list", "--json", npz)
		var all []struct{ Key string }
		require.NoError(t, json.Unmarshal([]byte(list.stdout), &all))
		r := runCkpt(t, "export", npz, all[0].Key, "-")
		require.Zero(t, r.status, r.stderr)
		require.True(t, strings.HasPrefix(r.stdout, "\x93NUMPY"))
	})
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no format":                    {[]string{"convert", npz, "-"}, "choose the format with --to"},
		"several files":                {[]string{"convert", npz, "-", "--to", "tensorflow"}, "consists of several files: name a file"},
		"a glob of keys for one array": {[]string{"export", filepath.Join("..", "..", "testdata", "regress", "train"), "*kernel*", "-"}, "OUT.npz --only '*kernel*'"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runCkpt(t, test.args...)
			require.Equal(t, 1, r.status)
			require.Contains(t, r.stderr, test.says)
			require.Empty(t, r.stdout)
		})
	}
	require.Equal(t, 2, runCkpt(t, "convert", npz, "-", "--to", "zip").status)
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left, "temporary files")
}

func TestSeveralPaths(t *testing.T) {
	t.Chdir(golden)
	run := func(args ...string) result { return runCkpt(t, args...) }
	t.Run("a quoted glob of prefixes", func(t *testing.T) {
		r := run("verify", "manager-keeps-last/train/ckpt-*")
		require.Zero(t, r.status, r.stderr)
		require.Equal(t, 2, strings.Count(r.stdout, "all checksums right\n"), r.stdout)
	})
	t.Run("a glob expanded by a shell", func(t *testing.T) {
		files, err := filepath.Glob("manager-keeps-last/train/*")
		require.NoError(t, err)
		r := run(append([]string{"verify"}, files...)...)
		require.Zero(t, r.status, r.stderr)
		require.Equal(t, 2, strings.Count(r.stdout, "all checksums right\n"), r.stdout)
	})
	t.Run("titles", func(t *testing.T) {
		r := run("list", "manager-keeps-last/train/ckpt-4", "manager-keeps-last/train/ckpt-5")
		require.Zero(t, r.status, r.stderr)
		require.True(t, strings.HasPrefix(r.stdout, "==> manager-keeps-last/train/ckpt-4 <==\n"), r.stdout)
		require.Contains(t, r.stdout, "\n\n==> manager-keeps-last/train/ckpt-5 <==\n")
	})
	t.Run("an object of JSON", func(t *testing.T) {
		r := run("stat", "--json", "manager-keeps-last/train/ckpt-*")
		require.Zero(t, r.status, r.stderr)
		var all map[string][]struct{ Key string }
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &all), r.stdout)
		require.Len(t, all, 2)
		require.NotEmpty(t, all["manager-keeps-last/train/ckpt-5"])
	})
	t.Run("checkpoints after a damaged one are reported too", func(t *testing.T) {
		r := run("verify", "damaged-data-cut/ckpt", "damaged-none/ckpt")
		require.Equal(t, 1, r.status)
		require.Contains(t, r.stdout, "damaged-none/ckpt: 5 tensors")
		require.Contains(t, r.stderr, "damaged-data-cut/ckpt")
	})
	t.Run("errors in JSON", func(t *testing.T) {
		r := run("list", "--json", "nowhere/ckpt", "damaged-none/ckpt")
		require.Equal(t, 1, r.status)
		var all map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &all), r.stdout)
		require.Contains(t, string(all["nowhere/ckpt"]), `"error"`)
		require.Contains(t, string(all["damaged-none/ckpt"]), `"sha256"`)
	})
	t.Run("two for diff", func(t *testing.T) {
		r := run("diff", "manager-keeps-last/train/ckpt-*")
		require.Equal(t, 1, r.status)
		require.Contains(t, r.stdout, "the same")
		require.Contains(t, run("diff", "damaged-*/ckpt").stderr, "expected two checkpoints, A and B, got ")
	})
	t.Run("one tensor of each checkpoint", func(t *testing.T) {
		r := run("show", "manager-keeps-last/train/ckpt-*", "*save_counter*")
		require.Zero(t, r.status, r.stderr)
		require.Equal(t, 2, strings.Count(r.stdout, "save_counter"), r.stdout)
	})
	for name, test := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"nothing matches":                                 {[]string{"list", "nowhere/*"}, 1, "nowhere/*: no file matches"},
		"a glob of tensors":                               {[]string{"list", "damaged-none/ckpt", "*kernel*"}, 1, "to choose tensors rather than files, pass the glob to --only"},
		"no tensor matches":                               {[]string{"list", "damaged-none/ckpt", "--only", "*kernel*"}, 1, "no tensor matches *kernel*: ckpt list shows all"},
		"no tensor to show":                               {[]string{"show", "damaged-none/ckpt", "*kernel*"}, 1, "no tensor matches *kernel*"},
		"two checkpoints for a command with one":          {[]string{"gen", "manager-keeps-last/train/ckpt-*"}, 1, "expected one checkpoint, but the glob matches 2: manager-keeps-last/train/ckpt-4, manager-keeps-last/train/ckpt-5: name one of them"},
		"a glob that is not one":                          {[]string{"list", "a["}, 1, "syntax error in pattern"},
		"the arguments of show after a shell's expansion": {[]string{"show", "a", "b", "c"}, 2, "quote globs"},
		"a similar name":                                  {[]string{"list", "manager-keeps-last/train/ckpt"}, 1, "but there is manager-keeps-last/train/ckpt-4, manager-keeps-last/train/ckpt-5"},
		"a tensor with a similar name":                    {[]string{"show", "saver-v2/model.ckpt-3", "bia"}, 1, "but there is model/bias"},
		"a tensor of another name":                        {[]string{"show", "saver-v2/model.ckpt-3", "model.biast"}, 1, "but there is model/bias"},
		"no file is a checkpoint":                         {[]string{"list", "*.md"}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(test.args...)
			require.Equal(t, test.status, r.status, r.stderr)
			require.Contains(t, r.stderr, test.says)
		})
	}
}
