package faults

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// A meter counts the bytes that are read from and written to data files, and calls full when it has counted enough.
type meter struct {
	*errfs.FS
	moved  atomic.Int64
	enough int64
	full   func()
	mu     sync.Mutex
}

// count blocks other goroutines while the one that reached the limit cancels the context, however long the system delays that goroutine.
func (m *meter) count(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.moved.Add(int64(n)); now >= m.enough && now-int64(n) < m.enough {
		m.full()
	}
}

func (m *meter) Open(name string) (fsx.Reader, error) {
	r, err := m.FS.Open(name)
	if err != nil || !strings.Contains(name, ".data-") {
		return r, err
	}
	return meteredReader{r, m}, nil
}

func (m *meter) Create(name string) (fsx.File, error) {
	f, err := m.FS.Create(name)
	if err != nil || !strings.Contains(name, ".data-") {
		return f, err
	}
	return meteredFile{f, m}, nil
}

type meteredReader struct {
	fsx.Reader
	m *meter
}

func (r meteredReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.Reader.ReadAt(p, off)
	r.m.count(n)
	return n, err
}

type meteredFile struct {
	fsx.File
	m *meter
}

func (f meteredFile) Write(p []byte) (int, error) { f.m.count(len(p)); return f.File.Write(p) }

func (f meteredFile) WriteAt(p []byte, off int64) (int, error) {
	f.m.count(len(p))
	return f.File.WriteAt(p, off)
}

// TestCancelInTheMiddle cancels the context of every verb while it reads or writes. The verb stops before any of its goroutines
// has moved another chunk, and returns the reason. It leaves no open file, no goroutine and nothing on disk.
func TestCancelInTheMiddle(t *testing.T) {
	const large, chunk = 4 << 20, 512 << 10 // the chunk of package bundle
	program := func() ckpt.Group {
		g := ckpt.Group{"one": tensor.New[uint8](large), "other": tensor.New[float32](large / 4), "text": tensor.New[string](1000)}
		for i := range g["text"].(*tensor.Tensor[string]).Data() {
			g["text"].(*tensor.Tensor[string]).Data()[i] = strings.Repeat("x", large/1000)
		}
		return g
	}
	whole := errfs.New()
	ckpttest.Must(ckpttest.New(t, program(), ckpttest.On(whole)).Write(ctx, "d/ckpt"))
	ckpttest.Must(ckpttest.Must(ckpt.NewSaver(program(), ckpttest.On(whole))).Save(ctx, "d/named"))
	require.NoError(t, ckpttest.New(t, program(), ckpttest.On(whole)).WriteSection(ctx, "d/merged", 0, 1))
	reader := func(on ckpt.AnyOption, f func(r *ckpt.Reader) error) error {
		r, err := ckpt.Open("d/ckpt", on)
		if err != nil {
			return err
		}
		defer r.Close()
		return f(r)
	}
	verbs := map[string]func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error{
		"Restore": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			_, err := c.Read(ctx, "d/ckpt")
			return err
		},
		"Restore, Atomic": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			_, err := c.Read(ctx, "d/ckpt", ckpt.Atomic())
			return err
		},
		"LoadWeights": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			return ckpt.LoadWeights(ctx, "d/ckpt", program(), on)
		},
		"Saver.Restore": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			return ckpttest.Must(ckpt.NewSaver(program(), on)).Restore(ctx, "d/named")
		},
		"a tensor": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			return reader(on, func(r *ckpt.Reader) error {
				_, err := r.ReadTensor(ctx, "one"+"/.ATTRIBUTES/"+object.VariableAttribute)
				return err
			})
		},
		"strings": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			return reader(on, func(r *ckpt.Reader) error {
				_, err := r.ReadTensor(ctx, "text"+"/.ATTRIBUTES/"+object.VariableAttribute)
				return err
			})
		},
		"a region": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			return reader(on, func(r *ckpt.Reader) error {
				_, err := r.Slice(ctx, "one"+"/.ATTRIBUTES/"+object.VariableAttribute, tensor.Slice{{Start: 1, Length: large - 2}})
				return err
			})
		},
		"WriteStored": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			return reader(on, func(r *ckpt.Reader) error {
				return r.WriteStored(ctx, "other"+"/.ATTRIBUTES/"+object.VariableAttribute, io.Discard)
			})
		},
		"Verify": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			return reader(on, func(r *ckpt.Reader) error { return r.Verify(ctx, func(p ckpt.Problem) { t.Error(p) }) })
		},
		"Merge": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			_, err := ckpt.Merge(ctx, "d/merged", on)
			return err
		},
		"Write": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			_, err := c.Write(ctx, "d/new")
			return err
		},
		"Write with shards": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			_, err := c.Write(ctx, "d/new", ckpt.MaxShardSize(3<<20))
			return err
		},
		"WriteSection": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			return c.WriteSection(ctx, "d/new", 0, 2)
		},
		"Saver.Save": func(ctx context.Context, c *ckpt.Checkpoint, on ckpt.AnyOption) error {
			_, err := ckpttest.Must(ckpt.NewSaver(program(), on)).Save(ctx, "d/new")
			return err
		},
	}
	for name, verb := range verbs {
		t.Run(name, func(t *testing.T) {
			for _, enough := range []int64{1, 3 << 20} {
				disk := whole.Reboot(errfs.KeepAll)
				before := disk.Names()
				why := errors.New("enough")
				going, cancel := context.WithCancelCause(ctx)
				m := &meter{FS: disk, enough: enough, full: func() { cancel(why) }}
				on := ckpttest.On(m)
				c := ckpttest.New(t, program(), on)
				err := verb(going, c, on)
				cancel(nil)
				require.True(t, errors.Is(err, why) || errors.Is(err, context.Canceled), "after %d bytes: %v", enough, err)
				require.LessOrEqual(t, m.moved.Load()-enough, int64(runtime.GOMAXPROCS(0)*chunk), "after %d more bytes", enough)
				require.Equal(t, before, leftOf(disk), "the remaining files")
				require.Zero(t, disk.OpenFiles())
				require.NoError(t, c.Close())
				ckpttest.RequireNoneLeft(t)
			}
		})
	}
}

// leftOf returns the names of the files on a disk, except the files by which workers of sections agree.
func leftOf(disk *errfs.FS) (names []string) {
	for _, name := range disk.Names() {
		if name != "d/new.sections/attempt" {
			names = append(names, name)
		}
	}
	return names
}
