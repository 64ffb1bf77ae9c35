package servertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/tensor"
)

const workers = 8

// An Opener opens the store at an address.
type Opener func(ctx context.Context, address string) (store.Store, error)

// Main must be called by TestMain. The test program is also the program of the processes that the tests start.
func Main(m *testing.M, open Opener) {
	if role := os.Getenv("CKPT_ROLE"); role != "" {
		s, err := open(context.Background(), os.Getenv("CKPT_ROLE_STORE"))
		if err == nil {
			err = run(role, s)
		}
		fmt.Fprintln(os.Stderr, role+":", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// run does the work of a process of Killed until it is killed.
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

// A model is the state that workers share: each holds some rows of the table, and all hold the same bias.
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

// filled returns the model of one of several workers at a step: every element is the step.
func filled(step, of int) *model {
	m := &model{Table: *tensor.New[float32](max(whole[0]/of, 1), whole[1]), Bias: *tensor.New[float32](10), Step: int64(step)}
	for _, data := range [][]float32{m.Table.Data(), m.Bias.Data()} {
		for i := range data {
			data[i] = float32(step)
		}
	}
	return m
}

// check returns an error unless all of m is of one step.
func (m *model) check() error {
	for _, data := range [][]float32{m.Table.Data(), m.Bias.Data()} {
		for i, v := range data {
			if v != float32(m.Step) {
				return fmt.Errorf("element %d is of step %g, the model of step %d", i, v, m.Step)
			}
		}
	}
	return nil
}

func prefixOf(step int) string { return fmt.Sprintf("run/ckpt-%d", step) }

// latest returns the step of the latest checkpoint, 0 if there is none.
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
		return fmt.Errorf("got step %d under the name of step %d", got.Model.Step, step)
	}
	return got.Model.check()
}
