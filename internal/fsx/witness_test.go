package fsx_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx"
)

// Several commits write one file at once. Each succeeds, the file is one of theirs, and no other files are
// left.
func TestWritesOfOneFileAtOnce(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "checkpoint")
	for range 20 {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if err := fsx.WriteFile(t.Context(), fsx.OS{}, name, fmt.Append(nil, i)); err != nil {
					t.Error(err)
				}
				if _, err := fsx.Sweep(fsx.OS{}, dir, func(string) bool { return true }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		data, err := fsx.ReadFile(fsx.OS{}, name, 10)
		require.NoError(t, err)
		require.Len(t, data, 1)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1)
	}
}

func TestSweepSparesThoseWhoRun(t *testing.T) {
	ended := exec.Command(os.Args[0], "-test.list=^$")
	require.NoError(t, ended.Run())
	this := fsx.OS{}.Writer()
	require.Regexp(t, "^[0-9a-f]{24}$", this)
	machine, start := this[:8], this[16:]
	other := strings.Map(func(r rune) rune { // digits that commits do not use
		if r == 'f' {
			return '0'
		}
		return 'f'
	}, machine)
	longAgo := time.Now().Add(-2 * time.Hour)
	for name, c := range map[string]struct {
		writer  string
		modTime time.Time
		runs    bool
	}{
		"this process": {this, longAgo, true},
		"an earlier process with this process's number": {this[:16] + other, time.Now(), false},
		"a process that has ended":                      {machine + fmt.Sprintf("%08x", ended.Process.Pid) + start, time.Now(), false},
		"a running process":                             {machine + fmt.Sprintf("%08x", os.Getppid()) + start, longAgo, true},
		"another machine, just now":                     {other + this[8:], time.Now(), true},
		"another machine, long ago":                     {other + this[8:], longAgo, false},
		"not a commit's file, just now":                 {strings.Repeat("z", 24), time.Now(), true},
		"not a commit's file, long ago":                 {strings.Repeat("z", 24), longAgo, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.runs, fsx.OS{}.Runs(c.writer, c.modTime))
			if strings.Contains(c.writer, "z") {
				return // the names of a commit's files end in hexadecimal digits
			}
			dir := t.TempDir()
			left := filepath.Join(dir, "checkpoint.tmp"+c.writer+"01234567")
			require.NoError(t, os.WriteFile(left, nil, 0o666))
			require.NoError(t, os.Chtimes(left, c.modTime, c.modTime))
			require.NoError(t, fsx.WriteFile(t.Context(), fsx.OS{}, filepath.Join(dir, "checkpoint"), nil))
			_, err := os.Stat(left)
			require.Equal(t, c.runs, err == nil)
			removed, err := fsx.SweepAll(fsx.OS{}, dir, func(string) bool { return true })
			require.NoError(t, err)
			require.Equal(t, c.runs, len(removed) == 1)
		})
	}
}
