//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package fsx_test

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx"
)

// Opening a pipe fails at once, even if the pipe replaces a file at any moment.
func TestAPipeIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	name, pipe, file := filepath.Join(dir, "f"), filepath.Join(dir, "pipe"), filepath.Join(dir, "file")
	require.NoError(t, syscall.Mkfifo(pipe, 0o666))
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o666))
	for _, open := range []func(string) (fsx.Reader, error){
		fsx.OS{}.Open,
		func(name string) (fsx.Reader, error) { return fsx.FromFS(os.DirFS(dir)).Open(filepath.Base(name)) },
	} {
		_, err := open(pipe)
		require.ErrorContains(t, err, "not a regular file")
	}
	require.NoError(t, os.Link(file, name))
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			temp := filepath.Join(dir, "temp")
			if err := os.Link([]string{pipe, file}[i%2], temp); err != nil {
				t.Error(err)
			}
			if err := os.Rename(temp, name); err != nil {
				t.Error(err)
			}
			os.Remove(temp) // it stays if both names were one file
		}
	})
	for range 5000 {
		if r, err := (fsx.OS{}).Open(name); err == nil {
			require.NoError(t, r.Close())
		} else {
			require.ErrorContains(t, err, "not a regular file")
		}
	}
	close(stop)
	wg.Wait()
}
