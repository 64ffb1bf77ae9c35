package raw

import (
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A List collects the tensors of a file that will be written. It implements the part of format.Writer that is common to
// formats without shards and partitioned tensors. Only one goroutine at a time may use it.
type List struct {
	path   string
	accept func(key string, d tensor.DType) error
	items  []Item
	keys   map[string]bool
	err    error // the first error of Add and AddSlice
	done   bool
}

// NewList returns an empty list for the file at path. accept returns an error if the format cannot hold a tensor with the
// given name and dtype.
func NewList(path string, accept func(key string, d tensor.DType) error) List {
	return List{path: path, accept: accept, keys: make(map[string]bool)}
}

// Add implements [format.Writer]. shard must be 0.
func (l *List) Add(shard int, key string, src format.Source) error {
	return l.note(key, l.add(shard, key, src))
}

// AddSlice implements [format.Writer]. Only a part that covers its tensor is accepted, because the format does not have
// partitioned tensors.
func (l *List) AddSlice(shard int, key string, full tensor.Shape, part tensor.Slice, src format.Source) error {
	_, shape, err := part.Resolve(full)
	if err == nil && !shape.Equal(full) {
		err = fmt.Errorf("the format cannot hold part %v of a tensor: add the whole tensor: %w", part, errors.ErrUnsupported)
	}
	if err != nil {
		return l.note(key, err)
	}
	return l.Add(shard, key, src)
}

// note keeps the first error and says which key it is about.
func (l *List) note(key string, err error) error {
	if err == nil {
		return nil
	}
	err = &Error{File: l.path, Key: key, Offset: -1, Err: err}
	if l.err == nil {
		l.err = err
	}
	return err
}

func (l *List) add(shard int, key string, src format.Source) error {
	it := Item{Key: key, Source: src}
	switch {
	case l.done:
		return errDone
	case shard != 0:
		return fmt.Errorf("got shard %d, want 0: the format has no shards that a writer can choose", shard)
	case l.keys[key]:
		return errors.New("this key was already added")
	}
	if err := l.accept(key, src.DType); err != nil {
		return err
	}
	if err := it.Check(); err != nil {
		return err
	}
	l.keys[key] = true
	l.items = append(l.items, it)
	return nil
}

var errDone = errors.New("the file has been committed, or its commit has failed: create another Writer")

// Finish ends the list and returns its items, in the order in which they were added. It returns the first error of Add or
// AddSlice, or an error if the list has already ended.
func (l *List) Finish() ([]Item, error) {
	switch {
	case l.done:
		return nil, &Error{File: l.path, Offset: -1, Err: errDone}
	case l.err != nil:
		l.done = true
		return nil, l.err
	}
	l.done = true
	return l.items, nil
}

// TotalSize returns the size of all items in bytes.
func TotalSize(items []Item) (total int64) {
	for i := range items {
		total += items[i].Size()
	}
	return total
}
