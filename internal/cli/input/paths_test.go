package input

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
)

// inDirectory makes empty files in a new working directory.
func inDirectory(t *testing.T, files ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, f := range files {
		require.NoError(t, os.WriteFile(filepath.FromSlash(f), nil, 0o666))
	}
}

func TestExpand(t *testing.T) {
	inDirectory(t, "a.index", "a.data-00000-of-00001", "b.index", "b.data-00000-of-00001", "m1.npz", "m2.npz", "[x].npz")
	for _, c := range []struct {
		name    string
		args    []string
		want    []Path
		several bool
	}{
		{"one path", []string{"a"}, []Path{{Name: "a"}}, false},
		{"one of its files", []string{"a.index"}, []Path{{Name: "a.index"}}, false},
		{"a file that is missing", []string{"c"}, []Path{{Name: "c"}}, false},
		{"a glob", []string{"m?.npz"}, []Path{{"m1.npz", true}, {"m2.npz", true}}, true},
		{"a glob that matches one", []string{"m1.*"}, []Path{{"m1.npz", true}}, true},
		{"a file that is called like a glob", []string{"[x].npz"}, []Path{{Name: "[x].npz"}}, false},
		{"all files of a checkpoint", []string{"a.*"}, []Path{{"a", true}}, true},
		{"a glob of prefixes", []string{"?"}, []Path{{"a", true}, {"b", true}}, true},
		{"files of two checkpoints", []string{"b.data-00000-of-00001", "a.index", "b.index"}, []Path{{Name: "b"}, {Name: "a"}}, true},
		{"one path twice", []string{"a", "a"}, []Path{{Name: "a"}}, true},
		{"the shards of TensorFlow 1", []string{"c-?????-of-00002"}, []Path{{Name: "c-?????-of-00002"}}, false},
		{"an address", []string{"https://host/a?b=*"}, []Path{{Name: "https://host/a?b=*"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, several, err := Expand(c.args)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.several, several)
		})
	}
	_, _, err := Expand([]string{"c*"})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, _, err = Expand([]string{"a", "*kernel*"})
	require.ErrorContains(t, err, "pass the glob to --only")
	_, err = One("m*.npz")
	require.ErrorContains(t, err, "the glob matches 2: m1.npz, m2.npz")
}

func TestOpenNothing(t *testing.T) {
	inDirectory(t, "run-1.index", "run-1.data-00000-of-00001", "run-2.npz")
	for path, want := range map[string]string{
		"run":    "no file, directory or checkpoint has this name, but there is run-1, run-2.npz",
		"ran":    "no file, directory or checkpoint has this name: ",
		"d/none": "no file, directory or checkpoint has this name: ",
	} {
		_, _, err := new(Streams).Open(t.Context(), path)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, want)
	}
}
