package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// commit writes adds at prefix.
func commit(t testing.TB, fsys fsx.FS, prefix string, adds ...addition) {
	t.Helper()
	w := Create(fsys, prefix, Options{})
	addAll(t, w, adds)
	require.NoError(t, w.Commit(context.Background()))
}

// workers writes two checkpoints. Their merge is the checkpoint in testdata.
func workers(t testing.TB, fsys fsx.FS) []string {
	t.Helper()
	adds := map[int][]addition{}
	for _, a := range goldens()["merged"] {
		shard := a.shard
		a.shard = 0
		adds[shard] = append(adds[shard], a)
	}
	commit(t, fsys, "c_temp/part-0", adds[0]...)
	commit(t, fsys, "c_temp/part-1", adds[1]...)
	return []string{"c_temp/part-0", "c_temp/part-1"}
}

func TestMerge(t *testing.T) {
	t.Run("B-13 B-15 merging two checkpoints writes the same files as TensorFlow", func(t *testing.T) {
		fsys := errfs.New()
		require.NoError(t, Merge(t.Context(), fsys, "c", workers(t, fsys), MergeOptions{RemoveDirs: true}))
		require.Equal(t, files(t, "testdata/merged"), written(fsys, "c"))
		require.Equal(t, []string{"c.data-00000-of-00002", "c.data-00001-of-00002", "c.index"}, fsys.Names())
		t.Run("B-18 the directories of the inputs are removed", func(t *testing.T) {
			_, err := fsys.Stat("c_temp")
			require.ErrorIs(t, err, fs.ErrNotExist)
		})
	})
	t.Run("B-18 a directory that is not empty stays, and so does that of the result", func(t *testing.T) {
		fsys := errfs.New()
		commit(t, fsys, "other/a", addition{key: "a", values: scalar(1.0)})
		commit(t, fsys, "dir/b", addition{key: "b", values: scalar(1.0)})
		require.NoError(t, fsys.WriteFile("other/note", nil))
		require.NoError(t, Merge(t.Context(), fsys, "dir/c", []string{"other/a", "dir/b"}, MergeOptions{RemoveDirs: true}))
		require.Equal(t, []string{"dir/c.data-00000-of-00002", "dir/c.data-00001-of-00002", "dir/c.index", "other/note"}, fsys.Names())
	})
	t.Run("B-14 one checkpoint is renamed", func(t *testing.T) {
		fsys := errfs.New()
		commit(t, fsys, "a", addition{key: "k", values: scalar("x")})
		want := written(fsys, "a.")
		require.NoError(t, Merge(t.Context(), fsys, "b", []string{"a"}, MergeOptions{}))
		require.Equal(t, want, written(fsys, "b."))
		require.Empty(t, written(fsys, "a."))
	})
	t.Run("a checkpoint may be merged into itself", func(t *testing.T) {
		fsys := errfs.New()
		commit(t, fsys, "a", addition{key: "k", values: scalar("x")})
		commit(t, fsys, "b", addition{key: "l", values: scalar("x")})
		require.NoError(t, Merge(t.Context(), fsys, "a", []string{"a", "b"}, MergeOptions{}))
		require.Equal(t, []string{"a.data-00000-of-00002", "a.data-00001-of-00002", "a.index"}, fsys.Names())
		require.Empty(t, verify(t, openAt(t, fsys, "a")))
	})
	t.Run("data files of one input are numbered in the order in which its entries refer to them", func(t *testing.T) {
		fsys := errfs.New()
		w := Create(fsys, "a", Options{Shards: 3}) // data file 1 has no tensor
		addAll(t, w, []addition{{shard: 2, key: "a", values: scalar("first")}, {shard: 0, key: "b", values: scalar("second")}})
		require.NoError(t, w.Commit(t.Context()))
		require.NoError(t, Merge(t.Context(), fsys, "b", []string{"a"}, MergeOptions{}))
		require.Contains(t, string(fsys.Files()["b.data-00000-of-00003"]), "first")
		require.Contains(t, string(fsys.Files()["b.data-00001-of-00003"]), "second")
		require.Empty(t, fsys.Files()["b.data-00002-of-00003"])
		require.Empty(t, verify(t, openAt(t, fsys, "b")))
	})
	t.Run("B-17 a missing checkpoint", func(t *testing.T) {
		fsys := errfs.New()
		commit(t, fsys, "a", addition{key: "k", values: scalar("x")})
		before := fsys.Files()
		err := Merge(t.Context(), fsys, "c", []string{"a", "none"}, MergeOptions{})
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "none.index")
		require.Equal(t, before, fsys.Files())
		require.NoError(t, Merge(t.Context(), fsys, "c", []string{"a", "none"}, MergeOptions{AllowMissing: true}))
		require.NoError(t, readAll(t, openAt(t, fsys, "c"), "k"))
		require.ErrorIs(t, Merge(t.Context(), fsys, "d", []string{"none"}, MergeOptions{AllowMissing: true}), fs.ErrNotExist)
	})
}

