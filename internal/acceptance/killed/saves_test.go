package killed

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/crash"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// A victim is the function that a test's program runs until it is killed. It works in the directory dir.
type victim func(dir string) error

var victims = map[string]victim{
	"managed saves": func(dir string) error { return saveForever(dir) },
	"async saves":   func(dir string) error { return saveForever(dir, ckpt.Async()) },
	"plain saves":   plainSavesForever,
	"training":      train,
	"worker 0":      func(dir string) error { return workSection(dir, 0) },
	"worker 1":      func(dir string) error { return workSection(dir, 1) },
	"worker 2":      func(dir string) error { return workSection(dir, 2) },
	"merge": func(dir string) error {
		fmt.Println(crash.Ready)
		_, err := ckpt.Merge(ctx, filepath.Join(dir, "ckpt-9"))
		return err
	},
}

// beVictim is the main of a program that is to be killed.
func beVictim(name string) int {
	if err := victims[name](os.Getenv("CKPT_VICTIM_DIR")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// newVictim returns a command that runs the test's program as the victim called name.
func newVictim(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	require.Contains(t, victims, name)
	program := exec.Command(ckpttest.Must(os.Executable()))
	program.Env = append(os.Environ(), "CKPT_VICTIM="+name, "CKPT_VICTIM_DIR="+dir)
	return program
}

// requirePrograms skips the test if its program cannot be started again.
func requirePrograms(t *testing.T) {
	t.Helper()
	program := exec.Command(ckpttest.Must(os.Executable()), "-test.list=^$")
	if err := program.Run(); err != nil {
		t.Skipf("programs for %s cannot be started here, as under an emulator: %v", runtime.GOARCH, err)
	}
}

// saveForever saves with a Manager, and prints the number of every save that is done.
func saveForever(dir string, each ...ckpt.ManagerSaveOption) error {
	r := ckpttest.NewMarked()
	c, err := ckpt.New(ckpt.Group{"run": r})
	if err != nil {
		return err
	}
	m, err := ckpt.NewManager(c, dir, ckpt.KeepLast(2))
	if err != nil {
		return err
	}
	if _, err := m.RestoreOrInitialize(ctx); err != nil {
		return err
	}
	fmt.Println(crash.Ready)
	for {
		r.Advance()
		if _, err := m.Save(ctx, each...); err != nil {
			return err
		}
		if each != nil {
			if r.Step%2 == 0 {
				continue // the next save awaits it
			}
			if err := m.Sync(ctx); err != nil {
				return err
			}
		}
		fmt.Println(r.Step)
	}
}

// plainSavesForever saves without a Manager, with one shard per variable. Every other save overwrites the existing checkpoint.
func plainSavesForever(dir string) error {
	r := ckpttest.NewMarked()
	c, err := ckpt.New(ckpt.Group{"run": r})
	if err != nil {
		return err
	}
	latest, err := ckpt.Latest(dir)
	if err == nil && latest != "" {
		_, err = c.Restore(ctx, latest)
	}
	if err != nil {
		return err
	}
	fmt.Println(crash.Ready)
	for {
		r.Advance()
		path, err := c.Save(ctx, filepath.Join(dir, "ckpt"), ckpt.MaxShardSize(48<<10))
		if err != nil {
			return err
		}
		fmt.Println(r.Step)
		for _, old := range ckpttest.Must(filepath.Glob(filepath.Join(dir, "ckpt-*.index"))) {
			if old = strings.TrimSuffix(old, ".index"); old != path {
				if err := ckpt.Remove(old); err != nil {
					return err
				}
			}
		}
	}
}

// TestKilledSaves kills programs while they save in a loop. At any moment the latest checkpoint is complete, and no older than the last save
// that was reported as done.
func TestKilledSaves(t *testing.T) {
	requirePrograms(t)
	for _, kind := range []string{"managed saves", "async saves", "plain saves"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "train")
			first := ckpttest.NewMarked() // on a loaded machine, a program may be killed before its first save
			first.Advance()
			if c := ckpttest.New(t, ckpt.Group{"run": first}); kind == "plain saves" {
				ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt"), ckpt.MaxShardSize(48<<10)))
			} else {
				ckpttest.Save(t, ckpttest.Manage(t, c, dir))
			}
			var killer crash.Killer
			last := first.Step
			for range thorough.Tries(60, 3) {
				lines, err := killer.For(newVictim(t, kind, dir), 50*time.Millisecond)
				require.NoError(t, err)
				if len(lines) > 0 {
					last = ckpttest.Must(strconv.ParseInt(lines[len(lines)-1], 10, 64))
				}
				latest, err := ckpt.Latest(dir)
				require.NoError(t, err)
				require.NotEmpty(t, latest)
				got := ckpttest.NewMarked()
				c := ckpttest.New(t, ckpt.Group{"run": got})
				s, err := c.Restore(ctx, latest)
				require.NoError(t, err)
				require.NoError(t, s.AssertConsumed())
				got.RequireWhole(t)
				require.GreaterOrEqual(t, got.Step, last, "the program was told that this save is done")
				require.Equal(t, got.Step, c.SaveCounter())
				last = got.Step
			}
			t.Logf("%d killed, %d saves", killer.Kills(), last)
			require.Positive(t, killer.Kills())
			if kind == "plain saves" {
				return
			}
			m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"run": ckpttest.NewMarked()}), dir, ckpt.KeepLast(2))
			ckpttest.Must(m.RestoreOrInitialize(ctx))
			ckpttest.Save(t, m)
			ckpttest.Save(t, m)
			require.Len(t, ckpttest.NamesIn(t, dir), 5, "two checkpoints of two files, and the state file")
		})
	}
}

