package ckpt

import (
	"fmt"
	"iter"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A TableKey is a type of keys of TensorFlow's lookup tables.
type TableKey interface {
	int32 | int64 | float32 | float64 | string
}

// A Table holds the contents of one of TensorFlow's lookup tables, MutableHashTable or DenseHashTable: keys and a value for each,
// in the stored order. A save keeps the order. (A StaticHashTable is not stored in checkpoints.)
//
// A Table takes part in a checkpoint like a tensor. Its zero value is not built: a restore fills it, a save leaves it out. A
// restore replaces its contents. It must not be changed while another goroutine uses it.
//
// A DenseHashTable also stores its unused slots, under its empty key. Checkpoints do not say which key that is, so a Table
// treats it like any other key, with the first value stored for it.
type Table[K TableKey, V tensor.Element] struct {
	keys   tensor.Tensor[K] // [entries] or [entries 1]
	values tensor.Tensor[V] // [entries …]
	index  map[K]int
}

// The names of a table's tensors, and the one attribute that an object graph has for both (saveable_compat.py).
const (
	tableKeys      = "table-keys"
	tableValues    = "table-values"
	tableAttribute = "table"
)

// Len returns the number of different keys.
func (t *Table[K, V]) Len() int { return len(t.index) }

// Get returns the value of a key, and whether there is one. If the value is a row, Get returns its first element. See Table.Row.
func (t *Table[K, V]) Get(key K) (value V, ok bool) {
	row, ok := t.Row(key)
	if len(row) > 0 {
		value = row[0]
	}
	return value, ok
}

// Row returns the values of a key without copying them: one if the value is a number or a string.
func (t *Table[K, V]) Row(key K) (values []V, ok bool) {
	i, ok := t.index[key]
	if !ok {
		return nil, false
	}
	width := t.values.Shape()[1:].Len()
	return t.values.Data()[i*width : (i+1)*width : (i+1)*width], true
}

// All yields each key once, in order, with the value that Table.Get returns for it.
func (t *Table[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for i, key := range t.keys.Data() {
			if t.index[key] != i {
				continue
			}
			if value, _ := t.Get(key); !yield(key, value) {
				return
			}
		}
	}
}

// Set sets the value of a key: it replaces the value of an existing key and appends a new one. The number of values must be
// that of the table's other keys. In a new table it must be 1.
func (t *Table[K, V]) Set(key K, values ...V) error {
	keys, rows := tensor.Shape{0}, tensor.Shape{0}
	if t.keys.Built() {
		keys, rows = slices.Clone(t.keys.Shape()), slices.Clone(t.values.Shape())
	}
	if width := rows[1:].Len(); len(values) != width {
		return fmt.Errorf("ckpt: table: %d values for key %v, want %d like the other keys", len(values), key, width)
	}
	if row, ok := t.Row(key); ok {
		copy(row, values)
		return nil
	}
	keys[0]++
	rows[0]++
	k, err := tensor.FromSlice(append(t.keys.Data(), key), keys...)
	if err != nil {
		return err
	}
	v, err := tensor.FromSlice(append(t.values.Data(), values...), rows...)
	if err != nil {
		return err
	}
	if t.index == nil {
		t.index = make(map[K]int)
	}
	t.keys, t.values, t.index[key] = *k, *v, keys[0]-1
	return nil
}

// CheckpointTensors returns keys and values.
func (t *Table[K, V]) CheckpointTensors() ([]NamedTensor, error) {
	return []NamedTensor{{Name: tableKeys, Tensor: &t.keys}, {Name: tableValues, Tensor: &t.values}}, nil
}

// SetCheckpointTensors sets the keys and values. The error has ErrCorrupt if their numbers differ.
func (t *Table[K, V]) SetCheckpointTensors(got map[string]tensor.Any) error {
	k, isKeys := tensor.As[K](got[tableKeys])
	v, isValues := tensor.As[V](got[tableValues])
	if !isKeys || !isValues {
		return fmt.Errorf("ckpt: table: no tensors with the table's types among %d", len(got))
	}
	keys, values := k.Shape(), v.Shape()
	if len(keys) == 0 || keys[1:].Len() != 1 || len(values) == 0 || values[0] != keys[0] {
		return fmt.Errorf("ckpt: table: keys of shape %v and values of shape %v, want a value for each key: %w", keys, values, format.ErrCorrupt)
	}
	index := make(map[K]int, keys[0])
	for i, key := range k.Data() {
		if _, ok := index[key]; !ok {
			index[key] = i
		}
	}
	t.keys, t.values, t.index = *k, *v, index
	return nil
}

// CheckpointAttribute returns the name that an object graph uses for both tensors of a table.
func (*Table[K, V]) CheckpointAttribute() string { return tableAttribute }
