package gguf

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/formattest"
)

// split returns file number no of a model in count files. The file has one tensor, called name.
func split(no, count uint16, tensors int32, name string) *fstest.MapFile {
	f := start(1, 3).put(splitNumber, uint32(typeUint16), no, splitCount, uint32(typeUint16), count, splitTensors, uint32(typeInt32), tensors)
	return &fstest.MapFile{Data: f.put(name, uint32(1), uint64(1), uint32(0), uint64(0)).end(4)}
}

// Opening the first file of a model opens all. The error names a file that is missing, or has the name of
// another part.
func TestSplits(t *testing.T) {
	const first, second, third = "d/m-00001-of-00003.gguf", "d/m-00002-of-00003.gguf", "d/m-00003-of-00003.gguf"
	good := func(change func(fstest.MapFS)) fstest.MapFS {
		m := fstest.MapFS{first: split(0, 3, 3, "a"), second: split(1, 3, 3, "b"), third: split(2, 3, 3, "c")}
		change(m)
		return m
	}
	for name, tt := range map[string]struct {
		files fstest.MapFS
		path  string
		keys  string // "" if it is not opened
		is    error
		says  string
	}{
		"the first file":             {good(func(fstest.MapFS) {}), first, "[a b c]", nil, ""},
		"another":                    {good(func(fstest.MapFS) {}), second, "[b]", nil, ""},
		"a missing file":             {good(func(m fstest.MapFS) { delete(m, third) }), first, "", fs.ErrNotExist, `it is the first of 3 files, but "d/m-00003-of-00003.gguf" cannot be opened`},
		"one file twice":             {good(func(m fstest.MapFS) { m[third] = m[second] }), first, "", format.ErrCorrupt, "d/m-00003-of-00003.gguf: split.no and split.count are 1 and 3, expected 2 and 3"},
		"another model's file":       {good(func(m fstest.MapFS) { m[third] = split(2, 4, 3, "c") }), first, "", format.ErrCorrupt, "split.no and split.count are 2 and 4"},
		"one name twice":             {good(func(m fstest.MapFS) { m[third] = split(2, 3, 3, "b") }), first, "", format.ErrCorrupt, "two tensors have this name"},
		"too few tensors":            {good(func(m fstest.MapFS) { m[first] = split(0, 3, 4, "a") }), first, "", format.ErrCorrupt, "split.tensors.count is 4, but its 3 files have 3 tensors"},
		"a name without a number":    {fstest.MapFS{"m.gguf": split(0, 3, 3, "a")}, "m.gguf", "", errors.ErrUnsupported, "give it a name that ends in -00001-of-00003.gguf"},
		"a name with another number": {fstest.MapFS{"m-00001-of-00002.gguf": split(0, 3, 3, "a")}, "m-00001-of-00002.gguf", "", errors.ErrUnsupported, "its name does not give"},
		"a damaged file":             {good(func(m fstest.MapFS) { m[second] = &fstest.MapFile{Data: []byte("GGUF")} }), first, "", format.ErrCorrupt, "d/m-00002-of-00003.gguf"},
		"a model of one file":        {fstest.MapFS{"m.gguf": split(0, 1, 1, "a")}, "m.gguf", "[a]", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := OpenFS(tt.files, tt.path)
			if tt.keys == "" {
				require.ErrorIs(t, err, tt.is)
				require.ErrorContains(t, err, tt.says)
				return
			}
			require.NoError(t, err)
			defer r.Close()
			require.Equal(t, tt.keys, fmt.Sprint(slices.Sorted(maps.Keys(formattest.ReadAll(t, r)))))
		})
	}
}
