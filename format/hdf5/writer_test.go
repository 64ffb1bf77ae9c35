package hdf5

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// text returns a tensor of strings, a scalar if shape is empty.
func text(t testing.TB, shape []int, values ...string) tensor.Any {
	s, err := tensor.FromSlice(values, shape...)
	require.NoError(t, err)
	return s
}

// counted returns a tensor of d with different bytes in each element.
func counted(t testing.TB, d tensor.DType, shape ...int) tensor.Any {
	x, err := tensor.NewAny(d, shape...)
	require.NoError(t, err)
	memory, ok := tensor.Bytes(x)
	require.True(t, ok)
	for i := range memory {
		memory[i] = byte(i + 1)
	}
	d.Normalize(memory)
	return x
}

// written returns the bytes of a file with the given tensors.
func written(t testing.TB, tensors map[string]tensor.Any, attributes map[string][]Attribute) []byte {
	disk := errfs.New()
	w := NewWriter(disk, "out.h5")
	for key, x := range tensors {
		require.NoError(t, w.Add(0, key, format.SourceOf(x)))
	}
	for path, all := range attributes {
		g, err := w.Group(path)
		require.NoError(t, err)
		g.Attributes = all
	}
	require.NoError(t, w.Commit(t.Context()))
	require.Zero(t, disk.OpenFiles())
	return disk.Files()["out.h5"]
}

func open(t testing.TB, data []byte) *Reader {
	r, err := NewReader(raw.Memory("memory.h5", data))
	require.NoError(t, err)
	return r
}

func TestWriterRoundTrip(t *testing.T) {
	tensors := map[string]tensor.Any{}
	for _, d := range []tensor.DType{tensor.DTBool, tensor.DTInt8, tensor.DTInt16, tensor.DTInt32, tensor.DTInt64, tensor.DTUInt8, tensor.DTUInt16,
		tensor.DTUInt32, tensor.DTUInt64, tensor.DTFloat16, tensor.DTBFloat16, tensor.DTFloat32, tensor.DTFloat64} {
		tensors[d.String()+"/some"] = counted(t, d, 2, 3)
		tensors[d.String()+"/none"] = counted(t, d, 0, 3)
		tensors[d.String()+"/one"] = counted(t, d)
	}
	for _, n := range []int{1, leafEntries, leafEntries + 1, leafEntries*treeEntries + 1} {
		for i := range n {
			tensors[fmt.Sprintf("%d/%d", n, i)] = counted(t, tensor.DTInt8, 1)
		}
	}
	attributes := map[string][]Attribute{
		"":           {{Name: "name", Value: text(t, nil, "model")}, {Name: "n", Value: counted(t, tensor.DTFloat64, 2)}},
		"int8":       {{Name: "texts", Value: text(t, []int{3}, "a", "", "längeres")}},
		"no/tensors": {{Name: "name", Value: text(t, nil, "x")}},
	}
	for i := range 300 { // more than one global heap
		attributes[fmt.Sprintf("1/%d/named", i+10)] = []Attribute{{Name: "name", Value: text(t, nil, fmt.Sprintf("a longer name %d", i))}}
	}
	data := written(t, tensors, attributes)
	r := open(t, data)
	require.Equal(t, len(tensors), r.Len())
	for key, want := range tensors {
		got, err := tensor.NewAny(want.DType(), want.Shape()...)
		require.NoError(t, err)
		require.NoError(t, r.Read(t.Context(), key, got))
		require.True(t, tensor.Equal(want, got), key)
	}
	groups := map[string]*Group{}
	for g := range r.File().Root.All() {
		groups[g.Path] = g
	}
	for path, all := range attributes {
		for _, a := range all {
			require.True(t, tensor.Equal(a.Value, groups[path].Attribute(a.Name).Value), "%s@%s", path, a.Name)
		}
	}
	require.Equal(t, data, written(t, tensors, attributes), "the encoding of a tree does not depend on the order of Add")
}

