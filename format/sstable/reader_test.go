package sstable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
)

// restartEvery returns a block of n entries "k000", "k001", … with their numbers as values. It has a restart
// point every interval entries, like the tables of other writers.
func restartEvery(from, n, interval int) []byte {
	b := builder{interval: interval}
	for i := from; i < from+n; i++ {
		b.add(fmt.Appendf(nil, "k%03d", i), fmt.Append(nil, i))
	}
	return b.finish()
}

// manyBlocks returns a table of 300 entries in blocks of ten, with and without compression.
func manyBlocks() []byte {
	var f forgery
	for i := 0; i < 300; i += 10 {
		bound, b := fmt.Sprintf("k%03d", i+9), restartEvery(i, 10, 3)
		if i%20 == 0 {
			f.data(bound, b, typeNone)
		} else {
			f.data(bound, compress(b), typeSnappy)
		}
	}
	return f.finish()
}

func TestReader(t *testing.T) {
	r := open(t, manyBlocks())
	require.Equal(t, 30, len(r.blocks))

	t.Run("B-34 blocks of any size, restart interval and compression are read in order", func(t *testing.T) {
		n := 0
		for e, err := range r.All() {
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("k%03d=%d", n, n), string(e.Key)+"="+string(e.Value))
			n++
		}
		require.Equal(t, 300, n)
	})
	t.Run("each key is found", func(t *testing.T) {
		for i := range 300 {
			v, ok, err := r.Get(fmt.Appendf(nil, "k%03d", i))
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, fmt.Sprint(i), string(v))
		}
	})
	t.Run("entries from a key", func(t *testing.T) {
		for key, want := range map[string]int{"": 0, "a": 0, "k000": 0, "k0005": 1, "k009x": 10, "k010": 10, "k1234": 124, "k298": 298, "k2995": 300, "z": 300} {
			n := want
			for e, err := range r.From([]byte(key)) {
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("k%03d=%d", n, n), string(e.Key)+"="+string(e.Value), key)
				n++
			}
			require.Equal(t, 300, n, key)
		}
	})
	t.Run("keys before, between and after are not found", func(t *testing.T) {
		for _, key := range []string{"", "a", "k", "k0000", "k009x", "k0095", "k2990", "l", "\xff"} {
			_, ok, err := r.Get([]byte(key))
			require.NoError(t, err, key)
			require.False(t, ok, key)
		}
	})
	t.Run("an iteration may end early", func(t *testing.T) {
		for e, err := range r.All() {
			require.NoError(t, err)
			if string(e.Key) == "k005" {
				break
			}
		}
	})
	t.Run("goroutines share a Reader", func(t *testing.T) {
		r, wg := open(t, manyBlocks()), sync.WaitGroup{}
		for range 4 {
			wg.Go(func() {
				for i := range 300 {
					_, ok, err := r.Get(fmt.Appendf(nil, "k%03d", i))
					if err != nil || !ok {
						t.Errorf("k%03d: %v, %v", i, ok, err)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestReaderKeepsNoMoreThanTheFile(t *testing.T) {
	var f forgery // blocks may decompress to many times their size
	for i := range 50 {
		key := fmt.Sprintf("%02d", i)
		f.data(key, compress(contents([]uint32{0}, forgedEntry{0, key, strings.Repeat("v", 20000)})), typeSnappy)
	}
	file := f.finish()
	r := open(t, file)
	for range 2 {
		n := 0
		for _, err := range r.All() {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 50, n)
	}
	require.LessOrEqual(t, r.kept.Load(), int64(len(file)))
}

func TestDamage(t *testing.T) {
	const a, b = "a", "b"
	good := contents([]uint32{0}, forgedEntry{0, a, "1"}, forgedEntry{0, b, "2"})
	file := one(b, good, typeNone)
	changed := func(at int, to byte) []byte {
		f := bytes.Clone(file)
		if at < 0 {
			at += len(f)
		}
		f[at] = to
		return f
	}
	blocks := func(build func(f *forgery)) []byte {
		var f forgery
		build(&f)
		return f.finish()
	}
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"B-26 an empty file", nil, "footer at offset 0: the file's 0 bytes are too few for a table"},
		{"B-26 shorter than a footer", file[:47], "footer at offset 0: the file's 47 bytes are too few"},
		{"B-26 a truncated file", file[:len(file)-1], "magic number"},
		{"B-26 an additional byte", append(bytes.Clone(file), 0), "magic number"},
		{"B-26 another magic number", changed(-1, 0), "magic number 0x004775248b80fb57, want 0xdb4775248b80fb57"},
		{"B-26 a flipped byte in a data block", changed(3, 'x'), "data block 0 at offset 0: checksum"},
		{"a flipped checksum", changed(len(good)+1, 0), "data block 0 at offset 0: checksum"},
		{"a footer without handles", append(bytes.Repeat([]byte{0xff}, 40), file[len(file)-8:]...), "it does not have two block handles"},
		{"an index block beyond the file", (&forgery{}).end(handle{1 << 40, 10}), "the index block's handle (offset 1099511627776, size 10) is not within the 0 bytes before the footer"},
		{"an index block of 64 GiB", (&forgery{file: make([]byte, 50)}).end(handle{0, 64 << 30}), "is not within the 50 bytes"},
		{"a handle with an overflow at its end", (&forgery{file: make([]byte, 50)}).end(handle{1<<64 - 8, 8}), "is not within the 50 bytes"},
		{"an unknown compression", one(b, good, 7), "data block 0 at offset 0: compression type 7, want 0 (none) or 1 (Snappy)"},
		{"bad Snappy", one(b, []byte("\x05\xff\xff\xff"), typeSnappy), "data block 0 at offset 0: snappy"},
		{"Snappy that claims 1 GiB", one(b, []byte("\x80\x80\x80\x80\x04\x00"), typeSnappy), "cannot hold the claimed 1073741824 bytes"},
		{"a block without a count of restart points", one(b, []byte("xyz"), typeNone), "3 bytes are too few"},
		{"more restart points than bytes", one(b, []byte("\xff\xff\xff\xff"), typeNone), "4294967295 restart points do not fit in 0 bytes"},
		{"entries without a restart point", one(b, contents(nil, forgedEntry{0, a, "1"}), typeNone), "without a restart point"},
		{"a restart point beyond the entries", one(b, contents([]uint32{0, 900}, forgedEntry{0, a, "1"}), typeNone), "restart point 1 is at 900"},
		{"a restart point within an entry", one(b, contents([]uint32{0, 2}, forgedEntry{0, a, "1"}), typeNone), "restart point 1 is at 2, where no entry begins"},
		{"a restart point at the end of the entries", one(b, contents([]uint32{0, 5}, forgedEntry{0, a, "1"}), typeNone), "restart point 1 is at 5, where no entry begins"},
		{"no restart point at the first entry", one(b, contents([]uint32{5}, forgedEntry{0, a, "1"}, forgedEntry{0, b, "1"}), typeNone), "the first restart point is at 5, want 0"},
		{"a restart point at a key that shares a prefix", one(b, contents([]uint32{0, 5}, forgedEntry{0, a, "1"}, forgedEntry{1, a, "1"}), typeNone), "the entry at restart point 5 shares 1 bytes"},
		{"a shared prefix that is longer than the key before", one(b, contents([]uint32{0}, forgedEntry{0, a, "1"}, forgedEntry{2, b, "2"}), typeNone), "the entry at 5 shares 2 bytes with a key of 1"},
		{"a shared prefix without a key before", one(b, contents([]uint32{0}, forgedEntry{1, a, "1"}), typeNone), "the entry at 0 shares 1 bytes with a key of 0"},
		{"an entry longer than the block", one(b, []byte("\x00\x01\x05a1\x00\x00\x00\x00\x01\x00\x00\x00"), typeNone), "the entry at 0 needs 6 bytes, but 2 are left"},
		{"a length of more than 32 bits", one(b, []byte("\x00\xff\xff\xff\xff\x7f\x00\x00\x00\x00\x00\x01\x00\x00\x00"), typeNone), "does not begin with three lengths"},
		{"lengths that do not end", one(b, []byte("\x80\x80\x00\x00\x00\x00\x01\x00\x00\x00"), typeNone), "does not begin with three lengths"},
		{"descending keys", one(b, contents([]uint32{0}, forgedEntry{0, b, "1"}, forgedEntry{0, a, "2"}), typeNone), `key "a" at 5 does not ascend: it comes after "b"`},
		{"a key twice", one(b, contents([]uint32{0}, forgedEntry{0, b, "1"}, forgedEntry{1, "", "2"}), typeNone), `key "b" at 5 does not ascend`},
		{"a last key above the index block's", one(a, good, typeNone), `its last key "b" is above the index block's key for it, "a"`},
		{"a key that belongs into the block before", blocks(func(f *forgery) {
			f.data("c", good, typeNone)
			f.data("d", contents([]uint32{0}, forgedEntry{0, "c", ""}), typeNone)
		}), `data block 1 at offset 23: key "c" is not above the index block's key for the block before, "c"`},
		{"an index entry that is not a handle", blocks(func(f *forgery) { f.index = []forgedEntry{{0, a, "\xff"}} }), "index block at offset 13: entry 0 is not a block handle"},
		{"descending index keys", blocks(func(f *forgery) { f.data(b, good, typeNone); f.data(a, good, typeNone) }), "does not ascend"},
		{"a data block beyond the index block", blocks(func(f *forgery) {
			f.index = []forgedEntry{{0, a, string(appendHandle(nil, handle{14, 20}))}}
		}), "data block 0 (offset 14, size 20) is not within the 13 bytes before the index block"},
		{"one data block under two keys", blocks(func(f *forgery) {
			h := f.data(b, good, typeNone)
			f.index = append(f.index, forgedEntry{0, "c", string(appendHandle(nil, h))})
		}), "data block 1 (offset 0) overlaps the block before it"},
		{"a damaged metaindex block", changed(len(good)+5, 1), "metaindex block at offset 23: checksum"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := all(test.file)
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, err, format.ErrCorrupt)
			var corrupt *CorruptError
			require.ErrorAs(t, err, &corrupt)
			require.NotEmpty(t, corrupt.Part)
			if r, err := Open(bytes.NewReader(test.file), int64(len(test.file))); err == nil {
				_, err := r.Check()
				require.ErrorContains(t, err, test.want)
			}
		})
	}
}

func TestFooterThatHarmsNoValue(t *testing.T) {
	file := write(t, "a", "1")
	t.Run("a wrong metaindex handle", func(t *testing.T) {
		f := bytes.Clone(file)
		f[len(f)-footerLen+1] ^= 0x40 // the handle's size
		r := open(t, f)
		v, ok, err := r.Get([]byte("a"))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "1", string(v))
		require.ErrorIs(t, r.CheckMetaindex(), format.ErrCorrupt)
		require.NoError(t, open(t, file).CheckMetaindex())
	})
	t.Run("nonzero padding", func(t *testing.T) {
		f := bytes.Clone(file)
		f[len(f)-12] = 1
		require.NoError(t, open(t, f).CheckMetaindex())
	})
}

// If any single bit is flipped, an iteration over the table gives the written entries or an error.
func TestEveryFlippedBitIsFoundOrHarmless(t *testing.T) {
	file := write(t, "", "\x08\x01", "a/kernel", "value 1", "a/kernel2", "value 2", "b", "")
	want, err := all(file)
	require.NoError(t, err)
	silent := 0
	for bit := range len(file) * 8 {
		f := bytes.Clone(file)
		f[bit/8] ^= 1 << (bit % 8)
		got, err := all(f)
		if err == nil {
			silent++
			require.Equal(t, want, got, "bit %d", bit)
			require.GreaterOrEqual(t, bit/8, len(file)-footerLen, "bit %d is not in the footer", bit)
		} else {
			require.ErrorIs(t, err, format.ErrCorrupt, "bit %d", bit)
		}
	}
	require.Positive(t, silent, "the footer's padding can be flipped")
}

func TestEveryTruncationIsFound(t *testing.T) {
	file := write(t, "a", "1", "b", "2")
	for n := range file {
		_, err := all(file[:n])
		require.ErrorIs(t, err, format.ErrCorrupt, "%d bytes", n)
	}
}

// The total length of a table's keys is limited to a multiple of the file's size.
func TestKeyBombs(t *testing.T) {
	long := strings.Repeat("k", 100_000)
	bomb := []forgedEntry{{0, long, ""}}
	for i := range 10_000 {
		bomb = append(bomb, forgedEntry{uint64(len(long) + i), "k", ""})
	}
	t.Run("in a data block", func(t *testing.T) {
		_, err := all(one("l", contents([]uint32{0}, bomb...), typeNone))
		require.ErrorContains(t, err, "the keys up to here are together longer than")
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
	t.Run("in the index block", func(t *testing.T) {
		for i := range bomb {
			bomb[i].value = string(appendHandle(nil, handle{uint64(i) * trailerLen, 0}))
		}
		f := forgery{file: make([]byte, len(bomb)*trailerLen), index: bomb}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		file := f.finish()
		_, err := Open(bytes.NewReader(file), int64(len(file)))
		runtime.ReadMemStats(&after)
		require.ErrorContains(t, err, "index block")
		require.ErrorContains(t, err, "the keys are together longer than")
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100*len(file)))
	})
}

// brokenReader fails from an offset on.
type brokenReader struct {
	*bytes.Reader
	from int64
	err  error
}

func (r brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.from {
		return 0, r.err
	}
	return r.Reader.ReadAt(p, off)
}

func TestReadErrors(t *testing.T) {
	file := write(t, "a", "1")
	broken := errors.New("input/output error")
	t.Run("errors of the file are returned, and do not count as corruption", func(t *testing.T) {
		for from := range len(file) {
			_, err := Open(brokenReader{bytes.NewReader(file), int64(from), broken}, int64(len(file)))
			require.ErrorIs(t, err, broken)
			require.NotErrorIs(t, err, format.ErrCorrupt)
			require.Contains(t, err.Error(), "footer at offset ", "the footer is read first")
		}
	})
	t.Run("a file that became shorter is reported as cut off", func(t *testing.T) {
		_, err := Open(brokenReader{bytes.NewReader(file), 0, io.EOF}, int64(len(file)))
		require.ErrorContains(t, err, "0 of 48 bytes could be read: the file was cut off")
		require.ErrorIs(t, err, format.ErrCorrupt)
	})
	t.Run("a data block is read when it is needed", func(t *testing.T) {
		r, err := Open(onlyAfter{bytes.NewReader(file), 1}, int64(len(file)))
		require.NoError(t, err)
		_, _, err = r.Get([]byte("a"))
		require.ErrorContains(t, err, "data block 0 at offset 0: not there")
	})
}

// onlyAfter fails reads before an offset.
type onlyAfter struct {
	*bytes.Reader
	from int64
}

func (r onlyAfter) ReadAt(p []byte, off int64) (int, error) {
	if off < r.from {
		return 0, errors.New("not there")
	}
	return r.Reader.ReadAt(p, off)
}