func workSection(dir string, worker int) error {
	own, rows := tensor.New[float32](5_000), tensor.New[float32](2_000, 2)
	for i := range own.Data() {
		own.Data()[i] = float32(worker)
	}
	for i := range rows.Data() {
		rows.Data()[i] = float32(4_000*worker + i)
	}
	c, err := ckpt.New(ckpt.Group{"table": rows, fmt.Sprint("own", worker): own})
	if err != nil {
		return err
	}
	fmt.Println(crash.Ready)
	err = c.WriteSection(ctx, filepath.Join(dir, "ckpt-9"), worker, ckpttest.Workers, ckpt.Parts(func(path string, _ tensor.Shape) (tensor.Shape, tensor.Slice) {
		if path != "table" {
			return nil, nil
		}
		return tensor.Shape{2_000 * ckpttest.Workers, 2}, tensor.Slice{{Start: 2_000 * worker, Length: 2_000}, tensor.Full}
	}))
	if errors.Is(err, ckpt.ErrStale) {
		return nil // it is already merged
	}
	return err
}

// TestKilledSections kills workers and mergers. A launcher starts each again until it succeeds.
func TestKilledSections(t *testing.T) {
	requirePrograms(t)
	var killer crash.Killer
	for rounds := 0; killer.Kills() < thorough.Tries(150, 5); rounds++ {
		dir := t.TempDir()
		if rounds == 0 { // measures how long each takes if nobody kills it
			for _, name := range []string{"worker 0", "worker 1", "worker 2", "merge"} {
				_, err := killer.Full(newVictim(t, name, dir))
				require.NoError(t, err)
			}
		} else {
			var all sync.WaitGroup
			for _, name := range []string{"worker 0", "worker 1", "worker 2", "merge", "merge"} {
				all.Go(func() { untilDone(t, &killer, name, dir) })
			}
			all.Wait()
		}
		if t.Failed() {
			return
		}
		_, err := ckpt.Merge(ctx, filepath.Join(dir, "ckpt-9"))
		require.NoError(t, err, "a merge may run again")
		table, own := tensor.New[float32](6_000, 2), []ckpttest.Variable{tensor.New[float32](5_000), tensor.New[float32](5_000), tensor.New[float32](5_000)}
		require.NoError(t, ckpt.LoadWeights(ctx, dir, ckpt.Group{"table": table, "own0": own[0], "own1": own[1], "own2": own[2]}, ckpt.Strict()))
		for i, v := range table.Data() {
			require.EqualValues(t, i, v)
		}
		for worker := range own {
			require.EqualValues(t, worker, own[worker].Data()[4_999])
		}
		require.Equal(t, []string{
			"checkpoint", "ckpt-9.data-00000-of-00004", "ckpt-9.data-00001-of-00004", "ckpt-9.data-00002-of-00004", "ckpt-9.data-00003-of-00004", "ckpt-9.index",
		}, ckpttest.NamesIn(t, dir))
	}
	t.Logf("%d killed", killer.Kills())
}

// untilDone kills a program a few times, and then lets it run to its end. If a merge fails because sections are missing, untilDone runs it
// again.
func untilDone(t *testing.T, killer *crash.Killer, name, dir string) {
	kills := rand.IntN(4)
	for start := time.Now(); time.Since(start) < time.Minute; kills-- {
		var done bool
		var err error
		if kills > 0 {
			_, done, err = killer.Once(newVictim(t, name, dir))
		} else if _, err = killer.Full(newVictim(t, name, dir)); err == nil {
			done = true
		}
		if done {
			return
		}
		if err != nil && !(name == "merge" && strings.Contains(err.Error(), ckpt.ErrSection.Error())) {
			t.Errorf("%s: %v", name, err)
			return
		}
	}
	t.Errorf("%s does not end", name)
}
