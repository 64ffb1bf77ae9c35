package servertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/tensor"
)

const tableKey = "model/table/.ATTRIBUTES/VARIABLE_VALUE"

// open reads the checkpoint that save wrote, without a model.
func open(ctx context.Context, s store.Store) (err error) {
	for _, path := range []string{"run", "run/ckpt-1", "run/ckpt-1.index"} {
		r, err := ckpt.Open(path, ckpt.In(s))
		if err != nil {
			return err
		}
		err = errors.Join(examine(ctx, r), r.Close())
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// examine reads the whole table and parts of it.
func examine(ctx context.Context, r *ckpt.Reader) error {
	entry, err := r.Lookup(tableKey)
	if err != nil {
		return err
	}
	var stored bytes.Buffer
	if err := errors.Join(r.WriteStored(ctx, tableKey, &stored), r.VerifyTensor(ctx, tableKey)); err != nil {
		return err
	}
	region := tensor.Slice{{Start: 3, Length: 2}, {Start: 10, Length: 5}}
	part, err := r.Slice(ctx, tableKey, region)
	if err != nil {
		return err
	}
	into := tensor.New[float32](whole...)
	if err := r.ReadInto(ctx, tableKey, into); err != nil {
		return err
	}
	got, ok := tensor.As[float32](part)
	if want := whole.Len() * 4; !ok || !entry.Shape.Equal(whole) || stored.Len() != want || into.At(7, 7) != 1 || !slices.Equal(got.Data(), slices.Repeat([]float32{1}, 10)) {
		return fmt.Errorf("%v: %d bytes, %v", entry, stored.Len(), part)
	}
	var problems []error
	err = r.Verify(ctx, func(p ckpt.Problem) { problems = append(problems, p.Err) })
	return errors.Join(append(problems, err)...)
}

// watch finds the checkpoint that save wrote.
func watch(ctx context.Context, s store.Store) error {
	found := make(map[string]string)
	var err error
	if found["Latest"], err = ckpt.Latest("run", ckpt.In(s)); err != nil {
		return err
	}
	if found["WaitForNew"], err = ckpt.WaitForNew(ctx, "run", "run/ckpt-0", ckpt.In(s), ckpt.Timeout(0)); err != nil {
		return err
	}
	for path, err := range ckpt.Iterator(ctx, "run", ckpt.In(s), ckpt.Timeout(0), ckpt.PollInterval(0)) {
		if err != nil {
			return err
		}
		found["Iterator"] += path
	}
	for by, path := range found {
		if path != prefixOf(1) {
			return fmt.Errorf("%s found %q", by, path)
		}
	}
	if at, err := ckpt.ModTime(prefixOf(1), ckpt.In(s)); err != nil || at.IsZero() {
		return errors.Join(fmt.Errorf("its time is %v", at), err)
	}
	return nil
}

func restoreNodes(ctx context.Context, s store.Store) error {
	r, err := ckpt.Open("run", ckpt.In(s))
	if err != nil {
		return err
	}
	defer r.Close()
	v, err := r.View()
	if err != nil {
		return err
	}
	id := slices.IndexFunc(v.Nodes, func(n ckpt.ViewNode) bool { return n.Path == "root.model.table" })
	m := filled(1, 1)
	clear(m.Table.Data())
	if err := ckpt.RestoreNodes(ctx, prefixOf(1), map[int]any{id: &m.Table}, ckpt.In(s)); err != nil {
		return err
	}
	return m.is(1)
}