func TestWhatCannotBeWritten(t *testing.T) {
	one := format.SourceOf(counted(t, tensor.DTInt8, 1))
	for name, c := range map[string]struct {
		add  func(w *Writer) error
		want string
	}{
		"twice":                 {func(w *Writer) error { return errors.Join(w.Add(0, "a/b", one), w.Add(0, "a/b", one)) }, `"a/b" was already added`},
		"a group and a dataset": {func(w *Writer) error { return errors.Join(w.Add(0, "a", one), w.Add(0, "a/b", one)) }, `"a": two objects of this name`},
		"no name":               {func(w *Writer) error { return w.Add(0, "", one) }, "the tensor has no name"},
		"ends in a slash":       {func(w *Writer) error { return w.Add(0, "a/", one) }, "begins and ends with a name"},
		"an empty name":         {func(w *Writer) error { return w.Add(0, "a//b", one) }, "has an empty name"},
		"begins with a slash":   {func(w *Writer) error { return w.Add(0, "/b", one) }, "begins and ends with a name"},
		"strings":               {func(w *Writer) error { return w.Add(0, "a", format.SourceOf(text(t, nil, "x"))) }, "string"},
		"float8":                {func(w *Writer) error { return w.Add(0, "a", format.SourceOf(counted(t, tensor.DTFloat8E5M2, 1))) }, "no datatype for float8_e5m2"},
		"a part":                {func(w *Writer) error { return w.AddSlice(0, "a", tensor.Shape{1}, nil, one) }, "a part of a tensor"},
		"a long attribute": {func(w *Writer) error {
			g, err := w.Group("a")
			g.Attributes = []Attribute{{Name: "long", Value: counted(t, tensor.DTInt8, 1<<16)}}
			return err
		}, `attribute "long"`},
		"two attributes": {func(w *Writer) error {
			g, err := w.Group("a")
			g.Attributes = []Attribute{{Name: "x", Value: text(t, nil, "")}, {Name: "x", Value: text(t, nil, "")}}
			return err
		}, `two attributes are called "x"`},
		"NUL": {func(w *Writer) error { return w.Add(0, "a\x00b", one) }, "NUL"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := errfs.New()
			w := NewWriter(disk, "out.h5")
			if err := c.add(w); err != nil {
				require.ErrorContains(t, err, c.want)
			}
			require.ErrorContains(t, w.Commit(t.Context()), c.want, "an error of Add is returned again by Commit")
			require.Empty(t, disk.Names())
		})
	}
}

func TestCommitThatFails(t *testing.T) {
	write := func(ctx context.Context, disk *errfs.FS) error {
		w := NewWriter(disk, "out.h5")
		require.NoError(t, w.Add(0, "w", format.SourceOf(counted(t, tensor.DTInt8, 1))))
		return w.Commit(ctx)
	}
	for _, kind := range []errfs.Kind{errfs.Create, errfs.Write, errfs.Sync, errfs.Rename} {
		disk := errfs.New()
		disk.Inject(errfs.Only(errfs.From(1, errfs.NoSpace), kind))
		require.Error(t, write(t.Context(), disk), kind)
		require.Empty(t, disk.Names(), kind)
		require.Zero(t, disk.OpenFiles())
	}
	disk := errfs.New()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, write(ctx, disk), context.Canceled)
	require.Empty(t, disk.Names())
}

func TestOpenFaults(t *testing.T) {
	disk := errfs.New()
	_, err := Open(disk, "no.h5")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, disk.WriteFile("bad.h5", []byte(signature)))
	_, err = Open(disk, "bad.h5")
	require.ErrorIs(t, err, format.ErrCorrupt)
	require.Zero(t, disk.OpenFiles())
}

// If a shape changes between Add and Commit, Commit fails before it moves a file of the wrong size into
// place.
func TestSourceThatChanges(t *testing.T) {
	disk := errfs.New()
	w := NewWriter(disk, "out.h5")
	src := format.SourceOf(counted(t, tensor.DTInt8, 1))
	src.Shape = tensor.Shape{2}
	require.NoError(t, w.Add(0, "w", src))
	require.ErrorContains(t, w.Commit(t.Context()), "returned int8 of shape [1]")
	require.Empty(t, disk.Names())
}

func TestStreamIsTheFile(t *testing.T) {
	w := NewWriter(nil, "out.h5")
	require.NoError(t, w.Add(0, "a/w", format.SourceOf(counted(t, tensor.DTInt8, 5))))
	var out bytes.Buffer
	var announced int64
	require.NoError(t, w.Stream(t.Context(), &out, func(size int64) error { announced = size; return nil }))
	require.Equal(t, announced, int64(out.Len()))
	require.Equal(t, written(t, map[string]tensor.Any{"a/w": counted(t, tensor.DTInt8, 5)}, nil), out.Bytes())
}
