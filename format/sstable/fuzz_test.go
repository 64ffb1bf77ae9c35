package sstable

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// FuzzTable reads arbitrary files.
func FuzzTable(f *testing.F) {
	f.Add([]byte{})
	f.Add(manyBlocks())
	f.Add(one("b", contents([]uint32{0}, forgedEntry{0, "a", "1"}), typeNone))
	f.Fuzz(func(t *testing.T, file []byte) {
		entries, err := all(file)
		if err != nil {
			return
		}
		r := open(t, file)
		for _, e := range entries {
			v, ok, err := r.Get([]byte(e.key))
			if err != nil || !ok || string(v) != e.value {
				t.Fatalf("All has %q and Get says %q, %v, %v", e.key, v, ok, err)
			}
		}
	})
}

// FuzzBlock reads tables with one arbitrary block and a right checksum.
func FuzzBlock(f *testing.F) {
	f.Add([]byte("\xff\xff\xff"), contents([]uint32{0}, forgedEntry{0, "a", "1"}, forgedEntry{1, "b", "2"}), false, []byte("ab"))
	f.Add([]byte("l"), restartEvery(0, 40, 4), false, []byte("k011"))
	f.Add([]byte("l"), compress(restartEvery(0, 40, 4)), true, []byte("k011"))
	f.Fuzz(func(t *testing.T, bound, block []byte, compressed bool, key []byte) {
		typ := byte(typeNone)
		if compressed {
			typ = typeSnappy
		}
		file := one(string(bound), block, typ)
		entries, err := all(file)
		value, ok, getErr := open(t, file).Get(key)
		if err != nil {
			return // Get must not panic
		}
		i := slices.IndexFunc(entries, func(e forgedEntry) bool { return e.key == string(key) })
		if getErr != nil || ok != (i >= 0) || ok && string(value) != entries[i].value {
			t.Fatalf("Get(%q) = %q, %v, %v of %v", key, value, ok, getErr, entries)
		}
	})
}

// A table that was written is read back equal.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 'b', 0xfe, 0xff}), 0, 12), func(b []byte) string { return string(b) })
		keys := rapid.SliceOfNDistinct(key, 0, 60, rapid.ID[string]).Draw(t, "keys")
		slices.Sort(keys)
		var out bytes.Buffer
		w := NewWriter(&out)
		var want []forgedEntry
		for _, k := range keys {
			size := rapid.OneOf(rapid.IntRange(0, 10), rapid.IntRange(blockSize-40, blockSize+40), rapid.Just(2*blockSize)).Draw(t, "size of value")
			want = append(want, forgedEntry{key: k, value: string(bytes.Repeat([]byte{'v'}, size))})
			require.NoError(t, w.Add([]byte(k), []byte(want[len(want)-1].value)))
		}
		require.NoError(t, w.Close())
		got, err := all(out.Bytes())
		require.NoError(t, err)
		require.Equal(t, len(want), len(got))
		r, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()))
		require.NoError(t, err)
		require.NoError(t, r.CheckMetaindex())
		for i := range want {
			if want[i] != got[i] {
				t.Fatalf("entry %d: wrote %q, read %q", i, want[i].key, got[i].key)
			}
			_, ok, err := r.Get([]byte(want[i].key))
			if !ok || err != nil {
				t.Fatalf("key %q: %v, %v", want[i].key, ok, err)
			}
		}
		probe := key.Draw(t, "probe")
		_, ok, err := r.Get([]byte(probe))
		require.NoError(t, err)
		require.Equal(t, slices.Contains(keys, probe), ok)
	})
}

// Separators and successors keep the order that the index block requires.
func TestSeparators(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bs := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', 'c', 0xff}), 0, 5)
		a, b := bs.Draw(t, "a"), bs.Draw(t, "b")
		require.GreaterOrEqual(t, bytes.Compare(successor(a), a), 0)
		require.LessOrEqual(t, len(successor(a)), len(a))
		if bytes.Compare(a, b) < 0 {
			s := separator(a, b)
			require.GreaterOrEqual(t, bytes.Compare(s, a), 0)
			require.Negative(t, bytes.Compare(s, b))
			require.LessOrEqual(t, len(s), len(a))
		}
	})
}

func TestMask(t *testing.T) {
	require.Equal(t, uint32(0xa282ead8), Mask(0))
	require.Equal(t, uint32(0xb0a1f2c0), blockChecksum([]byte("\x00\x00\x00\x00\x01\x00\x00\x00"), typeNone))
	rapid.Check(t, func(t *rapid.T) {
		crc := rapid.Uint32().Draw(t, "crc")
		rot := Mask(crc) - 0xa282ead8
		require.Equal(t, crc, rot>>17|rot<<15)
	})
}
