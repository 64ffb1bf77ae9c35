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
	"github.com/gockpt/ckpt/tensor"
)

// kills is how many processes TestManagerKilled kills.
const kills = 25

// killedModel is what the processes train: values that are all the number of steps.
type killedModel struct {
	Step   int64 `ckpt:"step"`
	Values *tensor.Tensor[float32]
}

// TestManagerKilled kills processes that save in a loop, at moments of chance. Each goes on from what the one before left: a
// checkpoint that is whole, and no older than the last that was reported saved.
func TestManagerKilled(t *testing.T) {
	dir := t.TempDir()
	saved := int64(0)
	for range kills {
		child := exec.Command(os.Args[0], "-test.run=^TestManagerKilledChild$")
		child.Env = append(os.Environ(), "CKPT_KILLED_DIR="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		started := time.Now()
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(out)
		require.True(t, lines.Scan())
		var restored int64
		_, err = fmt.Sscanf(lines.Text(), "restored %d", &restored)
		require.NoError(t, err, lines.Text())
		require.GreaterOrEqual(t, restored, saved, "what was reported saved")
		within := 40*time.Millisecond + time.Since(started) // on a slow machine too it saves now and then
		time.AfterFunc(rand.N(within), func() { _ = child.Process.Kill() })
		for lines.Scan() {
			_, err = fmt.Sscanf(lines.Text(), "saved %d", &saved)
			require.NoError(t, err, lines.Text())
		}
		require.Error(t, child.Wait(), "it was killed")
	}
	require.Positive(t, saved)

	m, _ := manageKilled(t, dir)
	for range 2 {
		ckpttest.Save(t, m)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Len(t, names, 5, "nothing is left of what was killed but the checkpoints that are kept: %v", names)
}

// manageKilled returns a Manager of a killedModel, which was restored and is whole.
func manageKilled(t *testing.T, dir string) (*ckpt.Manager, *killedModel) {
	t.Helper()
	model := killedModel{Values: tensor.New[float32](20_000)}
	m := ckpttest.Manage(t, ckpttest.New(t, &model), dir, ckpt.KeepLast(2))
	_, err := m.RestoreOrInitialize(ctx)
	require.NoError(t, err)
	for _, v := range model.Values.Data() {
		require.EqualValues(t, model.Step, v)
	}
	return m, &model
}

// TestManagerKilledChild is a process of TestManagerKilled: it says what it restored, and saves until it is killed.
func TestManagerKilledChild(t *testing.T) {
	dir := os.Getenv("CKPT_KILLED_DIR")
	if dir == "" {
		t.Skip("not started by TestManagerKilled")
	}
	m, model := manageKilled(t, dir)
	fmt.Printf("restored %d\n", model.Step)
	for {
		model.Step++
		for i := range model.Values.Data() {
			model.Values.Data()[i] = float32(model.Step)
		}
		ckpttest.Save(t, m)
		fmt.Printf("saved %d\n", model.Step)
	}
}

// TestManagerProcesses has two processes save into one directory.
func TestManagerProcesses(t *testing.T) {
	t.Run("R-27 the one that does not know of the other's saves is refused, and does not hinder it", func(t *testing.T) {
		dir := t.TempDir()
		child := exec.Command(os.Args[0], "-test.run=^TestManagerKilledChild$")
		child.Env = append(os.Environ(), "CKPT_KILLED_DIR="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(out)
		await := func(step int64) { // waits until the child has saved that step
			for saved := int64(0); saved < step; {
				require.True(t, lines.Scan())
				_, _ = fmt.Sscanf(lines.Text(), "saved %d", &saved)
			}
		}
		await(2)
		m := ckpttest.ManageIn(t, dir)
		var known int64
		_, err = fmt.Sscanf(filepath.Base(m.Latest()), "ckpt-%d", &known)
		require.NoError(t, err)
		await(known + 1)
		for range 10 {
			_, err = m.Save(ctx)
			require.ErrorIs(t, err, ckpt.ErrInUse)
		}
		await(known + 20)
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait())

		next, _ := manageKilled(t, dir)
		path := ckpttest.Save(t, next)
		require.Equal(t, path, ckpttest.Latest(t, dir))
	})
}
