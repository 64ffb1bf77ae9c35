package hdf5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// seeds returns the files of testdata.
func seeds(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("testdata/*.h5")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	all := make(map[string][]byte)
	for _, name := range names {
		all[name], err = os.ReadFile(name)
		require.NoError(t, err)
	}
	return all
}

// readAll opens data and reads every readable tensor. Each error must satisfy one of the two sentinel errors.
func readAll(t testing.TB, data []byte) {
	r, err := NewReader(raw.Memory("mutant.h5", data))
	if err != nil {
		if !errors.Is(err, format.ErrCorrupt) && !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("%v: neither corrupt nor unsupported", err)
		}
		return
	}
	defer r.Close()
	for e, err := range r.All() {
		require.NoError(t, err)
		if r.Check(e.Key) != nil {
			continue
		}
		dst, err := tensor.NewAny(e.DType, e.Shape...)
		require.NoError(t, err)
		require.NoError(t, r.Read(t.Context(), e.Key, dst))
	}
}

func TestMutants(t *testing.T) {
	for name, data := range seeds(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			for mutant := range formattest.Mutants(data, 8, thorough.Pick(2, 211)) {
				readAll(t, mutant)
			}
		})
	}
}

func TestTruncation(t *testing.T) {
	data := seeds(t)["testdata/dtypes.h5"]
	for n := range len(data) {
		if n%7 == 0 || n < 256 {
			_, err := NewReader(raw.Memory("cut.h5", data[:n]))
			require.ErrorIs(t, err, format.ErrCorrupt, n)
		}
	}
}

// chain returns a file with nested groups.
func chain(t testing.TB, depth int) []byte {
	root := &Group{}
	for range depth {
		root.Path = "g"
		root = &Group{Groups: []*Group{root}}
	}
	head, size, err := encode(root, -depth)
	require.NoError(t, err)
	return append(head, make([]byte, int(size)-len(head))...)
}

func TestDepth(t *testing.T) {
	readAll(t, chain(t, maxDepth))
	_, err := NewReader(raw.Memory("deep.h5", chain(t, maxDepth+1)))
	require.ErrorIs(t, err, format.ErrCorrupt)
	require.ErrorContains(t, err, "nested more than 128 deep")
	_, _, err = Encode(&Group{Groups: []*Group{deep(maxDepth + 1)}})
	require.ErrorContains(t, err, "nested more than 128 deep")
}

func deep(n int) *Group {
	g := &Group{Path: "g"}
	for range n {
		g = &Group{Path: "g", Groups: []*Group{g}}
	}
	return g
}

func TestContinuationsThatLoop(t *testing.T) {
	// This header has one message, which continues at itself.
	data := written(t, nil, nil)
	at := uint64(len(data))
	header := []byte{1, 0, 0xff, 0xff, 1, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0}
	body := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, at+16), 24)
	data = append(append(data, header...), appendMessage(nil, msgContinuation, body)...)
	binary.LittleEndian.PutUint64(data[56+8:], at)
	binary.LittleEndian.PutUint64(data[40:], uint64(len(data)))
	_, err := NewReader(raw.Memory("loop.h5", data))
	require.ErrorIs(t, err, format.ErrCorrupt)
	require.ErrorContains(t, err, "overlap")
}

// Many attributes refer to one long string. It is in memory once.
func TestMemory(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	root := &Group{}
	for i := range 300 {
		root.Attributes = append(root.Attributes, Attribute{Name: fmt.Sprint(i), Value: text(t, nil, fmt.Sprintf("%7d", i))})
	}
	root.Attributes = append(root.Attributes, Attribute{Name: "long", Value: text(t, nil, long)})
	head, size, err := Encode(root)
	require.NoError(t, err)
	data := append(head, make([]byte, int(size)-len(head))...)
	// A reference to a string has its length, the address of its heap and its index. The test replaces the
	// other references by that of the long string.
	const upToValue = 8 + 24 + 8 // an attribute's name, datatype and dataspace
	source := bytes.Clone(data[bytes.Index(data, []byte("long\x00"))+upToValue:][:16])
	require.EqualValues(t, len(long), binary.LittleEndian.Uint32(source))
	patched := 0
	for i := range 300 {
		name := append([]byte(fmt.Sprint(i)), 0)
		for from := 0; ; {
			found := bytes.Index(data[from:], name)
			if found < 0 {
				break
			}
			from += found + len(name)
			if to := from - len(name) + upToValue; to+16 <= len(data) && binary.LittleEndian.Uint32(data[to:]) == 7 {
				copy(data[to:], source)
				patched++
			}
		}
	}
	require.Equal(t, 300, patched)
	var r *Reader
	require.Less(t, formattest.Allocated(func() { r = open(t, data) }), uint64(8*len(data)))
	got, ok := r.File().Root.Attribute("17").Text()
	require.True(t, ok)
	require.Len(t, got, len(long))
}

func FuzzParse(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Add(written(f, map[string]tensor.Any{"a/w": counted(f, tensor.DTBFloat16, 5)}, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		formattest.RequireAllocates(t, 64*len(data)+1<<20, func() { readAll(t, data) })
	})
}
