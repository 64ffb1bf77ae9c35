package servertest

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/store"
)

// Killed kills workers, the merger and readers of one store at random moments. After each kill the latest checkpoint must be whole, and not
// older than before. In the end the files of killed processes must be gone, and TensorFlow must read the last checkpoint. The store must be
// empty below the address. Killed kills 40 processes, 500 if CKPT_THOROUGH is set, or the number in CKPT_KILLS.
func Killed(t *testing.T, address string, open Opener) {
	kills := thorough.Pick(500, 40)
	if n, err := strconv.Atoi(os.Getenv("CKPT_KILLS")); err == nil {
		kills = n
	}
	s, err := open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	roles := []string{"merger", "reader"}
	for i := range workers {
		roles = append(roles, strconv.Itoa(i))
	}
	running := make(map[string]*process)
	for _, role := range roles {
		running[role] = start(t, role, address)
	}
	random := rand.New(rand.NewPCG(1, 2))
	last := 0
	for kill := range kills {
		time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
		role := roles[random.IntN(len(roles))]
		if random.IntN(10) == 0 { // all at once
			for _, p := range running {
				p.kill(t)
			}
		} else {
			running[role].kill(t)
		}
		now, err := latest(s)
		if err != nil {
			t.Fatalf("kill %d, of %s: %v", kill, role, err)
		}
		if now < last {
			t.Fatalf("kill %d, of %s: step %d is the latest, and it was %d", kill, role, now, last)
		}
		if now > 0 && now != last {
			if err := load(t.Context(), s, now); err != nil {
				t.Fatalf("kill %d, of %s: %v", kill, role, err)
			}
		}
		last = now
		for role, p := range running {
			if p.ended {
				running[role] = start(t, role, address)
			}
		}
	}
	for deadline := time.Now().Add(time.Minute); ; { // the processes finish their work
		now, err := latest(s)
		if err != nil {
			t.Fatal(err)
		}
		if now >= last+3 {
			last = now
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no checkpoint was saved after step %d", now)
		}
		time.Sleep(20 * time.Millisecond)
	}
	for _, p := range running {
		p.kill(t)
	}
	t.Logf("%d processes were killed, %d checkpoints saved", kills, last)
	for step := max(1, last-20); step <= last; step++ {
		if err := load(t.Context(), s, step); err != nil {
			t.Error(err)
		}
	}
	checkSwept(t, s, last)
	readByTensorFlow(t, s, last)
}

// checkSwept saves and merges one more step, and reports objects that do not belong to a checkpoint.
func checkSwept(t *testing.T, s store.Store, last int) {
	for number := range workers {
		if err := section(t.Context(), s, last+1, number, workers); err != nil && !errors.Is(err, ckpt.ErrStale) {
			t.Fatal(err)
		}
	}
	if _, err := ckpt.Merge(t.Context(), prefixOf(last+1), ckpt.In(s), ckpt.Attempt("only")); err != nil {
		t.Fatal(err)
	}
	var left []string
	for o, err := range s.List(t.Context(), "run/") {
		if err != nil {
			t.Fatal(err)
		}
		base := path.Base(o.Name)
		switch step, _, _ := strings.Cut(strings.TrimPrefix(base, "ckpt-"), "."); {
		case strings.HasPrefix(base, ".ckpt-probe-"): // left by a process that was killed in a probe: a later probe sweeps it after an hour
		case base == "checkpoint", strings.Contains(base, ".data-") && step != "", strings.HasSuffix(base, ".index"):
		default:
			for o, err := range s.List(t.Context(), o.Name) {
				if err != nil {
					t.Fatal(err)
				}
				left = append(left, o.Name)
			}
		}
	}
	if len(left) > 0 {
		t.Errorf("%d objects are left: %v", len(left), left[:min(10, len(left))])
	}
}

// readByTensorFlow downloads a checkpoint and reads it with TensorFlow, if CKPT_PYTHON names a Python that has it.
func readByTensorFlow(t *testing.T, s store.Store, step int) {
	python := os.Getenv("CKPT_PYTHON")
	if python == "" {
		if os.Getenv("CKPT_SERVERS") == "required" {
			t.Error("CKPT_PYTHON must name a Python with TensorFlow")
		}
		return
	}
	dir := t.TempDir()
	for o, err := range s.List(t.Context(), prefixOf(step)+".") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(o.Name, "/") {
			continue
		}
		data, _, err := store.ReadAll(t.Context(), s, o.Name, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path.Join(dir, path.Base(o.Name)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(python, "-c", `import sys, tensorflow as tf
r = tf.train.load_checkpoint(sys.argv[1])
v = r.get_tensor("model/table/.ATTRIBUTES/VARIABLE_VALUE")
assert v.shape == (16, 1000) and (v == float(sys.argv[2])).all(), v
`, path.Join(dir, path.Base(prefixOf(step))), strconv.Itoa(step)).CombinedOutput()
	if err != nil {
		t.Errorf("TensorFlow: %v: %s", err, out)
	}
}
