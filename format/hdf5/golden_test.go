package hdf5

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/tensor"
)

// A golden is a description of a file by h5py.
type golden struct {
	Datasets map[string]struct {
		DType, SHA256 string
		Shape         []int
	}
	Attributes map[string]struct { // the keys are path, "@" and name
		Shape  []int
		Values []any
	}
}

func TestWhatH5pyWrites(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	require.NoError(t, err)
	var all map[string]golden
	require.NoError(t, json.Unmarshal(text, &all))
	require.NotEmpty(t, all)
	for name, want := range all {
		t.Run(name, func(t *testing.T) {
			r, err := OpenFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			defer r.Close()
			require.Equal(t, len(want.Datasets), r.Len())
			for key, w := range want.Datasets {
				e, ok, err := r.Lookup(key)
				require.NoError(t, err)
				require.True(t, ok, key)
				require.Equal(t, w.DType, e.DType.String(), key)
				require.Equal(t, fmt.Sprint(w.Shape), fmt.Sprint([]int(e.Shape)), key)
				h := sha256.New()
				require.NoError(t, r.WriteStored(t.Context(), key, h), key)
				require.Equal(t, w.SHA256, fmt.Sprintf("%x", h.Sum(nil)), key)
			}
			got := map[string]*Attribute{}
			for g := range r.File().Root.All() {
				for i := range g.Attributes {
					got[g.Path+"@"+g.Attributes[i].Name] = &g.Attributes[i]
				}
				for _, d := range g.Datasets {
					for i := range d.Attributes {
						got[d.Path+"@"+d.Attributes[i].Name] = &d.Attributes[i]
					}
				}
			}
			for name, w := range want.Attributes {
				a := got[name]
				require.NotNil(t, a, name)
				require.NoError(t, a.Err, name)
				require.Equal(t, fmt.Sprint(w.Shape), fmt.Sprint([]int(a.Value.Shape())), name)
				require.Equal(t, fmt.Sprint(w.Values), fmt.Sprint(list(a.Value)), name)
			}
		})
	}
}

// list returns the elements of a tensor.
func list(t tensor.Any) []any {
	all := []any{}
	v := reflect.ValueOf(t.Values())
	for i := range v.Len() {
		all = append(all, v.Index(i).Interface())
	}
	return all
}

func TestAttributesWithoutElements(t *testing.T) {
	r, err := OpenFile("testdata/attributes.h5")
	require.NoError(t, err)
	defer r.Close()
	root := r.File().Root
	require.ErrorIs(t, root.Attribute("absent").Err, errors.ErrUnsupported)
	require.Nil(t, root.Attribute("no such"))
	text, ok := root.Attribute("text").Text()
	require.True(t, ok)
	require.Equal(t, "längerer Text", text)
	_, ok = root.Attribute("texts").Text()
	require.False(t, ok, "it is three")
	_, ok = root.Attribute("int").Text()
	require.False(t, ok, "it is a number")
}

func TestPathsKeepEveryCharacter(t *testing.T) {
	r, err := OpenFile("testdata/attributes.h5")
	require.NoError(t, err)
	defer r.Close()
	g := r.File().Root.Group("a").Group(`b\c`).Group("d.e")
	require.Equal(t, `a/b\c/d.e`, g.Path)
	require.Nil(t, g.Group("x"))
	require.Nil(t, g.Dataset("x"))
}

func TestHardLinks(t *testing.T) {
	r, err := OpenFile("testdata/links.h5") // 300 names in a B-tree of two levels
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, 301, r.Len())
	for _, key := range []string{"w", "links/0", "links/99", "links/299"} {
		dst := tensor.New[int16](3)
		require.NoError(t, r.Read(t.Context(), key, dst))
		require.Equal(t, []int16{0, 1, 2}, dst.Data())
	}
}

func TestUnsupportedDatasetsAreListed(t *testing.T) {
	r, err := OpenFile("testdata/unsupported.h5")
	require.NoError(t, err)
	defer r.Close()
	for key, feature := range map[string]string{
		"chunked":   "chunked",
		"gzip":      "chunked",
		"unwritten": "never written",
		"strings":   "strings",
		"fixed":     "strings",
		"complex":   "compound",
		"int4":      "opaque elements of 1 bytes",
		"external":  "other files",
		"date":      "opaque elements of 8 bytes",
	} {
		e, ok, err := r.Lookup(key)
		require.NoError(t, err)
		require.True(t, ok, key)
		require.NotEmpty(t, e.Shape, key)
		err = r.Check(key)
		require.ErrorIs(t, err, errors.ErrUnsupported, key)
		require.ErrorContains(t, err, feature)
		require.ErrorContains(t, err, "unsupported.h5")
		require.ErrorContains(t, err, key)
	}
}

func TestUnsupportedFilesAreNamed(t *testing.T) {
	for name, feature := range map[string]string{
		"softlink.h5":  `the soft link "link"`,
		"latest.h5":    "superblock version 3",
		"tracked.h5":   "object header of version 2",
		"committed.h5": "committed datatype",
		"cycle.h5":     `reached as "" before`,
	} {
		_, err := OpenFile(filepath.Join("testdata", name))
		require.ErrorIs(t, err, errors.ErrUnsupported, name)
		require.ErrorContains(t, err, feature, name)
		require.ErrorContains(t, err, name)
	}
	_, err := OpenFile("testdata/userblock.h5")
	require.ErrorIs(t, err, format.ErrCorrupt)
	require.ErrorContains(t, err, "expected \"\\x89HDF")
}

func TestRecognize(t *testing.T) {
	for name, want := range map[string]bool{"\x89HDF\r\n\x1a\nmore": true, "\x89HDF\r\n\x1a": false, "PK\x03\x04....": false, "": false} {
		require.Equal(t, want, Recognize([]byte(name)), "%q", name)
	}
}

// TestRealFiles reads files of other projects, which are not in the repository.
func TestRealFiles(t *testing.T) {
	formattest.Real(t, "hdf5", func(t *testing.T, path string, want []formattest.Expected) {
		r, err := OpenFile(path)
		require.NoError(t, err)
		defer r.Close()
		formattest.Compare(t, r, want)
	})
}
