package killed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/crash"
	"github.com/gockpt/ckpt/tensor"
)

func init() {
	victims["save with files limited to 1 MiB"] = saveLimited
	victims["managed saves, ten"] = saveTen
}

// saveLimited saves a model that fits, and then one that does not: the system ends a write in the middle of the file.
func saveLimited(dir string) error {
	fmt.Println(crash.Ready)
	limit := syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	large := tensor.New[uint8](1000)
	c, err := ckpt.New(ckpt.Group{"v": large})
	if err != nil {
		return err
	}
	if _, err := c.Save(ctx, filepath.Join(dir, "ckpt")); err != nil {
		return err
	}
	*large = *tensor.New[uint8](3 << 20)
	_, err = c.Save(ctx, filepath.Join(dir, "ckpt"))
	if !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("a save of more than the disk holds: %w", err)
	}
	fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
	return nil
}

// saveTen saves ten times. A directory that is in use is not a failure.
func saveTen(dir string) error {
	v := ckpttest.Scalar(0)
	c, err := ckpt.New(ckpt.Group{"v": v})
	if err != nil {
		return err
	}
	m, err := ckpt.NewManager(c, dir, ckpt.KeepLast(3))
	if err != nil {
		return err
	}
	fmt.Println(crash.Ready)
	saved := 0
	for range 10 {
		_, err := m.Save(ctx)
		switch {
		case err == nil:
			saved++
		case !errors.Is(err, ckpt.ErrInUse):
			return err
		default: // the other process has saved: continue from there, as a restarted job does
			if m, err = ckpt.NewManager(c, dir, ckpt.KeepLast(3)); err != nil {
				return err
			}
			if _, err := m.RestoreOrInitialize(ctx); err != nil && !errors.Is(err, ckpt.ErrNotFound) {
				return err
			}
		}
	}
	fmt.Println(saved)
	return nil
}

func TestFullDisk(t *testing.T) {
	requirePrograms(t)
	dir := t.TempDir()
	var killer crash.Killer
	lines, err := killer.Full(newVictim(t, "save with files limited to 1 MiB", dir))
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], filepath.Join(dir, "ckpt-2"), "the error says which file")
	require.Equal(t, []string{"checkpoint", "ckpt-1.data-00000-of-00001", "ckpt-1.index"}, ckpttest.NamesIn(t, dir))
	v := tensor.New[uint8](1000)
	_, err = ckpttest.New(t, ckpt.Group{"v": v}).Restore(ctx, ckpttest.Must(ckpt.Latest(dir)))
	require.NoError(t, err)
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		// Permissions do not restrict root. A kernel directory that does not accept files does.
		_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Save(ctx, "/proc/ckpt")
		require.ErrorContains(t, err, "/proc/ckpt-1")
		return
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o555))
	c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
	_, err := c.Save(ctx, filepath.Join(dir, "ckpt"))
	require.ErrorIs(t, err, os.ErrPermission)
	require.ErrorContains(t, err, filepath.Join(dir, "ckpt-1"))
	require.Zero(t, c.SaveCounter())
	require.Empty(t, ckpttest.NamesIn(t, dir))
}

// TestTwoManagers has two processes manage one directory at once.
func TestTwoManagers(t *testing.T) {
	requirePrograms(t)
	dir := filepath.Join(t.TempDir(), "train")
	var killer crash.Killer
	errs := make(chan error)
	for range 2 {
		go func() {
			_, err := killer.Full(newVictim(t, "managed saves, ten", dir))
			errs <- err
		}()
	}
	require.NoError(t, errors.Join(<-errs, <-errs))
	m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)}), dir, ckpt.KeepLast(3))
	require.NotEmpty(t, m.Checkpoints())
	for _, path := range m.Checkpoints() {
		_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)}).Restore(ctx, path)
		require.NoError(t, err)
	}
	ckpttest.Must(m.RestoreOrInitialize(ctx))
	for range 3 {
		ckpttest.Save(t, m)
	}
	require.Len(t, ckpttest.NamesIn(t, dir), 7, "three checkpoints and the state file")
}

func TestPermissions(t *testing.T) {
	t.Run("files have the permissions of os.Create, directories those of os.MkdirAll", func(t *testing.T) {
		dir := t.TempDir()
		f := ckpttest.Must(os.Create(filepath.Join(dir, "made")))
		require.NoError(t, f.Close())
		require.NoError(t, os.Mkdir(filepath.Join(dir, "below"), 0o777))
		file, below := ckpttest.Must(os.Stat(filepath.Join(dir, "made"))).Mode(), ckpttest.Must(os.Stat(filepath.Join(dir, "below"))).Mode()
		ckpttest.Must(ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Save(ctx, filepath.Join(dir, "train", "ckpt")))
		require.Equal(t, below, ckpttest.Must(os.Stat(filepath.Join(dir, "train"))).Mode())
		for _, name := range ckpttest.NamesIn(t, filepath.Join(dir, "train")) {
			require.Equal(t, file, ckpttest.Must(os.Stat(filepath.Join(dir, "train", name))).Mode(), name)
		}
	})
	t.Run("files have the caller's permissions, reduced by the umask", func(t *testing.T) {
		defer syscall.Umask(syscall.Umask(0o027))
		for _, test := range []struct{ asked, file, dir os.FileMode }{{0o600, 0o600, 0o700}, {0o660, 0o640, 0o750}, {0o666, 0o640, 0o750}, {0o644, 0o640, 0o750}} {
			dir := filepath.Join(t.TempDir(), "train")
			c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}, ckpt.FileMode(test.asked))
			ckpttest.Save(t, ckpttest.Manage(t, c, dir, ckpt.KeepLast(1)))
			require.NoError(t, c.WriteSection(ctx, filepath.Join(dir, "sections"), 0, 1))
			ckpttest.Must(ckpt.Merge(ctx, filepath.Join(dir, "sections"), ckpt.FileMode(test.asked)))
			require.NoError(t, ckpt.SaveWeights(ctx, filepath.Join(dir, "below", "weights"), &ckpttest.Block{W: *ckpttest.Vector(1)}, ckpt.FileMode(test.asked)))
			made := 0
			require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
				require.NoError(t, err)
				want := test.file
				if d.IsDir() {
					want = test.dir
				}
				require.Equal(t, want, ckpttest.Must(d.Info()).Mode().Perm(), path)
				made++
				return nil
			}))
			require.Greater(t, made, 8)
		}
		for _, mode := range []os.FileMode{0o400, 0o066, os.ModeDir | 0o700, 0o4755 | os.ModeSetuid} {
			_, err := ckpt.New(ckpt.Group{}, ckpt.FileMode(mode))
			require.ErrorContains(t, err, "FileMode")
		}
	})
}
