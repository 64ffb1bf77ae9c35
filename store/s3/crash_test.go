package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/tensor"
)

const workers = 8

// TestMain lets the test program be a process of TestKilled, too.
func TestMain(m *testing.M) {
	if role := os.Getenv("CKPT_ROLE"); role != "" {
		s, err := Open(context.Background(), os.Getenv("CKPT_ROLE_STORE"))
		if err == nil {
			err = run(role, s)
		}
		fmt.Fprintln(os.Stderr, role+":", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// run does what a process of TestKilled does, until it is killed.
func run(role string, s store.Store) error {
	ctx := context.Background()
	switch {
	case role == "merger":
		return merger(ctx, s)
	case role == "reader":
		return reader(ctx, s)
	}
	var number, of int
	if n, _ := fmt.Sscanf(role, "%d of %d", &number, &of); n == 2 {
		if err := section(ctx, s, 1, number, of); err != nil {
			return err
		}
		os.Exit(0)
	}
	number, err := strconv.Atoi(role)
	if err != nil {
		return err
	}
	return worker(ctx, s, number)
}

// A model is what all workers hold together: rows of a table each, and a bias of which all have the same.
type model struct {
	Table tensor.Tensor[float32] `ckpt:"table"`
	Bias  tensor.Tensor[float32] `ckpt:"bias"`
	Step  int64                  `ckpt:"step"`
}

// whole is the shape of the table.
var whole = tensor.Shape{2 * workers, 1000}

func place(number, of int) shard.Worker {
	return shard.Worker{Number: number, Cut: func(path string) shard.Cut {
		mesh := shard.Mesh{{Name: "worker", Size: of}}
		c, _ := mesh.Cut()
		if path == "model.table" {
			c, _ = mesh.Cut("worker")
		}
		return c
	}}
}

// filled returns what a worker of the given number holds at a step: every element is the step.
func filled(step, of int) *model {
	m := &model{Table: *tensor.New[float32](max(whole[0]/of, 1), whole[1]), Bias: *tensor.New[float32](10), Step: int64(step)}
	for _, data := range [][]float32{m.Table.Data(), m.Bias.Data()} {
		for i := range data {
			data[i] = float32(step)
		}
	}
	return m
}

// check returns an error unless m is that of one step.
func (m *model) check() error {
	for _, data := range [][]float32{m.Table.Data(), m.Bias.Data()} {
		for i, v := range data {
			if v != float32(m.Step) {
				return fmt.Errorf("element %d is of step %g, the whole of step %d", i, v, m.Step)
			}
		}
	}
	return nil
}

func prefixOf(step int) string { return fmt.Sprintf("run/ckpt-%d", step) }

// latest returns the step of the latest checkpoint, 0 where there is none.
func latest(s store.Store) (int, error) {
	p, err := ckpt.Latest("run", ckpt.In(s))
	if err != nil || p == "" {
		return 0, err
	}
	return strconv.Atoi(strings.TrimPrefix(path.Base(p), "ckpt-"))
}

func worker(ctx context.Context, s store.Store, number int) error {
	for {
		step, err := latest(s)
		if err != nil {
			return err
		}
		step++
		if err := section(ctx, s, step, number, workers); err != nil && !errors.Is(err, ckpt.ErrStale) {
			return err
		}
		for {
			now, err := latest(s)
			if err != nil {
				return err
			}
			if now >= step {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// section writes the section of one worker.
func section(ctx context.Context, s store.Store, step, number, of int) error {
	w := place(number, of)
	c, err := ckpt.New(ckpt.Group{"model": filled(step, of)})
	if err != nil {
		return err
	}
	return c.WriteSection(ctx, prefixOf(step), number, of, ckpt.In(s), ckpt.Attempt("only"), ckpt.Parts(w.Part), ckpt.Own(w.Saves))
}

func merger(ctx context.Context, s store.Store) error {
	for {
		step, err := latest(s)
		if err != nil {
			return err
		}
		_, err = ckpt.Merge(ctx, prefixOf(step+1), ckpt.In(s), ckpt.Attempt("only"))
		switch {
		case errors.Is(err, ckpt.ErrSection):
			time.Sleep(5 * time.Millisecond)
		case err != nil && !errors.Is(err, ckpt.ErrStale):
			return err
		}
	}
}

func reader(ctx context.Context, s store.Store) error {
	for {
		step, err := latest(s)
		if err != nil {
			return err
		}
		if step > 0 {
			if err := load(ctx, s, step); err != nil {
				return err
			}
		}
	}
}

func load(ctx context.Context, s store.Store, step int) error {
	var got struct{ Model model }
	if err := ckpt.LoadWeights(ctx, prefixOf(step), &got, ckpt.In(s), ckpt.Strict()); err != nil {
		return err
	}
	if got.Model.Step != int64(step) {
		return fmt.Errorf("step %d under the name of step %d", got.Model.Step, step)
	}
	return got.Model.check()
}

// TestKilled kills workers, the merger and readers of one store at random moments. After each the latest checkpoint is whole, and not
// older than the one before; what the killed left behind is swept in the end. CKPT_KILLS says how many are killed.
func TestKilled(t *testing.T) {
	address, query, _ := strings.Cut(serverAddress(t), "?")
	kills := 40
	if n, err := strconv.Atoi(os.Getenv("CKPT_KILLS")); err == nil {
		kills = n
	}
	address += "/" + rand.Text() + "?" + query
	s, err := Open(t.Context(), address)
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
	random := mathrand.New(mathrand.NewPCG(1, 2))
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
			if p.killed {
				running[role] = start(t, role, address)
			}
		}
	}
	for deadline := time.Now().Add(time.Minute); ; { // they come to an end of what they were doing
		now, err := latest(s)
		if err != nil {
			t.Fatal(err)
		}
		if now >= last+3 {
			last = now
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing was saved after step %d", now)
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

// checkSwept reports objects that belong to no checkpoint, once the step after the last is merged.
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
		case strings.HasPrefix(base, ".ckpt-probe-"): // of a process that was killed in it: it is swept after an hour
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

// readByTensorFlow downloads a checkpoint and has TensorFlow read it, where CKPT_PYTHON names a Python that has it.
func readByTensorFlow(t *testing.T, s store.Store, step int) {
	python := os.Getenv("CKPT_PYTHON")
	if python == "" {
		if os.Getenv("CKPT_SERVERS") == "required" {
			t.Error("CKPT_PYTHON names no Python with TensorFlow")
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

// A process is one of the programs that TestKilled kills.
type process struct {
	cmd    *exec.Cmd
	errors strings.Builder
	done   chan error
	killed bool
}

func start(t *testing.T, role, address string) *process {
	p := &process{cmd: exec.Command(os.Args[0]), done: make(chan error, 1)}
	p.cmd.Env = append(slices.Clone(os.Environ()), "CKPT_ROLE="+role, "CKPT_ROLE_STORE="+address, "GOMAXPROCS=1")
	p.cmd.Stderr = &p.errors
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { p.kill(t) })
	return p
}

// kill kills the process, which has to run still: it ends by itself only where it finds something wrong.
func (p *process) kill(t *testing.T) {
	if p.killed {
		return
	}
	p.killed = true
	select {
	case <-p.done:
		t.Fatalf("a process ended: %s", p.errors.String())
	default:
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}

// TestProcesses prints what sections of many processes, four at a time, and their merge take on the server.
func TestProcesses(t *testing.T) {
	if os.Getenv("CKPT_SCALE") == "" {
		t.Skip("CKPT_SCALE is not set: this takes a minute")
	}
	address, query, _ := strings.Cut(serverAddress(t), "?")
	fmt.Println("| processes | sections: seconds | the merge: seconds |")
	fmt.Println("|---:|---:|---:|")
	for _, n := range []int{1, 8, 64, 512} {
		address := address + "/" + rand.Text() + "?" + query
		s, err := Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		var group errgroup.Group
		group.SetLimit(4)
		for number := range n {
			group.Go(func() error { return <-start(t, fmt.Sprintf("%d of %d", number, n), address).done })
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		written := time.Now()
		if _, err := ckpt.Merge(t.Context(), prefixOf(1), ckpt.In(s), ckpt.Attempt("only"), ckpt.Unverified()); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("| %d | %.2f | %.2f |\n", n, written.Sub(begin).Seconds(), time.Since(written).Seconds())
	}
}
