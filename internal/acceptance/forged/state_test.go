package forged

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
)

// FuzzStateFile gives any text as a state file to all calls that look for the latest checkpoint. They must not open, create or
// delete anything outside the directory, and inside it only a Manager's checkpoints.
func FuzzStateFile(f *testing.F) {
	for _, name := range append(ckpttest.Must(filepath.Glob(ckpttest.Path("testdata/golden/state-files/*/checkpoint"))), ckpttest.Must(filepath.Glob(ckpttest.Path("testdata/golden/manager-*/*/checkpoint")))...) {
		f.Add(string(ckpttest.Must(os.ReadFile(name))))
	}
	texts := stateTexts(true)
	for i := 0; i < len(texts); i += 37 { // TestForgedStateFiles runs them all
		f.Add(texts[i])
	}
	f.Fuzz(lookForLatest)
}

// TestForgedStateFiles puts all kinds of paths into every field of a state file.
func TestForgedStateFiles(t *testing.T) {
	texts := stateTexts(thorough.Asked())
	require.Greater(t, len(texts), thorough.Pick(600, 50))
	for _, text := range texts {
		lookForLatest(t, text)
	}
	t.Logf("%d state files", len(texts))
}

// stateTexts are state files with paths that lead everywhere: all pairs of them, or all that have an ordinary path in one field.
func stateTexts(all bool) (texts []string) {
	paths := []string{
		"ckpt-1", "ckpt-2", "./ckpt-1", "gone", "keep", "below/ckpt-1", "../other/ckpt-1", "below/../../other/ckpt-1", "..", ".", "", "/", "/abs/ckpt-1", "/abs/../abs/ckpt-1", "/gone", "/abs/gone",
		`\000`, `ckpt-1\000/../../other/ckpt-1`, `a\nb`, `\033[2J`, `\377`, "*", "ckpt-?", "ckpt-1.index", "checkpoint", strings.Repeat("a/", 3000), "d/ckpt-1",
	}
	for i, latest := range paths {
		for j, other := range paths {
			if !all && i > 0 && j > 0 {
				continue
			}
			times := []string{"1", "nan", "inf", "-1", "1e300"}[(i+j)%5]
			texts = append(texts, fmt.Sprintf("model_checkpoint_path: \"%s\"\nall_model_checkpoint_paths: \"%s\"\nall_model_checkpoint_paths: \"%s\"\n"+
				"all_model_checkpoint_timestamps: %s\nall_model_checkpoint_timestamps: 2\nlast_preserved_timestamp: 0.5\n", latest, other, latest, times))
		}
	}
	return texts
}

// stateDisk has checkpoints in the directory d, below it, and elsewhere.
var stateDisk = sync.OnceValue(func() *errfs.FS {
	made := errfs.New()
	for _, prefix := range []string{"d/ckpt-1", "d/ckpt-2", "d/keep", "d/below/ckpt-1", "other/ckpt-1", "/abs/ckpt-1"} {
		ckpttest.Must(ckpttest.Must(ckpt.New(ckpt.Group{"v": ckpttest.Scalar(3)}, ckpttest.On(made))).Write(ctx, prefix))
	}
	return made
})

// lookForLatest runs all calls that read a state file.
func lookForLatest(t *testing.T, text string) {
	disk := stateDisk().Reboot(errfs.KeepAll)
	require.NoError(t, disk.WriteFile("d/checkpoint", []byte(text)))
	before := disk.Files()
	names := func(err error) {
		t.Helper()
		if err != nil {
			require.ErrorContains(t, err, "d", "%q", text)
		}
	}
	start := allocated()
	latest, err := ckpt.Latest("d", ckpttest.On(disk))
	names(err)
	if latest != "" {
		require.True(t, strings.HasPrefix(filepath.Clean(latest), "d/") || filepath.Clean(latest) == "d", "%q: %s", text, latest)
	}
	if r, err := ckpt.Open("d", ckpttest.On(disk)); err != nil {
		names(err)
	} else {
		require.NoError(t, r.Close())
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = ckpt.WaitForNew(gone, "d", "d/ckpt-1", ckpttest.On(disk))
	names(err)
	require.Equal(t, before, disk.Files(), "%q: a read must not change files", text)

	v := ckpttest.Scalar(4)
	c, err := ckpt.New(ckpt.Group{"v": v}, ckpttest.On(disk))
	require.NoError(t, err)
	if m, err := ckpt.NewManager(c, "d", ckpt.KeepLast(1)); err != nil {
		names(err)
	} else {
		_, err = m.RestoreOrInitialize(ctx)
		names(err)
		for range 2 {
			if _, err = m.Save(ctx); err != nil {
				names(err)
				break
			}
		}
		if err == nil {
			require.Equal(t, m.Latest(), ckpttest.Must(ckpt.Latest("d", ckpttest.On(disk))), "%q", text)
		}
	}
	require.Less(t, allocated()-start, uint64(16<<20+256*len(text)), "%q", text)
	after := disk.Files()
	for name, b := range before {
		own := strings.HasPrefix(name, "d/") && strings.Count(name, "/") == 1
		require.True(t, own || string(after[name]) == string(b), "%q: %s has changed", text, name)
	}
	for _, op := range disk.Log() {
		// A call may check that a file exists elsewhere, in order to mention it in an error.
		name := filepath.Clean(op.Name)
		inside := name == "d" || strings.HasPrefix(name, "d/")
		require.True(t, inside || op.Kind == errfs.Stat, "%q: %v", text, op)
	}
	require.Zero(t, disk.OpenFiles(), "%q", text)
}
