package storefs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/storefs"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
)

func put(t *testing.T, s store.Store, name, contents string) {
	t.Helper()
	_, err := s.Put(t.Context(), name, strings.NewReader(contents), int64(len(contents)))
	require.NoError(t, err)
}

func contents(t *testing.T, s store.Store, name string) string {
	t.Helper()
	p, _, err := store.ReadAll(t.Context(), s, name, 1<<30)
	require.NoError(t, err)
	return string(p)
}

func TestPathsAreNames(t *testing.T) {
	s := store.Memory()
	f := storefs.New(s)
	put(t, s, "run/ckpt-1.index", "x")
	for _, name := range []string{"run/ckpt-1.index", "./run/ckpt-1.index", "run//ckpt-1.index", "run/a/../ckpt-1.index"} {
		info, err := f.Stat(name)
		require.NoError(t, err)
		require.False(t, info.IsDir())
		require.EqualValues(t, 1, info.Size())
		require.Equal(t, "ckpt-1.index", info.Name())
	}
	for _, name := range []string{"run", "run/", ".", ""} {
		info, err := f.Stat(name)
		require.NoError(t, err, name)
		require.True(t, info.IsDir(), name)
	}
	for _, name := range []string{"/run", "..", "../run"} {
		_, err := f.Stat(name)
		require.ErrorIs(t, err, fs.ErrInvalid)
		require.ErrorContains(t, err, "expected a relative path within the store")
	}
	_, err := f.Stat("ru")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = f.Open("run")
	require.ErrorIs(t, err, fs.ErrNotExist)

	entries, err := f.ReadDir("run")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "ckpt-1.index", entries[0].Name())
	entries, err = f.ReadDir(".")
	require.NoError(t, err)
	require.True(t, entries[0].IsDir())
	require.Equal(t, "run", entries[0].Name())
	_, err = f.ReadDir("absent")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestSmallFilesAreOneRequest(t *testing.T) {
	s := storetest.NewFaulty(store.Memory())
	f := storefs.New(s)
	file, err := f.Create("a")
	require.NoError(t, err)
	for range 10 {
		_, err := file.Write([]byte("0123456789"))
		require.NoError(t, err)
	}
	_, err = file.WriteAt([]byte("again"), 0)
	require.NoError(t, err)
	_, err = f.Stat("a")
	require.ErrorIs(t, err, fs.ErrNotExist, "the object does not exist before Sync")
	s.Inject(nil)
	require.NoError(t, file.Sync())
	require.NoError(t, file.Close())
	require.Equal(t, []storetest.Call{{Op: storetest.PutIfAbsent, Name: "a"}}, s.Calls())
	require.Equal(t, "again56789"+strings.Repeat("0123456789", 9), contents(t, s, "a"))
	_, err = file.Write([]byte("x"))
	require.ErrorIs(t, err, fs.ErrClosed)

	file, err = f.Create("b")
	require.NoError(t, err)
	_, err = file.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	_, err = f.Stat("b")
	require.ErrorIs(t, err, fs.ErrNotExist, "without Sync the object does not exist either")
}

// Goroutines write the pieces of a file in any order. Each piece is begun before the pieces after it.
func TestLargeFilesAreStreamed(t *testing.T) {
	want := make([]byte, 5<<20+123)
	for i := range want {
		want[i] = byte(i * 7 / 3)
	}
	for _, announced := range []bool{true, false} {
		for _, s := range map[string]store.Store{"read": store.Memory(), "written to": store.Dir(t.TempDir())} {
			f := storefs.New(s)
			file, err := f.Upload("a", fsx.AnyVersion)
			require.NoError(t, err)
			if announced {
				require.NoError(t, file.Allocate(int64(len(want))))
			}
			limit := make(chan struct{}, 4)
			var wg sync.WaitGroup
			for off := 0; off < len(want); {
				n := min(1+rand.IntN(300<<10), len(want)-off)
				p, at := want[off:off+n], int64(off)
				limit <- struct{}{}
				wg.Go(func() {
					defer func() { <-limit }()
					if _, err := file.WriteAt(p, at); err != nil {
						t.Error(err)
					}
				})
				off += n
			}
			wg.Wait()
			_, err = f.Stat("a")
			require.ErrorIs(t, err, fs.ErrNotExist, "the object is complete after Sync, even if the store knows its size")
			require.NoError(t, file.Sync())
			require.NoError(t, file.Close())
			require.True(t, contents(t, s, "a") == string(want))
		}
	}
}

