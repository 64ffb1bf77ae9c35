package ckpt_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestTrackFromManyGoroutines(t *testing.T) {
	const children = 16
	whole, parts := &ckpttest.Node{}, &ckpttest.Node{}
	for i := range children {
		require.NoError(t, whole.Track(fmt.Sprint(i), ckpttest.Scalar(float32(i+1))))
	}
	s := ckpttest.Read(t, ckpttest.New(t, parts), ckpttest.Written(t, whole))
	var all sync.WaitGroup
	for i := range children {
		all.Go(func() {
			v := ckpttest.Scalar(0)
			if err := parts.Track(fmt.Sprint(i), v); err != nil || ckpttest.Value(v) != float32(i+1) {
				t.Errorf("child %d has %v when Track returns: %v", i, ckpttest.Value(v), err)
			}
		})
	}
	all.Wait()
	require.NoError(t, s.AssertConsumed())
	require.Empty(t, parts.Owners())
}

// A caller calls a function while it is restored or saved.
type caller struct {
	ckpt.Module
	V    ckpttest.Variable
	call func() `ckpt:"-"`
}

func (c *caller) Initialize() error { c.call(); return nil }

func TestCallsAtOnce(t *testing.T) {
	dir := t.TempDir()
	c := ckpttest.New(t, ckpt.Group{"w": ckpttest.Scalar(1)})
	m := ckpttest.Must(ckpt.NewManager(c, dir))
	path := ckpttest.Must(m.Save(ctx))
	s := ckpttest.Must(c.Restore(ctx, path))
	planned := ckpttest.Must(c.Read(ctx, path, ckpt.Planned()))
	verbs := map[string]func() error{
		"Save":                  func() error { _, err := c.Save(ctx, filepath.Join(dir, "x")); return err },
		"Write":                 func() error { _, err := c.Write(ctx, filepath.Join(dir, "x")); return err },
		"WriteSection":          func() error { return c.WriteSection(ctx, filepath.Join(dir, "x"), 0, 1) },
		"Restore":               func() error { _, err := c.Restore(ctx, path); return err },
		"Read":                  func() error { _, err := c.Read(ctx, path); return err },
		"Track":                 func() error { return c.Track("v", ckpttest.Scalar(1)) },
		"View":                  func() error { _, err := c.View(); return err },
		"Sync":                  func() error { return c.Sync(ctx) },
		"Close":                 func() error { return c.Close() },
		"Manager.Save":          func() error { _, err := m.Save(ctx); return err },
		"Manager.Resume":        func() error { _, _, err := m.Resume(ctx); return err },
		"AssertConsumed":        func() error { return s.AssertConsumed() },
		"Update":                func() error { return s.Update(ctx) },
		"InitializeOrRestore":   func() error { return s.InitializeOrRestore(ctx) },
		"RunRestoreOps":         func() error { return planned.RunRestoreOps(ctx) },
		"Report (has the note)": func() error { return errors.New(s.Report().Notes[0].Text) },
	}
	for name, verb := range verbs {
		t.Run(name+" while a save calls back", func(t *testing.T) {
			called := false
			ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "w"), ckpt.OnWrite(func(context.Context, string) error {
				called = true
				err := verb()
				require.ErrorContains(t, err, "belongs to one goroutine at a time")
				if name != "Report (has the note)" {
					require.ErrorIs(t, err, ckpt.ErrBusy)
				}
				return nil
			})))
			require.True(t, called)
		})
	}
	t.Run("the counter can be read", func(t *testing.T) {
		before := c.SaveCounter()
		ckpttest.Must(c.Save(ctx, filepath.Join(t.TempDir(), "w"), ckpt.OnWrite(func(context.Context, string) error {
			require.Equal(t, before+1, c.SaveCounter())
			return nil
		})))
		require.Equal(t, before+1, c.SaveCounter())
	})
	t.Run("saves and restores of many goroutines succeed or are refused", func(t *testing.T) {
		dir := t.TempDir()
		c := ckpttest.New(t, ckpt.Group{"w": ckpttest.Scalar(1)})
		path := ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt")))
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for range 8 {
					var err error
					if i%2 == 0 {
						_, err = c.Save(ctx, filepath.Join(dir, "ckpt"))
					} else {
						_, err = c.Read(ctx, path)
					}
					if err != nil && !errors.Is(err, ckpt.ErrBusy) {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		require.NoError(t, c.Close())
	})
	t.Run("objects that a Module attaches during a call wait, and the call can be repeated", func(t *testing.T) {
		g := ckpttest.NodeOf("w", ckpttest.Scalar(1))
		c := ckpttest.New(t, g)
		ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1), "v", ckpttest.Scalar(2)))).ExpectPartial()
		v := ckpttest.Scalar(0)
		ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "w"), ckpt.OnWrite(func(context.Context, string) error {
			require.ErrorIs(t, g.Track("v", v), ckpt.ErrBusy)
			return nil
		})))
		require.Same(t, v, g.Tracked("v"))
		require.EqualValues(t, 0, ckpttest.Value(v))
		require.NoError(t, g.Track("v", v))
		require.EqualValues(t, 2, ckpttest.Value(v))
	})
	t.Run("an Initializer may attach and save", func(t *testing.T) {
		o := &caller{V: ckpttest.Scalar(0)}
		c := ckpttest.New(t, ckpt.Group{"other": ckpttest.Scalar(0), "o": o})
		s := ckpttest.Read(t, c, ckpttest.Written(t, ckpt.Group{"other": ckpttest.Scalar(1)})).ExpectPartial()
		o.call = func() {
			require.NoError(t, o.Track("v2", ckpttest.Scalar(3)))
			ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "w")))
		}
		require.NoError(t, s.InitializeOrRestore(ctx))
		require.NotNil(t, o.Tracked("v2"))
	})
}

// A settingCaller calls a function when it takes values.
type settingCaller struct {
	value *tensor.Tensor[float32]
	call  func()
}

func (c *settingCaller) CheckpointTensor() (tensor.Any, error) { return c.value, nil }

func (c *settingCaller) SetCheckpointTensor(t tensor.Any) error {
	c.call()
	return tensor.Assign(c.value, t)
}

// TestTrackWithinTrack attaches an object that calls the library while Track gives it its values. Every such call returns an
// error and does not block.
func TestTrackWithinTrack(t *testing.T) {
	whole := &ckpttest.Node{}
	require.NoError(t, whole.Track("a", ckpttest.Scalar(1)))
	require.NoError(t, whole.Track("b", ckpttest.Scalar(2)))
	parts, b, called := &ckpttest.Node{}, ckpttest.Scalar(0), 0
	c := ckpttest.New(t, parts)
	s := ckpttest.Read(t, c, ckpttest.Written(t, whole))
	var within func(depth int)
	within = func(depth int) {
		if depth > 0 { // the stack is read in pieces
			within(depth - 1)
			return
		}
		called++
		require.ErrorIs(t, parts.Track("b", b), ckpt.ErrBusy)
		_, err := c.Write(ctx, filepath.Join(t.TempDir(), "w"))
		require.ErrorIs(t, err, ckpt.ErrBusy)
		require.ErrorIs(t, s.Update(ctx), ckpt.ErrBusy)
	}
	a := &settingCaller{value: ckpttest.Scalar(0), call: func() { within(200) }}
	require.NoError(t, parts.Track("a", a))
	require.Equal(t, 1, called)
	require.EqualValues(t, 1, ckpttest.Value(a.value))
	require.NoError(t, parts.Track("b", b))
	require.EqualValues(t, 2, ckpttest.Value(b))
	require.NoError(t, s.AssertConsumed())
}