func TestMergeRefuses(t *testing.T) {
	half := func(start int, full int) addition {
		return addition{key: "p", full: tensor.Shape{full}, part: tensor.Slice{ext(start, 2)}, values: tensor.New[int8](2)}
	}
	forged := func(h header) func(t *testing.T, fsys *errfs.FS) {
		return func(t *testing.T, fsys *errfs.FS) {
			commit(t, fsys, "a", addition{key: "k", values: scalar("x")})
			f := forgery{header: h.encode()}
			require.NoError(t, fsys.WriteFile("b.index", f.index(t)))
			require.NoError(t, fsys.WriteFile("b.data-00000-of-00001", nil))
		}
	}
	entry := func(value string) func(t *testing.T, fsys *errfs.FS) {
		return func(t *testing.T, fsys *errfs.FS) {
			commit(t, fsys, "a")
			f := forgery{values: map[string][]byte{"k": []byte(value)}}
			require.NoError(t, fsys.WriteFile("b.index", f.index(t)))
			require.NoError(t, fsys.WriteFile("b.data-00000-of-00001", nil))
		}
	}
	pair := func(a, b addition) func(t *testing.T, fsys *errfs.FS) {
		return func(t *testing.T, fsys *errfs.FS) {
			commit(t, fsys, "a", a)
			commit(t, fsys, "b", b)
		}
	}
	whole := addition{key: "p", values: scalar("x")}
	other := half(2, 4)
	other.values = tensor.New[uint8](2)
	tests := []struct {
		name  string
		setup func(t *testing.T, fsys *errfs.FS)
		want  string
		is    error
	}{
		{"B-15 a key in both inputs", pair(whole, whole), `b.index: "p": a.index also has this key`, ErrConflict},
		{"B-15 a key that is whole in one input and in parts in the other", pair(whole, half(0, 4)), `"p": a.index also has this key`, ErrConflict},
		{"B-15 the same part in both inputs", pair(half(0, 4), half(0, 4)), "also has this key", ErrConflict},
		{"B-15 parts of tensors of different shapes", pair(half(0, 4), half(2, 5)), `its parts belong to int8[5], but those in a.index belong to int8[4]`, ErrConflict},
		{"B-15 parts of tensors of different dtypes", pair(half(0, 4), other), `its parts belong to uint8[4], but those in a.index belong to int8[4]`, ErrConflict},
		{"parts that overlap", pair(half(0, 4), half(1, 4)), `"p": parts 0,2 and 1,2 overlap`, nil},
		{"B-16 a different byte order", forged(header{shards: 1, bigEndian: true, producer: 1}), "b.index: its byte order or version differs from that of a.index", ErrConflict},
		{"B-16 a different version", forged(header{shards: 1, producer: 9}), "b.index: its byte order or version differs from that of a.index", ErrConflict},
		{"B-28 a later version", forged(header{shards: 1, producer: 9, minConsumer: 9}), "b.index: it needs a reader for version 9", errors.ErrUnsupported},
		{"a missing data file", forged(header{shards: 1 << 30, producer: 1}), "b.data-00000-of-1073741824: open: ", fs.ErrNotExist},
		{"an entry that is not a message", entry("\xff"), `b.index: "k": its entry is damaged`, format.ErrCorrupt},
		{"an entry that does not describe a tensor", entry("\x08\x4d"), `b.index: "k": its entry is damaged: dtype 77`, format.ErrCorrupt},
		{"an entry of a data file that does not exist", entry("\x08\x01\x12\x00\x18\x01"), "it is in data file 1 of 1", format.ErrCorrupt},
		{"a damaged index", func(t *testing.T, fsys *errfs.FS) {
			commit(t, fsys, "a")
			require.NoError(t, fsys.WriteFile("b.index", []byte("short")))
		}, "b.index: footer", format.ErrCorrupt},
		{"an index without a header", func(t *testing.T, fsys *errfs.FS) {
			commit(t, fsys, "a")
			require.NoError(t, fsys.WriteFile("b.index", tableOf(t, "a", "")))
		}, "b.index: data block 0 at offset 0: there is no header", format.ErrCorrupt},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := errfs.New()
			test.setup(t, fsys)
			before := fsys.Files()
			err := Merge(t.Context(), fsys, "dir/c", []string{"a", "b"}, MergeOptions{RemoveDirs: true})
			require.ErrorContains(t, err, test.want)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			require.Equal(t, before, fsys.Files(), "nothing has changed")
			require.Zero(t, fsys.OpenFiles())
		})
	}
	t.Run("the same checkpoint twice", func(t *testing.T) {
		fsys := errfs.New()
		commit(t, fsys, "a")
		require.ErrorContains(t, Merge(t.Context(), fsys, "c", []string{"a", "a"}, MergeOptions{}), "a.data-00000-of-00001: it is an input of the merge twice")
	})
	t.Run("a data file with the new name of another", func(t *testing.T) {
		fsys := errfs.New()
		w := Create(fsys, "c", Options{Shards: 2})
		require.NoError(t, w.Commit(t.Context()))
		commit(t, fsys, "a")
		require.NoError(t, fsys.Remove("c.data-00000-of-00002"))
		require.Error(t, Merge(t.Context(), fsys, "c", []string{"a", "c"}, MergeOptions{}))
	})
	t.Run("a context that has ended", func(t *testing.T) {
		fsys := errfs.New()
		prefixes := workers(t, fsys)
		before := fsys.Files()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, Merge(ctx, fsys, "c", prefixes, MergeOptions{}), context.Canceled)
		require.Equal(t, before, fsys.Files())
	})
}

