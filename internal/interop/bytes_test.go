//go:build interop

package interop

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

func newCheckpoint(t require.TestingT, p program, fill bool) *ckpt.Checkpoint {
	root, more := p.build(values{fill})
	c, err := ckpt.New(root, append(more, ckpt.AllowEmpty())...)
	require.NoError(t, err)
	return c
}

// Both sides of TestSameBytes write each program, and write it again after a restore from the other's
// checkpoint. All four checkpoints have the same files.
func TestSameBytes(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			ask[string](t, "write", arguments{"program": p.name, "prefix": filepath.Join(theirs, "ckpt")})
			_, err := newCheckpoint(t, p, true).Write(t.Context(), filepath.Join(ours, "ckpt"))
			require.NoError(t, err)
			requireSameFiles(t, theirs, ours)

			again := filepath.Join(dir, "ours from theirs")
			c := newCheckpoint(t, p, false)
			status, err := c.Read(t.Context(), filepath.Join(theirs, "ckpt"))
			require.NoError(t, err)
			require.NoError(t, status.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
			_, err = c.Write(t.Context(), filepath.Join(again, "ckpt"))
			require.NoError(t, err)
			requireSameFiles(t, theirs, again)

			if p.unreadable != "" {
				err := tensorFlow.try("rewrite", arguments{"program": p.name, "source": filepath.Join(theirs, "ckpt"), "prefix": filepath.Join(dir, "not")}, new(string))
				require.ErrorContains(t, err, "not found in checkpoint", "TensorFlow got better: %s", p.unreadable)
				return
			}
			back := filepath.Join(dir, "theirs from ours")
			ask[string](t, "rewrite", arguments{"program": p.name, "source": filepath.Join(ours, "ckpt"), "prefix": filepath.Join(back, "ckpt")})
			requireSameFiles(t, back, ours)
		})
	}
}

// TestSameBytesOfSaves saves three times on each side, and twice more after a restore from the other side's
// checkpoint. The directories are the same, including numbers, counters and the `checkpoint` file.
func TestSameBytesOfSaves(t *testing.T) {
	for _, name := range []string{"keywords", "root", "root_with_more", "state", "nothing"} {
		t.Run(name, func(t *testing.T) {
			p := programNamed(t, name)
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			last := ask[string](t, "write", arguments{"program": name, "prefix": filepath.Join(theirs, "ckpt"), "saves": 3})
			require.Equal(t, filepath.Join(theirs, "ckpt-3"), last)
			require.Equal(t, filepath.Join(ours, "ckpt-3"), save(t, newCheckpoint(t, p, true), filepath.Join(ours, "ckpt"), 3))
			requireSameFiles(t, theirs, ours)

			latest, err := ckpt.Latest(theirs)
			require.NoError(t, err)
			require.Equal(t, last, latest)
			require.Equal(t, filepath.Join(ours, "ckpt-3"), ask[string](t, "latest", arguments{"directory": ours}))

			theirs2, ours2 := filepath.Join(dir, "theirs from ours"), filepath.Join(dir, "ours from theirs")
			c := newCheckpoint(t, p, false)
			status, err := c.Restore(t.Context(), latest)
			require.NoError(t, err)
			require.NoError(t, status.AssertConsumed())
			require.EqualValues(t, 3, c.SaveCounter())
			require.Equal(t, filepath.Join(ours2, "ckpt-5"), save(t, c, filepath.Join(ours2, "ckpt"), 2))
			ask[string](t, "rewrite", arguments{"program": name, "source": filepath.Join(ours, "ckpt-3"), "prefix": filepath.Join(theirs2, "ckpt"), "saves": 2, "call": "restore"})
			requireSameFiles(t, theirs2, ours2)
		})
	}
}

func programNamed(t *testing.T, name string) program {
	for _, p := range programs {
		if p.name == name {
			return p
		}
	}
	t.Fatalf("no program is called %s", name)
	return program{}
}

func save(t *testing.T, c *ckpt.Checkpoint, prefix string, times int) (last string) {
	for range times {
		var err error
		last, err = c.Save(t.Context(), prefix)
		require.NoError(t, err)
	}
	return last
}

// requireSameFiles fails the test unless two directories have the same files with the same bytes. It compares
// descriptions of the checkpoints first, because their differences are readable.
func requireSameFiles(t require.TestingT, theirs, ours string) {
	names := fileNames(t, theirs)
	require.Equal(t, names, fileNames(t, ours), "files")
	var different []string
	for _, name := range names {
		a, err := os.ReadFile(filepath.Join(theirs, name))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(ours, name))
		require.NoError(t, err)
		if !bytes.Equal(a, b) {
			different = append(different, name)
		}
	}
	for _, name := range different {
		if filepath.Ext(name) == ".index" {
			require.Equal(t, describe(t, filepath.Join(theirs, name)), describe(t, filepath.Join(ours, name)), "%s: TensorFlow's and ours", name)
		}
	}
	require.Empty(t, different, "files that are not the same")
}

func fileNames(t require.TestingT, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// described is the readable description of a checkpoint.
type described struct {
	Variables []ckpt.VariableInfo
	Values    map[string]any
	Graph     *ckpt.StoredGraph
}

func describe(t require.TestingT, path string) described {
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	defer r.Close()
	d := described{Variables: r.Variables(), Values: map[string]any{}}
	for _, v := range d.Variables {
		if v.DType == tensor.DTVariant || v.Bytes > 1<<16 {
			continue
		}
		got, err := r.Tensor(v.Key)
		require.NoError(t, err)
		if v.Shape.Len() < 100 && v.Key != "_CHECKPOINTABLE_OBJECT_GRAPH" {
			d.Values[v.Key] = got.Values()
		}
	}
	if d.Graph, err = r.Graph(); err != nil {
		require.ErrorIs(t, err, ckpt.ErrNoObjectGraph)
	}
	return d
}
