package ckpt

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

	m := manageKilled(t, dir)
	for range 2 {
		mustSave(t, m)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Len(t, names, 5, "nothing is left of what was killed but the checkpoints that are kept: %v", names)
}

// manageKilled returns a Manager of a killedModel that was restored and is whole.
func manageKilled(t *testing.T, dir string) *Manager {
	t.Helper()
	model := killedModel{Values: tensor.New[float32](20_000)}
	m := mustManage(t, mustNew(t, &model), dir, KeepLast(2))
	_, err := m.RestoreOrInitialize(ctx)
	require.NoError(t, err)
	for _, v := range model.Values.Data() {
		require.EqualValues(t, model.Step, v)
	}
	return m
}

func modelOf(m *Manager) *killedModel { return m.Checkpoint().root.(*killedModel) }

// TestManagerKilledChild is a process of TestManagerKilled: it says what it restored, and saves until it is killed.
func TestManagerKilledChild(t *testing.T) {
	dir := os.Getenv("CKPT_KILLED_DIR")
	if dir == "" {
		t.Skip("not started by TestManagerKilled")
	}
	m := manageKilled(t, dir)
	model := modelOf(m)
	fmt.Printf("restored %d\n", model.Step)
	for {
		model.Step++
		for i := range model.Values.Data() {
			model.Values.Data()[i] = float32(model.Step)
		}
		mustSave(t, m)
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
		m := manage(t, dir)
		var known int64
		_, err = fmt.Sscanf(filepath.Base(m.Latest()), "ckpt-%d", &known)
		require.NoError(t, err)
		await(known + 1)
		for range 10 {
			_, err = m.Save(ctx)
			require.ErrorIs(t, err, ErrInUse)
		}
		await(known + 20)
		require.NoError(t, child.Process.Kill())
		require.Error(t, child.Wait())

		next := manageKilled(t, dir)
		path := mustSave(t, next)
		require.Equal(t, path, mustLatest(t, dir))
	})
}

func ExampleManager() {
	dir, err := os.MkdirTemp("", "train")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	var model struct {
		Step    int64 `ckpt:"step"`
		Weights tensor.Tensor[float32]
	}
	model.Weights = *tensor.New[float32](10)

	c, err := New(Group{"model": &model})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := NewManager(c, dir, KeepLast(2), SaveInterval(100, func() int64 { return model.Step }))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := m.RestoreOrInitialize(ctx); err != nil { // goes on where the last run stopped
		fmt.Println(err)
		return
	}
	for ; model.Step < 500; model.Step++ {
		path, err := m.Save(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		if path != "" {
			fmt.Println("saved", filepath.Base(path), "at step", model.Step)
		}
	}
	fmt.Println("kept", len(m.Checkpoints()))
	// Output:
	// saved ckpt-1 at step 0
	// saved ckpt-2 at step 100
	// saved ckpt-3 at step 200
	// saved ckpt-4 at step 300
	// saved ckpt-5 at step 400
	// kept 2
}