func TestUploadMistakes(t *testing.T) {
	s := store.Memory()
	f := storefs.New(s)
	large := make([]byte, 2<<20)
	open := func(size int64) fsx.File {
		file, err := f.Create("a")
		require.NoError(t, err)
		if size >= 0 {
			require.NoError(t, file.Allocate(size))
		}
		return file
	}
	t.Run("backwards", func(t *testing.T) {
		file := open(-1)
		_, err := file.WriteAt(large, 0)
		require.NoError(t, err)
		_, err = file.WriteAt([]byte("x"), 5)
		require.ErrorContains(t, err, "objects are written in order")
		require.NoError(t, file.Close())
	})
	t.Run("fewer bytes than announced: zeros", func(t *testing.T) {
		file := open(int64(len(large)) + 5)
		_, err := file.Write(large)
		require.NoError(t, err)
		require.NoError(t, file.Truncate(int64(len(large))+5))
		require.NoError(t, file.Sync())
		require.Len(t, contents(t, s, "a"), len(large)+5)
		require.NoError(t, s.Delete(t.Context(), "a"))
	})
	t.Run("more bytes than announced", func(t *testing.T) {
		file := open(int64(len(large)) - 5)
		_, err := file.Write(large)
		if err == nil {
			err = file.Sync()
		}
		require.Error(t, err)
		require.NoError(t, file.Close())
	})
	t.Run("abandoned", func(t *testing.T) {
		file := open(int64(len(large)))
		_, err := file.Write(large[:1<<20])
		require.NoError(t, err)
		require.NoError(t, file.Close())
	})
	t.Run("abandoned while others wait", func(t *testing.T) {
		file := open(int64(len(large)))
		waits := make(chan error)
		go func() {
			_, err := file.WriteAt(large[1<<20:], 1<<20)
			waits <- err
		}()
		broken := errors.New("broken")
		fsx.Abandon(file, broken)
		require.ErrorIs(t, <-waits, broken)
		require.ErrorIs(t, file.Sync(), broken)
		require.NoError(t, file.Close())
	})
	t.Run("the context ends while others wait", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		file, err := f.WithContext(ctx).Create("a")
		require.NoError(t, err)
		waits := make(chan error)
		go func() {
			_, err := file.WriteAt(large, 5)
			waits <- err
		}()
		cancel()
		require.ErrorIs(t, <-waits, context.Canceled)
		require.ErrorIs(t, file.Sync(), context.Canceled)
		require.NoError(t, file.Close())
	})
	_, err := f.Stat("a")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestConditions(t *testing.T) {
	s := storetest.NewFaulty(store.Memory())
	f := storefs.New(s)
	v, err := f.Version("a")
	require.NoError(t, err)
	require.Equal(t, fsx.NoVersion, v)
	first, err := f.Swap("a", v, []byte("first"))
	require.NoError(t, err)
	v, err = f.Version("a")
	require.NoError(t, err)
	require.Equal(t, first, v)
	_, err = f.Swap("a", fsx.NoVersion, []byte("other"))
	require.ErrorIs(t, err, fsx.ErrConflict)
	require.ErrorIs(t, err, fs.ErrExist)
	second, err := f.Swap("a", first, []byte("second"))
	require.NoError(t, err)
	_, err = f.Swap("a", first, []byte("third"))
	require.ErrorIs(t, err, fsx.ErrConflict)
	again, err := f.Swap("a", first, []byte("second"))
	require.NoError(t, err, "the object exists: only an answer was lost")
	require.Equal(t, second, again)

	lose := func(fault storetest.Fault) {
		s.Inject(func(n int, _ storetest.Call) storetest.Fault {
			if n == 1 {
				return fault
			}
			return storetest.None
		})
	}
	lose(storetest.Lose)
	third, err := f.Swap("a", second, []byte("third"))
	require.NoError(t, err)
	for _, fault := range []storetest.Fault{storetest.Fail, storetest.Delay} {
		lose(fault)
		_, err = f.Swap("a", third, []byte("fourth"))
		require.ErrorIs(t, err, storetest.ErrInjected)
		require.NotErrorIs(t, err, fsx.ErrConflict)
	}
	require.Equal(t, "third", contents(t, s, "a"))
	s.Deliver()
	require.Equal(t, "fourth", contents(t, s, "a"))
	require.NoError(t, fsx.WriteOnce(f, "b", []byte("x")))
	require.ErrorIs(t, fsx.WriteOnce(f, "b", []byte("y")), fs.ErrExist)
}