// Every operation of a merge fails once. Afterwards nothing has changed, or the merge is complete.
func TestEveryFailedOperationOfAMerge(t *testing.T) {
	fsys := errfs.New()
	prefixes := workers(t, fsys)
	before, ops := fsys.Files(), fsys.Ops()
	require.NoError(t, Merge(t.Context(), fsys, "c", prefixes, MergeOptions{RemoveDirs: true}))
	count := fsys.Ops() - ops
	for n := 1; n <= count; n++ {
		fsys := errfs.New()
		for name, b := range before {
			require.NoError(t, fsys.WriteFile(name, b))
		}
		fsys.Inject(errfs.At(fsys.Ops()+n, errfs.IO))
		err := Merge(t.Context(), fsys, "c", prefixes, MergeOptions{RemoveDirs: true})
		fsys.Inject(nil)
		require.Zero(t, fsys.OpenFiles(), "operation %d", n)
		if err == nil {
			require.Empty(t, verifyTensors(t, fsys, "c"), "operation %d", n)
		} else {
			require.ErrorIs(t, err, errfs.IO.Err)
			require.Equal(t, before, fsys.Files(), "operation %d: %v", n, err)
		}
	}
}

func TestMergeSaysWhatItReplaced(t *testing.T) {
	fsys := errfs.New()
	commit(t, fsys, "a", addition{key: "k", values: scalar("new")})
	commit(t, fsys, "c", addition{key: "k", values: scalar("old")})
	fsys.Inject(func(op errfs.Op) errfs.Fault {
		if op.Kind == errfs.Rename && op.To == "c.index" {
			return errfs.IO
		}
		return errfs.Fault{}
	})
	err := Merge(t.Context(), fsys, "c", []string{"a"}, MergeOptions{})
	require.ErrorIs(t, err, errfs.IO.Err)
	require.ErrorContains(t, err, "the earlier c.data-00000-of-00001 is gone")
	require.NoError(t, readAll(t, openAt(t, fsys, "a"), "k"), "the input of the merge is unchanged")
	require.ErrorIs(t, readAll(t, openAt(t, fsys, "c"), "k"), fs.ErrNotExist, "W-26 the result is never silently wrong")
}

func verifyTensors(t *testing.T, fsys *errfs.FS, prefix string) (problems []Problem) {
	for _, p := range verify(t, openAt(t, fsys, prefix)) {
		if !p.Warning {
			problems = append(problems, p)
		}
	}
	return problems
}

