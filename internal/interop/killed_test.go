//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/crash"
	"github.com/gockpt/ckpt/tensor"
)

const killedWorkers = 3

// victim is the main function of a program that TestKilledWorkers kills. It is one of the workers, or the
// merge.
func victim() error {
	ctx, prefix := context.Background(), os.Getenv("CKPT_VICTIM_PREFIX")
	if os.Getenv("CKPT_VICTIM") == "merge" {
		fmt.Println(crash.Ready)
		_, err := ckpt.Merge(ctx, prefix)
		return err
	}
	worker, err := strconv.Atoi(os.Getenv("CKPT_VICTIM"))
	if err != nil {
		return err
	}
	rows, err := tensor.FromSlice(counting(1000 * killedWorkers)[1000*worker:1000*worker+1000], 500, 2)
	if err != nil {
		return err
	}
	own := float32(worker)
	c, err := ckpt.New(ckpt.Group{"table": rows, fmt.Sprint("own", worker): &own})
	if err != nil {
		return err
	}
	fmt.Println(crash.Ready)
	err = c.WriteSection(ctx, prefix, worker, killedWorkers, ckpt.Parts(func(path string, _ tensor.Shape) (tensor.Shape, tensor.Slice) {
		if path != "table" {
			return nil, nil
		}
		return tensor.Shape{500 * killedWorkers, 2}, tensor.Slice{{Start: 500 * worker, Length: 500}, tensor.Full}
	}))
	if errors.Is(err, ckpt.ErrStale) {
		return nil
	}
	return err
}

// TestKilledWorkers kills hundreds of workers and mergers at random moments, and starts each again until it
// succeeds. TensorFlow restores every resulting checkpoint.
func TestKilledWorkers(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	var killer crash.Killer
	restored := 0
	for killer.Kills() < 300 {
		prefix := filepath.Join(t.TempDir(), "ckpt-3")
		process := func(name string) *exec.Cmd {
			p := exec.Command(self)
			p.Env = append(os.Environ(), "CKPT_VICTIM="+name, "CKPT_VICTIM_PREFIX="+prefix)
			return p
		}
		untilDone := func(name string) error {
			kills := rand.IntN(6)
			if restored == 0 {
				kills = 0 // only measured the first time
			}
			for ; kills > 0; kills-- {
				if _, done, err := killer.Once(process(name)); done {
					return nil
				} else if err != nil && name != "merge" {
					return err
				}
			}
			for tries := 1; ; tries++ {
				_, err := killer.Full(process(name))
				early := err != nil && name == "merge" && (strings.Contains(err.Error(), ckpt.ErrSection.Error()) || strings.Contains(err.Error(), "did not agree on an attempt"))
				if !early || tries == 1000 {
					return err
				}
			}
		}
		names := []string{"0", "1", "2", "merge", "merge"}
		errs := make([]error, len(names))
		var all sync.WaitGroup
		for i, name := range names {
			all.Go(func() { errs[i] = untilDone(name) })
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		const value = "/.ATTRIBUTES/VARIABLE_VALUE"
		want := map[string][]float32{"table" + value: counting(1000 * killedWorkers), "own0" + value: {0}, "own1" + value: {1}, "own2" + value: {2}}
		require.Equal(t, want, ask[map[string][]float32](t, "stored", arguments{"prefix": prefix}))
		// A late worker may have been killed after everything else was done. The next merge removes its
		// leftovers.
		_, err := ckpt.Merge(context.Background(), prefix)
		require.NoError(t, err)
		require.Equal(t, []string{"checkpoint", "ckpt-3.data-00000-of-00004", "ckpt-3.data-00001-of-00004", "ckpt-3.data-00002-of-00004", "ckpt-3.data-00003-of-00004", "ckpt-3.index"},
			slices.Sorted(slices.Values(fileNames(t, filepath.Dir(prefix)))))
		restored++
	}
	t.Logf("%d processes killed, %d checkpoints restored by TensorFlow", killer.Kills(), restored)
}
