package sstable

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// write returns the table of pairs, which alternate between keys and values.
func write(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out)
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(t, w.Add([]byte(pairs[i]), []byte(pairs[i+1])))
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// These are the bytes that TensorFlow 2.21 writes.
func TestWriterLiteralBytes(t *testing.T) {
	footer := func(handles string) string {
		return handles + strings.Repeat("\x00", 40-len(handles)) + "\x57\xfb\x80\x8b\x24\x75\x47\xdb"
	}
	const empty = "\x00\x00\x00\x00\x01\x00\x00\x00" + "\x00" + "\xc0\xf2\xa1\xb0" // an empty block and its trailer
	tests := []struct {
		name  string
		pairs []string
		want  string
	}{
		{"no entries: an empty metaindex block and an empty index block", nil,
			empty + empty + footer("\x00\x08\x0d\x08")},
		{"entries share the prefixes of their keys", []string{"", "\x08\x01\x1a\x02\x08\x01", "key/a", "1", "key/b", "22"},
			"\x00\x00\x06\x08\x01\x1a\x02\x08\x01" + // "" at a restart point
				"\x00\x05\x01key/a1" +
				"\x04\x01\x02b22" + // shares "key/" with the key before
				"\x00\x00\x00\x00\x01\x00\x00\x00" + // there is one restart point, at 0
				"\x00" + "\x9a\x2c\x40\x48" +
				empty +
				"\x00\x01\x02l\x00\x20" + // the index key is the short successor of "key/b"; the value is offset 0, size 32
				"\x00\x00\x00\x00\x01\x00\x00\x00" + "\x00" + "\xac\xa5\xc7\xc8" +
				footer("\x25\x08\x32\x0e")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, fmt.Sprintf("%q", test.want), fmt.Sprintf("%q", write(t, test.pairs...)))
		})
	}
}

func TestBlockBuilder(t *testing.T) {
	t.Run("B-31 every 16th entry is a restart point and does not share a prefix", func(t *testing.T) {
		b := builder{interval: dataRestartInterval}
		for i := range 40 {
			b.add(fmt.Appendf(nil, "prefix/%03d", i), []byte("v"))
		}
		blk, err := parseBlock(b.finish())
		require.NoError(t, err)
		require.Equal(t, 3, blk.numRestarts())
		c := cursor{entries: blk.entries}
		for i := range 40 {
			pos := c.pos
			ok, err := c.next()
			require.True(t, ok)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("prefix/%03d", i), string(c.key))
			if i%16 == 0 {
				require.EqualValues(t, pos, blk.restart(i/16))
				require.Zero(t, c.shared)
			} else {
				require.GreaterOrEqual(t, c.shared, len("prefix/0"))
			}
		}
	})
}

func TestWriterBlocks(t *testing.T) {
	value := func(n int) string { return strings.Repeat("v", n) }
	tests := []struct {
		name  string
		pairs []string
		want  []string // for each data block, its keys and its key in the index block
	}{
		{"B-32 a block ends when entries and restart points reach 262144 bytes",
			// The entries take 6 and 4 bytes in addition to their values. The restart point and the count
			// take 8 bytes.
			[]string{"a", value(262144 - 8 - 6 - 4), "b", "", "c", ""},
			[]string{"a b < b", "c < d"}},
		{"B-32 with one byte less, the block also has the next entry",
			[]string{"a", value(262144 - 8 - 6 - 4 - 1), "b", "", "c", "", "d", ""},
			[]string{"a b c < c", "d < e"}},
		{"B-32 an entry of 524288 bytes does not join an open block",
			[]string{"a", "", "b", value(524287), "c", ""},
			[]string{"a < a", "b < b", "c < d"}},
		{"B-32 an entry of 524287 bytes joins an open block",
			[]string{"a", "", "b", value(524286), "c", ""},
			[]string{"a b < b", "c < d"}},
		{"B-33 the index key between blocks is the shortest separator",
			[]string{"abc-x", value(262144), "abf", value(262144), "ac", ""},
			[]string{"abc-x < abd", "abf < abf", "ac < b"}},
		{"B-33 a key that is a prefix of the next one is the separator",
			[]string{"ab", value(262144), "abc", ""},
			[]string{"ab < ab", "abc < b"}},
		{"B-33 there is no shorter separator between neighbouring bytes",
			[]string{"ab9", value(262144), "ac", ""},
			[]string{"ab9 < ab9", "ac < b"}},
		{"B-33 the last index key is the short successor, which keeps leading bytes ff",
			[]string{"\xff\xffab", ""},
			[]string{"\xff\xffab < \xff\xffb"}},
		{"B-33 a key of only ff bytes has no successor",
			[]string{"\xff\xff", ""},
			[]string{"\xff\xff < \xff\xff"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := open(t, write(t, test.pairs...))
			var got []string
			for i := range r.blocks {
				b, err := r.block(i)
				require.NoError(t, err)
				line := ""
				c := cursor{entries: b.entries}
				for {
					ok, err := c.next()
					require.NoError(t, err)
					if !ok {
						break
					}
					line += string(c.key) + " "
				}
				got = append(got, line+"< "+string(r.blocks[i].bound))
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestWriterRefuses(t *testing.T) {
	tests := []struct {
		name string
		keys []string
		want string
	}{
		{"the same key twice", []string{"a", "a"}, `key "a" does not ascend: it comes after "a"`},
		{"a smaller key", []string{"b", "a"}, `key "a" does not ascend: it comes after "b"`},
		{"the empty key twice", []string{"", ""}, `key "" does not ascend: it comes after ""`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := NewWriter(new(bytes.Buffer))
			var err error
			for _, k := range test.keys {
				err = w.Add([]byte(k), nil)
			}
			require.ErrorContains(t, err, test.want)
			require.Equal(t, err, w.Add([]byte("z"), nil), "the error is returned again")
			require.Equal(t, err, w.Close())
		})
	}
	t.Run("any call after Close", func(t *testing.T) {
		w := NewWriter(new(bytes.Buffer))
		require.NoError(t, w.Close())
		require.ErrorContains(t, w.Add([]byte("a"), nil), "closed")
		require.ErrorContains(t, w.Close(), "closed")
	})
}

// failingWriter fails after n writes.
type failingWriter struct{ n int }

var errDiskFull = errors.New("disk full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, errDiskFull
	}
	return len(p), nil
}

func TestWriterReportsEveryFailedWrite(t *testing.T) {
	fill := func(w *Writer) error {
		for i := range 3 {
			if err := w.Add([]byte{byte('a' + i)}, make([]byte, blockSize)); err != nil {
				return err
			}
		}
		return w.Close()
	}
	writes := 3 + 3 // data blocks, metaindex, index, footer
	for n := range writes {
		require.ErrorIs(t, fill(NewWriter(&failingWriter{n})), errDiskFull, "write %d", n)
	}
	require.NoError(t, fill(NewWriter(&failingWriter{writes})))
}