func TestReadersKeepTheirVersion(t *testing.T) {
	s := store.Memory()
	f := storefs.New(s)
	put(t, s, "a", strings.Repeat("0123456789", 1000))
	r, err := f.Open("a")
	require.NoError(t, err)
	p := make([]byte, 20)
	n, err := r.ReadAt(p, 9994)
	require.Equal(t, io.EOF, err)
	require.Equal(t, "456789", string(p[:n]))
	current, err := fsx.Current(f, "a", r)
	require.NoError(t, err)
	require.True(t, current)
	put(t, s, "a", strings.Repeat("9876543210", 1000))
	n, err = r.ReadAt(p[:1], 9994)
	require.NoError(t, err)
	require.Equal(t, "4", string(p[:n]), "the bytes that were read are kept")
	_, err = r.ReadAt(p[:1], 0)
	require.ErrorIs(t, err, format.ErrStale)
	require.ErrorIs(t, err, store.ErrChanged)
	current, err = fsx.Current(f, "a", r)
	require.NoError(t, err)
	require.False(t, current, "although the size and, on some clocks, the time are the same")
	require.NoError(t, r.Close())
	_, err = r.ReadAt(p[:1], 0)
	require.ErrorIs(t, err, fs.ErrClosed)
}

func TestOpenWhole(t *testing.T) {
	s := storetest.NewFaulty(store.Memory())
	f := storefs.New(s)
	for _, size := range []int{0, 10, 256 << 10, 256<<10 + 1, 20 << 20} {
		want := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		put(t, s, "a", want)
		s.Inject(nil)
		r, err := fsx.OpenWhole(f, "a")
		require.NoError(t, err)
		require.EqualValues(t, size, r.Size())
		got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		require.NoError(t, err)
		require.True(t, want == string(got))
		require.Len(t, s.Calls(), 1+(max(0, size-256<<10)+8<<20-1)/(8<<20))
		require.NoError(t, r.Close())
	}
}

