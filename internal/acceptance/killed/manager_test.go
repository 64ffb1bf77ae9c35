package killed

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// A killedModel is the model that the processes train. Every value is the number of steps.
type killedModel struct {
	Step   int64 `ckpt:"step"`
	Values *tensor.Tensor[float32]
}

// TestManagerKilled kills processes that save in a loop, at random moments. Each process continues from what the one before left: a
// complete checkpoint, no older than the last one that was reported as saved.
func TestManagerKilled(t *testing.T) {
	requirePrograms(t)
	dir := t.TempDir()
	saved := int64(0)
	for range thorough.Pick(25, 4) {
		started := time.Now()
		child, lines := startTraining(t, dir)
		require.True(t, lines.Scan())
		var restored int64
		_, err := fmt.Sscanf(lines.Text(), "restored %d", &restored)
		require.NoError(t, err, lines.Text())
		require.GreaterOrEqual(t, restored, saved, "a save that was reported is lost")
		within := 40*time.Millisecond + time.Since(started) // it also saves now and then on a slow machine
		time.AfterFunc(rand.N(within), func() { _ = child.Process.Kill() })
		for lines.Scan() {
			_, err = fmt.Sscanf(lines.Text(), "saved %d", &saved)
			require.NoError(t, err, lines.Text())
		}
		require.Error(t, child.Wait(), "it was killed")
	}
	require.Positive(t, saved)

	m, _, err := resumeTraining(dir)
	require.NoError(t, err)
	for range 2 {
		ckpttest.Save(t, m)
	}
	require.Len(t, ckpttest.NamesIn(t, dir), 5, "a state file, and an index and a data file for each of two checkpoints")
}

// resumeTraining returns a Manager of a killedModel that was restored from dir. Values of different steps are an error.
func resumeTraining(dir string) (*ckpt.Manager, *killedModel, error) {
	model := &killedModel{Values: tensor.New[float32](20_000)}
	c, err := ckpt.New(model)
	if err != nil {
		return nil, nil, err
	}
	m, err := ckpt.NewManager(c, dir, ckpt.KeepLast(2))
	if err != nil {
		return nil, nil, err
	}
	if _, err := m.RestoreOrInitialize(ctx); err != nil {
		return nil, nil, err
	}
	for _, v := range model.Values.Data() {
		if v != float32(model.Step) {
			return nil, nil, fmt.Errorf("step %d was restored with a value of step %v", model.Step, v)
		}
	}
	return m, model, nil
}

// train is a victim. It prints the step that it restored, and every step that it has saved.
func train(dir string) error {
	m, model, err := resumeTraining(dir)
	if err != nil {
		return err
	}
	fmt.Printf("restored %d\n", model.Step)
	for {
		model.Step++
		for i := range model.Values.Data() {
			model.Values.Data()[i] = float32(model.Step)
		}
		if _, err := m.Save(ctx); err != nil {
			return err
		}
		fmt.Printf("saved %d\n", model.Step)
	}
}

// startTraining starts train in another process, and returns the lines that it prints.
func startTraining(t *testing.T, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	child := newVictim(t, "training", dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	return child, bufio.NewScanner(out)
}

// TestManagerProcesses has two processes save into one directory.
func TestManagerProcesses(t *testing.T) {
	requirePrograms(t)
	t.Run("R-27 a process that does not know of the other's saves is refused, and does not block the other", func(t *testing.T) {
		dir := t.TempDir()
		child, lines := startTraining(t, dir)
		await := func(step int64) { // waits until the child has saved that step
			for saved := int64(0); saved < step; {
				require.True(t, lines.Scan())
				_, _ = fmt.Sscanf(lines.Text(), "saved %d", &saved)
			}
		}
		await(2)
		m := ckpttest.ManageIn(t, dir)
		var known int64
		_, err := fmt.Sscanf(filepath.Base(m.Latest()), "ckpt-%d", &known)
		require.NoError(t, err)
		await(known + 1)
		for range 3 {
			_, err = m.Save(ctx)
			require.ErrorIs(t, err, ckpt.ErrInUse)
		}
		await(known + 5)
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait())

		next, _, err := resumeTraining(dir)
		require.NoError(t, err)
		path := ckpttest.Save(t, next)
		require.Equal(t, path, ckpttest.Latest(t, dir))
	})
}
