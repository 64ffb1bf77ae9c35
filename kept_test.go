package ckpt

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program that restores again and again without all that is stored keeps the last restore, not every one.
func TestRestoresThatAreReplaced(t *testing.T) {
	quiet := WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	dir := t.TempDir()
	save := func(name string, root Group) string {
		path, err := mustNew(t, root).Save(ctx, filepath.Join(dir, name))
		require.NoError(t, err)
		return path
	}
	first := save("a", Group{"model": groupOf("w", scalar(1)), "optimizer": groupOf("m", scalar(2))})
	second := save("b", Group{"model": groupOf("w", scalar(3)), "optimizer": groupOf("m", scalar(4))})
	more := save("c", Group{"model": groupOf("w", scalar(5)), "optimizer": groupOf("m", scalar(6), "v", scalar(7))})

	c := mustNew(t, Group{"model": groupOf("w", scalar(0))}, quiet)
	var statuses []*Status
	for range 5 {
		for _, path := range []string{first, second} {
			statuses = append(statuses, mustRead(t, c, path))
		}
	}
	require.Len(t, c.restorations, 1)
	mustRead(t, c, more)
	require.Len(t, c.restorations, 1, "it has all that the others have")
	mustRead(t, c, first)
	require.Len(t, c.restorations, 2, "v waits for the former")
	for range 5 {
		mustRead(t, c, first)
	}
	require.Len(t, c.restorations, 2)

	m, v := scalar(0), scalar(0)
	require.NoError(t, c.Track("optimizer", groupOf("m", m, "v", v)))
	require.EqualValues(t, 2, value0(m), "of the latest restore")
	require.EqualValues(t, 7, value0(v), "of the one that has it")
	require.ErrorContains(t, statuses[0].AssertExistingObjectsMatched(), "optimizer.v", "the first restore lacks it")
}

func TestNameBasedRestoresThatAreReplaced(t *testing.T) {
	quiet := WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	saver, err := NewSaver(Vars{"w": scalar(1), "v": scalar(2)})
	require.NoError(t, err)
	path, err := saver.Save(ctx, filepath.Join(t.TempDir(), "a"))
	require.NoError(t, err)
	w, v := scalar(0), scalar(0)
	c := mustNew(t, Group{"w": w}, quiet)
	for range 5 {
		_, err := c.Restore(ctx, path)
		require.NoError(t, err)
	}
	require.Len(t, c.restorations, 1)
	require.NoError(t, c.Track("v", v))
	require.EqualValues(t, 2, value0(v))
}
