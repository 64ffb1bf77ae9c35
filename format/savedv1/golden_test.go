package savedv1_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// A golden is a tensor that TensorFlow read back (testdata/golden.py).
type golden struct {
	DType   string
	Shape   []int
	Hex     string
	Strings []string // in hexadecimal
}

func goldens(t testing.TB) map[string]map[string]golden {
	data, err := os.ReadFile("testdata/golden.json")
	require.NoError(t, err)
	var all map[string]map[string]golden
	require.NoError(t, json.Unmarshal(data, &all))
	require.NotEmpty(t, all)
	return all
}

// stored returns the bytes that a data file of the second format would have.
func (g golden) stored(t testing.TB) []byte {
	if g.DType != "string" {
		data, err := hex.DecodeString(g.Hex)
		require.NoError(t, err)
		return data
	}
	var lengths, text []byte
	for _, s := range g.Strings {
		data, err := hex.DecodeString(s)
		require.NoError(t, err)
		lengths = binary.AppendUvarint(lengths, uint64(len(data)))
		text = append(text, data...)
	}
	return append(append(lengths, "...."...), text...)
}

func open(t testing.TB, name string) *savedv1.Reader {
	r, err := savedv1.Open(fsx.FromFS(os.DirFS("testdata")), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func TestReadsWhatTensorFlowReads(t *testing.T) {
	for name, tensors := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			r := open(t, name)
			listed := 0
			for e, err := range r.All() {
				require.NoError(t, err)
				if g, ok := tensors[e.Key]; ok {
					listed++
					requireTensor(t, r, e, g)
				}
			}
			require.Equal(t, len(tensors), listed)
		})
	}
}

func requireTensor(t *testing.T, r *savedv1.Reader, e format.Entry, g golden) {
	want := g.stored(t)
	require.Equal(t, g.DType, e.DType.String(), e.Key)
	require.True(t, e.Shape.Equal(g.Shape), e.Key)
	require.EqualValues(t, len(want), e.Bytes, e.Key)
	again, ok, err := r.Lookup(e.Key)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, e, again)
	require.NoError(t, r.Check(e.Key))

	var b bytes.Buffer
	require.NoError(t, r.WriteStored(t.Context(), e.Key, &b))
	got := b.Bytes()
	if e.DType == tensor.DTString { // the checksum of the lengths, which are compared anyway
		at := len(got) - 4
		for _, s := range g.Strings {
			at -= len(s) / 2
		}
		copy(got[at:], "....")
	}
	require.Equal(t, string(want), string(got), e.Key)

	dst, err := tensor.NewAny(e.DType, e.Shape...)
	require.NoError(t, err)
	require.NoError(t, r.Read(t.Context(), e.Key, dst))
	if s, ok := tensor.As[string](dst); ok {
		require.Len(t, s.Data(), len(g.Strings))
		for i, v := range s.Data() {
			require.Equal(t, g.Strings[i], hex.EncodeToString([]byte(v)))
		}
	}
	requireRegions(t, r, e, dst)
}

// requireRegions reads every region within the first two indices of each axis, and compares it with the same
// region of the whole tensor.
func requireRegions(t *testing.T, r *savedv1.Reader, e format.Entry, whole tensor.Any) {
	for axis, n := range e.Shape {
		for start := 0; start < n; start += 1 + n/7 {
			region, at := make(tensor.Slice, len(e.Shape)), make([]int, len(e.Shape))
			for i := range region {
				region[i] = tensor.Full
			}
			region[axis] = tensor.Extent{Start: start, Length: min(2, n-start)}
			at[axis] = start
			_, shape, err := region.Resolve(e.Shape)
			require.NoError(t, err)
			want, err := tensor.NewAny(e.DType, shape...)
			require.NoError(t, err)
			got, err := tensor.NewAny(e.DType, shape...)
			require.NoError(t, err)
			require.NoError(t, tensor.CopyRegion(want, make([]int, len(shape)), whole, at, shape))
			require.NoError(t, r.ReadSlice(t.Context(), e.Key, region, got))
			requireSame(t, want, got)
		}
	}
}

func requireSame(t *testing.T, want, got tensor.Any) {
	if b, ok := tensor.Bytes(want); ok { // compare bytes, because NaN does not equal itself
		g, _ := tensor.Bytes(got)
		require.Equal(t, b, g)
		return
	}
	require.Equal(t, want.Values(), got.Values())
}

func TestWhatIsListed(t *testing.T) {
	keys := func(r *savedv1.Reader) (keys []string) {
		for e, err := range r.All() {
			require.NoError(t, err)
			keys = append(keys, e.Key)
		}
		return keys
	}
	t.Run("tensors are in the order of keys, without the file's meta entry", func(t *testing.T) {
		list := keys(open(t, "saver.ckpt-1"))
		require.Equal(t, []string{"beta1_power", "beta2_power", "dense/kernel", "dense/kernel/Adam", "dense/kernel/Adam_1", "global_step"}, list)
		require.True(t, slices.IsSorted(keys(open(t, "shapes.ckpt"))))
	})
	t.Run("a partitioned tensor is listed once, with its parts", func(t *testing.T) {
		e, ok, err := open(t, "saver.ckpt-1").Lookup("dense/kernel")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, tensor.Shape{7, 3}, e.Shape)
		require.Equal(t, "[0,3:0,3 3,2:0,3 5,2:0,3]", fmtSlices(e.Slices))
	})
	t.Run("a whole tensor does not have parts", func(t *testing.T) {
		e, _, err := open(t, "slices.ckpt").Lookup("plain")
		require.NoError(t, err)
		require.Nil(t, e.Slices)
	})
	t.Run("all shards of a name together, and one alone", func(t *testing.T) {
		require.Equal(t, []string{"cut", "first", "second"}, keys(open(t, "sharded.ckpt")))
		require.Equal(t, []string{"cut", "first", "second"}, keys(open(t, "sharded.ckpt-?????-of-00002")))
		one := open(t, "sharded.ckpt-00001-of-00002")
		require.Equal(t, []string{"cut", "second"}, keys(one))
		require.ErrorIs(t, one.Check("cut"), format.ErrCorrupt, "half of the tensor is in the other shard")
	})
	t.Run("no other tensors", func(t *testing.T) {
		r := open(t, "saver.ckpt-1")
		for _, key := range []string{"", "dense", "\x00\x02global_step"} {
			_, ok, err := r.Lookup(key)
			require.NoError(t, err)
			require.False(t, ok)
			require.ErrorIs(t, r.Check(key), format.ErrNotFound)
			require.ErrorIs(t, r.Read(t.Context(), key, tensor.New[float32]()), format.ErrNotFound)
			require.ErrorIs(t, r.ReadSlice(t.Context(), key, nil, tensor.New[float32]()), format.ErrNotFound)
			require.ErrorIs(t, r.WriteStored(t.Context(), key, new(bytes.Buffer)), format.ErrNotFound)
		}
	})
}

func fmtSlices(s []tensor.Slice) string {
	out := "["
	for i, p := range s {
		if i > 0 {
			out += " "
		}
		out += p.String()
	}
	return out + "]"
}
