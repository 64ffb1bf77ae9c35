package fsx

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLock(t *testing.T) {
	lock := func(t *testing.T, dir string) interface{ Close() error } {
		t.Helper()
		c, err := OS{}.Lock(dir)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skipf("the filesystem of %s does not have locks", dir)
		}
		require.NoError(t, err)
		return c
	}

	t.Run("one lock at a time, even within a process", func(t *testing.T) {
		dir := t.TempDir()
		first := lock(t, dir)
		_, err := OS{}.Lock(dir)
		require.ErrorIs(t, err, ErrLocked)
		require.ErrorContains(t, err, dir)
		require.NoError(t, first.Close())
		require.NoError(t, lock(t, dir).Close())
	})

	t.Run("other directories stay unlocked, including the parent", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "a"), 0o777))
		a := lock(t, filepath.Join(dir, "a"))
		above := lock(t, dir)
		require.NoError(t, above.Close())
		require.NoError(t, a.Close())
	})

	t.Run("nothing is left in the directory", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, lock(t, dir).Close())
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, entries)
	})

	t.Run("a killed process releases its lock", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, lock(t, dir).Close())
		child := exec.Command(os.Args[0], "-test.run=^TestLockHolder$")
		child.Env = append(os.Environ(), "FSX_LOCK_DIR="+dir)
		in, err := child.StdinPipe() // stays open until the child is to end
		require.NoError(t, err)
		defer in.Close()
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "locked\n", line)

		_, err = OS{}.Lock(dir)
		require.ErrorIs(t, err, ErrLocked)
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait())
		require.NoError(t, lock(t, dir).Close())
	})

	t.Run("a missing directory", func(t *testing.T) {
		_, err := OS{}.Lock(filepath.Join(t.TempDir(), "none"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})

	t.Run("on a filesystem without locks, nothing is locked", func(t *testing.T) {
		dir := t.TempDir()
		type onlyFS struct{ FS }
		first, err := Lock(onlyFS{OS{}}, dir)
		require.NoError(t, err)
		second, err := Lock(onlyFS{OS{}}, dir)
		require.NoError(t, err)
		require.NoError(t, errors.Join(first.Close(), second.Close()))
	})
}

// TestLockHolder is the other process of TestLock. It locks a directory and waits until its input ends.
func TestLockHolder(t *testing.T) {
	dir := os.Getenv("FSX_LOCK_DIR")
	if dir == "" {
		t.Skip("not started by TestLock")
	}
	c, err := OS{}.Lock(dir)
	require.NoError(t, err)
	defer c.Close()
	_, err = os.Stdout.WriteString("locked\n")
	require.NoError(t, err)
	_, _ = os.Stdin.Read(make([]byte, 1))
}