// sections writes the n data files of a checkpoint, each with another Writer, and returns their indexes.
func sections(t *testing.T, fsys *errfs.FS, prefix string, n int, adds []addition) (out []Section) {
	t.Helper()
	for i := range n {
		w := Create(nil, prefix, Options{Shards: n})
		for _, a := range adds {
			if a.shard == i {
				addAll(t, w, []addition{a})
			}
		}
		f, err := fsys.Create(DataFile(prefix, i, n))
		require.NoError(t, err)
		require.NoError(t, w.WriteData(t.Context(), i, f))
		require.NoError(t, f.Close())
		var index bytes.Buffer
		require.NoError(t, w.WriteIndex(&index))
		table, err := sstable.Open(bytes.NewReader(index.Bytes()), int64(index.Len()))
		require.NoError(t, err)
		out = append(out, Section{Name: fmt.Sprint("section ", i), Table: table})
	}
	return out
}

func TestMergeIndexes(t *testing.T) {
	whole := tensor.Shape{5, 10}
	var adds []addition
	for i, a := range goldens()["slices"] {
		a.shard = i % 3
		adds = append(adds, a)
	}
	t.Run("sections give the same checkpoint as one writer", func(t *testing.T) {
		fsys, want := errfs.New(), errfs.New()
		var index bytes.Buffer
		require.NoError(t, MergeIndexes(&index, sections(t, fsys, "c", 3, adds)))
		require.NoError(t, fsys.WriteFile("c.index", index.Bytes()))
		w := Create(want, "c", Options{Shards: 3})
		addAll(t, w, adds)
		require.NoError(t, w.Commit(t.Context()))
		require.Equal(t, want.Files(), fsys.Files())
		require.Empty(t, verify(t, openAt(t, fsys, "c")))
	})
	merge := func(t *testing.T, sections ...Section) error { return MergeIndexes(new(bytes.Buffer), sections) }
	one := func(t *testing.T, n int, adds ...addition) Section {
		return sections(t, errfs.New(), "c", n, adds)[0]
	}
	row := func(i int) addition {
		region := tensor.Slice{ext(i, 1), ext(0, 10)}
		return addition{key: "w", full: whole, part: region, values: rows[int32](10, region)}
	}
	t.Run("sections of checkpoints with different numbers of data files", func(t *testing.T) {
		err := merge(t, one(t, 1, addition{key: "a", values: scalar(1.0)}), one(t, 2, addition{key: "b", values: scalar(1.0)}))
		require.ErrorIs(t, err, ErrConflict)
		require.ErrorContains(t, err, "section 0: it belongs to a checkpoint with 2 data files")
	})
	t.Run("sections with the same key", func(t *testing.T) {
		s := one(t, 1, addition{key: "a", values: scalar(1.0)})
		require.ErrorIs(t, merge(t, s, s), ErrConflict)
	})
	t.Run("sections with parts that do not cover their tensor", func(t *testing.T) {
		err := merge(t, one(t, 1, row(0)), one(t, 1, row(4)))
		require.ErrorIs(t, err, ErrIncomplete)
		require.ErrorContains(t, err, "its 2 parts have 20 of 50 elements")
	})
	t.Run("none", func(t *testing.T) {
		require.ErrorContains(t, merge(t), "no sections to merge")
	})
	t.Run("an index is not written before its data", func(t *testing.T) {
		w := Create(nil, "c", Options{})
		require.NoError(t, w.Add(0, "a", format.SourceOf(scalar(1.0))))
		require.ErrorContains(t, w.WriteIndex(new(bytes.Buffer)), `c: "a": its data has not been written`)
		require.ErrorContains(t, w.WriteData(t.Context(), 7, nil), "data file 7 of 1")
	})
}

func TestMergesOfManySections(t *testing.T) {
	var adds []addition
	names := map[string]bool{}
	for i := range 500 {
		key := fmt.Sprintf("layer_%03d/%s", i*7%500, strings.Repeat("k", i%40))
		names[key] = true
		adds = append(adds, addition{shard: i % 20, key: key, values: scalar(int32(i))})
	}
	fsys := errfs.New()
	var index bytes.Buffer
	require.NoError(t, MergeIndexes(&index, sections(t, fsys, "c", 20, adds)))
	require.NoError(t, fsys.WriteFile("c.index", index.Bytes()))
	r := openAt(t, fsys, "c")
	require.Empty(t, verify(t, r))
	got := map[string]bool{}
	for e, err := range r.All() {
		require.NoError(t, err)
		got[e.Key] = true
	}
	require.True(t, maps.Equal(names, got))
}
