package verify_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/verify"
	"github.com/gockpt/ckpt/tensor"
)

// A writer adds tensors to a new checkpoint c of its format.
type writer func(disk fsx.FS) format.Writer

var formats = map[string]struct {
	create writer
	path   string
	data   string // the file with the values
}{
	"tensorflow": {func(disk fsx.FS) format.Writer { return bundle.Create(disk, "c", bundle.Options{}) }, "c", "c.data-00000-of-00001"},
	"npz":        {func(disk fsx.FS) format.Writer { return npz.Create(disk, "c.npz", npz.Options{}) }, "c.npz", "c.npz"},
}

// stored returns a disk with a checkpoint of two tensors: a, of 8 bytes that are 'A', and b, of 8 bytes that are 'B'.
func stored(t *testing.T, create writer) *errfs.FS {
	disk := errfs.New()
	w := create(disk)
	for _, key := range []string{"a", "b"} {
		values := tensor.New[uint8](8)
		for i := range values.Data() {
			values.Data()[i] = key[0] - 'a' + 'A'
		}
		require.NoError(t, w.Add(0, key, format.SourceOf(values)))
	}
	require.NoError(t, w.Commit(t.Context()))
	return disk
}

// open returns the checkpoint at path.
func open(t *testing.T, disk *errfs.FS, path string) verify.Checkpoint {
	c, err := prefix.Open(disk, path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Reader.Close()) })
	return verify.Checkpoint{Reader: c.Reader, FS: disk, Prefix: c.Prefix, Format: c.Format}
}

// damage changes a byte of b.
func damage(t *testing.T, disk *errfs.FS, data string) {
	require.NoError(t, disk.WriteFile(data, []byte(strings.Replace(string(disk.Files()[data]), "BBBBBBBB", "BBBBxBBB", 1))))
}

func TestDamagedTensors(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			disk := stored(t, f.create)
			damage(t, disk, f.data)
			var found []bundle.Problem
			require.NoError(t, open(t, disk, f.path).Verify(t.Context(), nil, func(p bundle.Problem) { found = append(found, p) }))
			require.Len(t, found, 1)
			require.Equal(t, "b", found[0].Key)
			require.False(t, found[0].Warning)
			require.ErrorIs(t, found[0].Err, format.ErrCorrupt)
		})
	}
}

// progress returns how many bytes Verify has reported in the end, and of how many. They must grow.
func progress(t *testing.T, c verify.Checkpoint) (last, total int64) {
	require.NoError(t, c.Verify(t.Context(), func(done, of int64) {
		require.Greater(t, done, last)
		last, total = done, of
	}, func(bundle.Problem) {}))
	return last, total
}

// Progress ends with the bytes of all tensors, whatever is read besides them.
func TestProgress(t *testing.T) {
	for name, f := range formats {
		disk := stored(t, f.create)
		last, total := progress(t, open(t, disk, f.path))
		require.EqualValues(t, 16, last, name)
		require.EqualValues(t, 16, total, name)
	}
	t.Run("a tensor that cannot be read", func(t *testing.T) {
		f := formats["tensorflow"]
		disk := stored(t, f.create)
		require.NoError(t, disk.WriteFile(f.data, disk.Files()[f.data][:12]))
		last, _ := progress(t, open(t, disk, f.path))
		require.EqualValues(t, 16, last)
	})
	t.Run("parts, which are read twice", func(t *testing.T) {
		disk := stored(t, func(disk fsx.FS) format.Writer {
			w := formats["tensorflow"].create(disk)
			for at := range 2 {
				require.NoError(t, w.AddSlice(0, "parts", tensor.Shape{8}, tensor.Slice{{Start: 4 * at, Length: 4}}, format.SourceOf(tensor.New[uint8](4))))
			}
			return w
		})
		last, total := progress(t, open(t, disk, "c"))
		require.Equal(t, total, last)
	})
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, f := range formats {
		c := open(t, stored(t, f.create), f.path)
		require.ErrorIs(t, c.Verify(ctx, nil, func(p bundle.Problem) { t.Error(p) }), context.Canceled, name)
	}
}

// A model without weights is a valid file of other libraries. In TensorFlow's format something is always stored.
func TestEmpty(t *testing.T) {
	for _, tt := range []struct {
		create writer
		path   string
		want   []string
	}{
		{formats["tensorflow"].create, "c", []string{"ckpt: c: nothing is stored in it: corrupt checkpoint"}},
		{func(disk fsx.FS) format.Writer { return safetensors.Create(disk, "c", safetensors.Options{}) }, "c", nil},
	} {
		disk := errfs.New()
		require.NoError(t, tt.create(disk).Commit(t.Context()))
		var problems []string
		require.NoError(t, open(t, disk, tt.path).Verify(t.Context(), nil, func(p bundle.Problem) { problems = append(problems, p.Err.Error()) }))
		require.Equal(t, tt.want, problems)
	}
}

// VerifyGraph does not read tensors, and a key that is missing is a problem of that key.
func TestVerifyGraph(t *testing.T) {
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{
		{Children: []objectgraph.Child{{Name: "v", ID: 1}}},
		{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue, Key: "v/.ATTRIBUTES/VARIABLE_VALUE"}}},
	}}
	disk := errfs.New()
	w := bundle.Create(disk, "c", bundle.Options{})
	require.NoError(t, w.Add(0, objectgraph.GraphKey, format.SourceOf(tensor.Scalar(string(g.Marshal())))))
	require.NoError(t, w.Commit(t.Context()))
	var keys []string
	require.NoError(t, open(t, disk, "c").VerifyGraph(t.Context(), func(p bundle.Problem) {
		keys = append(keys, p.Key)
		require.ErrorIs(t, p.Err, format.ErrCorrupt)
	}))
	require.Equal(t, []string{"v/.ATTRIBUTES/VARIABLE_VALUE"}, keys)
}
