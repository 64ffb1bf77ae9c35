package servertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/tensor"
)

// saved returns the objects that a save writes under prefix, sorted by name.
func saved(prefix string) []string {
	return []string{prefix + ".data-00000-of-00001", prefix + ".index"}
}

var verbs = []verb{
	{"Save and Restore", save, restore, append([]string{"run/checkpoint"}, saved("run/ckpt-1")...)},
	{"Save, asynchronous", saveBehind, restore, append([]string{"run/checkpoint"}, saved("run/ckpt-1")...)},
	{"Write and Read", write, read, saved("run/ckpt-1")},
	{"SaveWeights and LoadWeights", saveWeights("run/ckpt-1"), loadWeights("run/ckpt-1"), append([]string{"run/checkpoint"}, saved("run/ckpt-1")...)},
	{"weights in safetensors", saveWeights("m.safetensors"), loadWeights("m.safetensors"), []string{"m.safetensors"}},
	{"weights in shards of safetensors", saveWeights("m.safetensors", ckpt.MaxShardSize(100)), loadWeights("."),
		[]string{"m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "m.safetensors.index.json"}},
	{"weights in npz", saveWeights("m.npz"), loadWeights("m.npz"), []string{"m.npz"}},
	{"weights in HDF5", saveWeights("m.weights.h5"), loadWeights("m.weights.h5"), []string{"m.weights.h5"}},
	{"Manager", manage, resume, slices.Concat([]string{"run/checkpoint", "run/ckpt-1.index.note"}, saved("run/ckpt-4"), saved("run/ckpt-5"))},
	{"Saver", saveByName, restoreByName, append([]string{"run/checkpoint"}, saved("run/ckpt-2")...)},
	{"WriteSection and Merge", saveSections, loadSections,
		[]string{"run/checkpoint", "run/ckpt-1.data-00000-of-99999", "run/ckpt-1.data-00001-of-99999", "run/ckpt-1.data-00002-of-99999", "run/ckpt-1.index"}},
	{"Reshard", reshard, loadWeights("run/ckpt-1"),
		[]string{"one.data-00000-of-00001", "one.index", "run/ckpt-1.data-00000-of-00002", "run/ckpt-1.data-00001-of-00002", "run/ckpt-1.index"}},
	{"Open", save, open, append([]string{"run/checkpoint"}, saved("run/ckpt-1")...)},
	{"Latest, ModTime, WaitForNew and Iterator", save, watch, append([]string{"run/checkpoint"}, saved("run/ckpt-1")...)},
	{"View and RestoreNodes", save, restoreNodes, append([]string{"run/checkpoint"}, saved("run/ckpt-1")...)},
	{"Remove", remove, findNothing, nil},
}

// is returns an error unless m is the model of the given step.
func (m *model) is(step int64) error {
	if m.Step != step || !m.Table.Shape().Equal(whole) {
		return fmt.Errorf("got a table of shape %v and step %d, want %v and step %d", m.Table.Shape(), m.Step, whole, step)
	}
	return m.check()
}

func save(ctx context.Context, s store.Store) error {
	c, err := ckpt.New(ckpt.Group{"model": filled(1, 1)}, ckpt.In(s))
	if err != nil {
		return err
	}
	_, err = c.Save(ctx, "run/ckpt")
	return err
}

func saveBehind(ctx context.Context, s store.Store) error {
	m := filled(1, 1)
	c, err := ckpt.New(ckpt.Group{"model": m}, ckpt.In(s))
	if err != nil {
		return err
	}
	if _, err := c.Save(ctx, "run/ckpt", ckpt.Async()); err != nil {
		return errors.Join(err, c.Close())
	}
	*m = *filled(9, 1) // training continues
	return c.Close()
}

func restore(ctx context.Context, s store.Store) error {
	m := new(model)
	c, err := ckpt.New(ckpt.Group{"model": m}, ckpt.In(s))
	if err != nil {
		return err
	}
	status, err := c.Restore(ctx, "run")
	if err != nil {
		return err
	}
	return errors.Join(status.AssertConsumed(), m.is(1))
}

func write(ctx context.Context, s store.Store) error {
	c, err := ckpt.New(ckpt.Group{"model": filled(1, 1)}, ckpt.In(s))
	if err != nil {
		return err
	}
	_, err = c.Write(ctx, prefixOf(1))
	return err
}

func read(ctx context.Context, s store.Store) error {
	m := new(model)
	c, err := ckpt.New(ckpt.Group{"model": m})
	if err != nil {
		return err
	}
	status, err := c.Read(ctx, prefixOf(1), ckpt.In(s))
	if err != nil {
		return err
	}
	return errors.Join(status.AssertConsumed(), m.is(1))
}

func saveWeights(path string, opts ...ckpt.SaveWeightsOption) func(context.Context, store.Store) error {
	return func(ctx context.Context, s store.Store) error {
		return ckpt.SaveWeights(ctx, path, filled(1, 1), append(opts, ckpt.In(s))...)
	}
}

func loadWeights(path string) func(context.Context, store.Store) error {
	return func(ctx context.Context, s store.Store) error {
		var m model
		if err := ckpt.LoadWeights(ctx, path, &m, ckpt.In(s)); err != nil {
			return err
		}
		return m.is(1)
	}
}

// manage resumes and saves until there have been five checkpoints, and keeps two of them. The Manager leaves a foreign file next to them alone.
func manage(ctx context.Context, s store.Store) error {
	if _, err := s.Put(ctx, "run/ckpt-1.index.note", strings.NewReader("x"), 1); err != nil {
		return err
	}
	m := filled(0, 1)
	c, err := ckpt.New(ckpt.Group{"model": m}, ckpt.In(s))
	if err != nil {
		return err
	}
	manager, err := ckpt.NewManager(c, "run", ckpt.KeepLast(2))
	if err != nil {
		return err
	}
	if _, err := manager.RestoreOrInitialize(ctx); err != nil {
		return err
	}
	for m.Step < 5 {
		*m = *filled(int(m.Step)+1, 1)
		var opts []ckpt.ManagerSaveOption
		if m.Step%2 == 0 {
			opts = append(opts, ckpt.Async())
		}
		if _, err := manager.Save(ctx, opts...); err != nil {
			return errors.Join(err, c.Close())
		}
	}
	return c.Close()
}

func resume(ctx context.Context, s store.Store) error {
	m := filled(0, 1)
	c, err := ckpt.New(ckpt.Group{"model": m}, ckpt.In(s))
	if err != nil {
		return err
	}
	manager, err := ckpt.NewManager(c, "run")
	if err != nil {
		return err
	}
	path, err := manager.RestoreOrInitialize(ctx)
	if err != nil {
		return err
	}
	if kept := manager.Checkpoints(); path != prefixOf(5) || len(kept) < 2 || kept[len(kept)-2] != prefixOf(4) {
		return fmt.Errorf("restored %s, kept %q", path, kept)
	}
	return m.is(5)
}

func saveByName(ctx context.Context, s store.Store) error {
	m := filled(1, 1)
	saver, err := ckpt.NewSaver(ckpt.Vars{"table": &m.Table, "bias": &m.Bias, "step": &m.Step}, ckpt.In(s), ckpt.KeepLast(1))
	if err != nil {
		return err
	}
	for n := range int64(3) {
		if _, err := saver.Save(ctx, "run/ckpt", ckpt.GlobalStep(n)); err != nil {
			return err
		}
	}
	return nil
}

func restoreByName(ctx context.Context, s store.Store) error {
	var m, assigned model
	saver, err := ckpt.NewSaver(ckpt.Vars{"table": &m.Table, "bias": &m.Bias, "step": &m.Step})
	if err == nil {
		err = saver.Restore(ctx, prefixOf(2), ckpt.In(s))
	}
	if err == nil {
		err = ckpt.AssignFromCheckpoint(ctx, "run", nil, map[string]any{"table": &assigned.Table, "bias": &assigned.Bias, "step": &assigned.Step}, ckpt.In(s))
	}
	if err != nil {
		return err
	}
	return errors.Join(m.is(1), assigned.is(1))
}

func saveSections(ctx context.Context, s store.Store) error {
	const of = 2
	for number := range of {
		if err := section(ctx, s, 1, number, of); err != nil && !errors.Is(err, ckpt.ErrStale) { // ErrStale: it is already merged
			return err
		}
	}
	_, err := ckpt.Merge(ctx, prefixOf(1), ckpt.In(s), ckpt.Attempt("only"))
	return err
}

// loadSections has three workers read the sections of two. Each reads its rows, with a model and without.
func loadSections(ctx context.Context, s store.Store) error {
	const of = 3
	rows, err := shard.Rows(of)
	if err != nil {
		return err
	}
	r, err := ckpt.Open(prefixOf(1), ckpt.In(s))
	if err != nil {
		return err
	}
	defer r.Close()
	for number := range of {
		region, err := rows.Region(number, whole)
		if err != nil {
			return err
		}
		part, err := shard.Box(whole, region)
		if err != nil {
			return err
		}
		mine := tensor.New[float32](region[0].Length, region[1].Length)
		if err := shard.Read(ctx, r, tableKey, part, mine); err != nil {
			return err
		}
		w := place(number, of)
		w.Full = func(_ string, shape tensor.Shape) tensor.Shape {
			if shape.Len() > 10 {
				return whole
			}
			return shape
		}
		m := model{Table: *tensor.New[float32](mine.Shape()...), Bias: *tensor.New[float32](10)}
		c, err := ckpt.New(ckpt.Group{"model": &m}, ckpt.In(s))
		if err != nil {
			return err
		}
		status, err := c.Read(ctx, prefixOf(1), ckpt.Parts(w.Part))
		if err != nil {
			return err
		}
		if err := errors.Join(status.AssertConsumed(), m.check()); err != nil {
			return err
		}
		if !slices.Equal(mine.Data(), m.Table.Data()) {
			return fmt.Errorf("worker %d has two kinds of rows", number)
		}
	}
	return load(ctx, s, 1)
}

func reshard(ctx context.Context, s store.Store) error {
	c, err := ckpt.New(filled(1, 1), ckpt.In(s))
	if err != nil {
		return err
	}
	if _, err := c.Write(ctx, "one"); err != nil {
		return err
	}
	rows, err := shard.Rows(2)
	if err != nil {
		return err
	}
	cut := func(path string) shard.Cut {
		if path == "table" {
			return rows
		}
		return shard.Cut{}
	}
	return ckpt.Reshard(ctx, "one", prefixOf(1), ckpt.In(s), ckpt.ShardBy(shard.Files(2, cut)))
}

func remove(ctx context.Context, s store.Store) error {
	if err := write(ctx, s); err != nil {
		return err
	}
	return ckpt.Remove(prefixOf(1), ckpt.In(s))
}

func findNothing(_ context.Context, s store.Store) error {
	if _, err := ckpt.Open(prefixOf(1), ckpt.In(s)); !errors.Is(err, ckpt.ErrNotFound) {
		return fmt.Errorf("after Remove, Open returns: %w", err)
	}
	if _, err := ckpt.ModTime(prefixOf(1), ckpt.In(s)); !errors.Is(err, ckpt.ErrNotFound) {
		return fmt.Errorf("after Remove, ModTime returns: %w", err)
	}
	if path, err := ckpt.Latest("run", ckpt.In(s)); err != nil || path != "" {
		return errors.Join(fmt.Errorf("%q is the latest", path), err)
	}
	return nil
}
