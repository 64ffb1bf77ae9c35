package storefs_test

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/storefs"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
)

// sizes counts the calls and the bytes of a store's reads.
func sizes(f *storetest.Faulty) (calls, bytes int) {
	for _, c := range f.Calls() {
		if c.Size > 0 {
			calls++
			bytes += c.Size
		}
	}
	return calls, bytes
}

// Small reads, such as those of tables in HDF5 and ZIP, take few requests if they are close together. If they
// are scattered, they transfer few unneeded bytes.
func TestTinyReads(t *testing.T) {
	f := storetest.NewFaulty(store.Memory())
	contents := make([]byte, 3<<20+17)
	for i := range contents {
		contents[i] = byte(i*31 ^ i>>8)
	}
	_, err := f.Put(t.Context(), "a", strings.NewReader(string(contents)), -1)
	require.NoError(t, err)

	for name, test := range map[string]struct {
		offset       func(i int) int
		n            int
		calls, bytes int // at most
	}{
		"one after the other": {func(i int) int { return 40 * i }, 40, 8, 2 * 40_000},
		"close together":      {func(i int) int { return 1<<20 + i*7%300 }, 40, 1, 2 << 10},
		"scattered":           {func(i int) int { return i * 7919 % (3 << 20) }, 40, 1000, 1100 * 2 << 10},
		"backwards":           {func(i int) int { return len(contents) - 40*(i+1) }, 40, 21, 21 * 2 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := storefs.New(f).Open("a")
			require.NoError(t, err)
			defer r.Close()
			f.Inject(nil)
			for i := range 1000 {
				p := make([]byte, test.n)
				_, err := r.ReadAt(p, int64(test.offset(i)))
				require.NoError(t, err)
				require.Equal(t, contents[test.offset(i):][:test.n], p)
			}
			calls, bytes := sizes(f)
			require.LessOrEqual(t, calls, test.calls)
			require.LessOrEqual(t, bytes, test.bytes)
		})
	}
	t.Run("from many goroutines", func(t *testing.T) {
		r, err := storefs.New(f).Open("a")
		require.NoError(t, err)
		defer r.Close()
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(g)))
				for range 2000 {
					p := make([]byte, random.IntN(6<<10))
					off := random.IntN(len(contents) + 10)
					n, err := r.ReadAt(p, int64(off))
					want := contents[min(off, len(contents)):min(off+len(p), len(contents))]
					if n != len(want) || (err != nil) != (n < len(p)) || string(p[:n]) != string(want) {
						t.Errorf("%d bytes of %d from %d: %v", n, len(p), off, err)
					}
				}
			})
		}
		wg.Wait()
	})
}