// Reading some of many small tensors takes few requests and transfers few unneeded bytes.
func TestExpectedReads(t *testing.T) {
	const size = 40 << 20
	all := make([]byte, size)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range all {
		all[i] = byte(rng.Uint32())
	}
	for _, test := range []struct {
		name     string
		ranges   func() []fsx.Range
		requests int // at most
	}{
		{"all, in small reads", func() (rs []fsx.Range) {
			for off := int64(0); off < size; off += 4 << 10 {
				rs = append(rs, fsx.Range{Off: off, N: 4 << 10})
			}
			return rs
		}, 5},
		{"all, backwards", func() (rs []fsx.Range) {
			for off := int64(size) - 10<<10; off >= 0; off -= 10 << 10 {
				rs = append(rs, fsx.Range{Off: off, N: 10 << 10})
			}
			return rs
		}, 6},
		{"one large read", func() []fsx.Range { return []fsx.Range{{Off: 100, N: 30 << 20}} }, 4},
		{"every other", func() (rs []fsx.Range) {
			for off := int64(0); off < size; off += 256 << 10 {
				rs = append(rs, fsx.Range{Off: off, N: 128 << 10})
			}
			return rs
		}, 160},
		{"with small gaps", func() (rs []fsx.Range) {
			for off := int64(0); off < size; off += 64 << 10 {
				rs = append(rs, fsx.Range{Off: off, N: 62 << 10})
			}
			return rs
		}, 6},
		{"at random, some twice", func() (rs []fsx.Range) {
			for range 1000 {
				off := rng.Int64N(size - 1<<10)
				rs = append(rs, fsx.Range{Off: off, N: rng.Int64N(1 << 10)})
			}
			return rs
		}, 1000},
		{"nonsense", func() []fsx.Range {
			return []fsx.Range{{Off: -1, N: 5}, {Off: size - 1, N: 5}, {Off: 1 << 62, N: 1 << 62}, {Off: 5, N: -1}, {Off: 10, N: 20}}
		}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			counted := &counting{Store: store.Memory()}
			put(t, counted, "a", string(all))
			f := storefs.New(counted)
			r, err := f.Open("a")
			require.NoError(t, err)
			ranges := test.ranges()
			counted.requests, counted.bytes = 0, 0
			r.(fsx.Expecter).Expect(ranges)
			asked := int64(0)
			var wg sync.WaitGroup
			limit := make(chan struct{}, 3)
			for _, rg := range ranges {
				if rg.Off < 0 || rg.N < 0 || rg.Off > size-rg.N {
					continue
				}
				asked += rg.N
				limit <- struct{}{}
				wg.Go(func() {
					defer func() { <-limit }()
					p := make([]byte, rg.N)
					for at := 0; at < len(p); at += 512 << 10 { // in the way that tensors are read
						if _, err := r.ReadAt(p[at:min(at+512<<10, len(p))], rg.Off+int64(at)); err != nil {
							t.Error(err)
						}
					}
					if !bytes.Equal(p, all[rg.Off:rg.Off+rg.N]) {
						t.Errorf("%v differs from the stored value", rg)
					}
				})
			}
			wg.Wait()
			require.NoError(t, r.Close())
			require.LessOrEqual(t, counted.requests, test.requests)
			require.LessOrEqual(t, counted.bytes, asked+asked/10, "of %d bytes", asked)
		})
	}
}

func TestExpectedReadsFail(t *testing.T) {
	s := storetest.NewFaulty(store.Memory())
	put(t, s, "a", strings.Repeat("x", 1<<20))
	r, err := storefs.New(s).Open("a")
	require.NoError(t, err)
	r.(fsx.Expecter).Expect([]fsx.Range{{Off: 0, N: 100}, {Off: 100, N: 100}, {Off: 1 << 19, N: 100}})
	s.Inject(func(int, storetest.Call) storetest.Fault { return storetest.Fail })
	_, err = r.ReadAt(make([]byte, 100), 100)
	require.ErrorIs(t, err, storetest.ErrInjected)
	_, err = r.ReadAt(make([]byte, 100), 1<<19)
	require.ErrorIs(t, err, storetest.ErrInjected)
	require.NoError(t, r.Close())
}

// A pending read ends when the caller's context ends.
func TestReadsEndWithTheirContext(t *testing.T) {
	s := &stalling{Store: store.Memory()}
	put(t, s, "a", strings.Repeat("x", 1<<20))
	r, err := storefs.New(s).Open("a")
	require.NoError(t, err)
	s.stalls = true
	for _, expected := range []bool{false, true} {
		if expected {
			r.(fsx.Expecter).Expect([]fsx.Range{{Off: 0, N: 100}, {Off: 100, N: 100}})
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := fsx.ReadAt(ctx, r, make([]byte, 100), 0)
			done <- err
		}()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled, fmt.Sprint(expected))
	}
	require.NoError(t, r.Close(), "it also ends reads ahead")
}

// counting counts read requests and their bytes.
type counting struct {
	store.Store
	mu       sync.Mutex
	requests int
	bytes    int64
}

func (c *counting) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	c.mu.Lock()
	c.requests++
	c.bytes += int64(len(p))
	c.mu.Unlock()
	return c.Store.Read(ctx, name, version, p, off)
}

// stalling does not answer reads.
type stalling struct {
	store.Store
	stalls bool
}

func (s *stalling) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	if s.stalls {
		<-ctx.Done()
		return store.Object{}, ctx.Err()
	}
	return s.Store.Read(ctx, name, version, p, off)
}
