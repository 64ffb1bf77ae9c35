package bundle

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/crash"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// TestMain runs the tests, or a program that saves until it is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CKPT_VICTIM_DIR"); dir != "" {
		if err := overwriteForever(filepath.Join(dir, "c")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// overwriteForever saves over the checkpoint at prefix, and prints the number of each save that is done.
func overwriteForever(prefix string) error {
	ctx := context.Background()
	step := tensor.New[int64]()
	if r, err := Open(fsx.OS{}, prefix); err == nil {
		if err := r.Read(ctx, "step", step); err != nil {
			return err
		}
	}
	fmt.Println(crash.Ready)
	for {
		step.Data()[0]++
		shards := 1 + int(step.At()/2%3) // two saves in a row have the same number
		w := Create(fsx.OS{}, prefix, Options{Shards: shards})
		large := tensor.New[int64](20_000)
		for i := range large.Data() {
			large.Data()[i] = step.At()
		}
		for i := range shards {
			if err := w.Add(i, fmt.Sprint("large", i), format.SourceOf(large)); err != nil {
				return err
			}
		}
		if err := w.Add(shards-1, "step", format.SourceOf(step)); err != nil {
			return err
		}
		if err := w.Commit(ctx); err != nil {
			return err
		}
		fmt.Println(step.At())
	}
}

// This test kills programs that save again and again under one name. The checkpoint is complete and no older than the last save
// that was done. A save that finishes leaves only its own files.
func TestKilledOverwrites(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	if err := exec.Command(self, "-test.list=^$").Run(); err != nil {
		t.Skipf("programs for %s cannot be started here, as under an emulator: %v", runtime.GOARCH, err)
	}
	dir := t.TempDir()
	var killer crash.Killer
	last := int64(0)
	for range thorough.Pick(300, 3) {
		victim := exec.Command(self)
		victim.Env = append(os.Environ(), "CKPT_VICTIM_DIR="+dir)
		lines, err := killer.For(victim, 30*time.Millisecond)
		require.NoError(t, err)
		if len(lines) > 0 {
			last, err = strconv.ParseInt(lines[len(lines)-1], 10, 64)
			require.NoError(t, err)
		}
		r, err := Open(fsx.OS{}, filepath.Join(dir, "c"))
		if last == 0 && err != nil {
			continue // killed before the first save was done
		}
		require.NoError(t, err)
		require.NoError(t, r.Verify(t.Context(), func(p Problem) { t.Error(p) }))
		step, large := tensor.New[int64](), tensor.New[int64](20_000)
		require.NoError(t, r.Read(t.Context(), "step", step))
		require.NoError(t, r.Read(t.Context(), "large0", large))
		require.NoError(t, r.Close())
		require.Equal(t, step.At(), large.At(19_999))
		require.GreaterOrEqual(t, step.At(), last)
		last = step.At()
	}
	saveShards(t, fsx.OS{}, filepath.Join(dir, "c"), 2, 1)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{"c.data-00000-of-00002", "c.data-00001-of-00002", "c.index"}, names)
}
