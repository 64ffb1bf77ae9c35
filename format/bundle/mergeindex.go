package bundle

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/sstable"
)

// A Section is an index of some of a checkpoint's tensors.
type Section struct {
	Name  string // name for messages
	Table *sstable.Reader
}

// MergeIndexes writes the index of one checkpoint from the indexes of its sections. Writer.WriteIndex wrote
// each of these for the same number of data files. Their entries, which have the positions of the data, are
// copied unchanged. A key may occur in only one section. The parts of a partitioned tensor may be spread over
// several sections and are listed in the order of sections. The same sections in the same order give the same
// bytes.
//
// It is an error if sections do not belong together: numbers of data files differ, a key occurs twice, parts overlap, or
// parts do not cover their tensor (ErrIncomplete).
func MergeIndexes(w io.Writer, sections []Section) error {
	inputs := make([]mergeInput, len(sections))
	for i, s := range sections {
		inputs[i] = mergeInput{name: s.Name, table: s.Table}
		if err := inputs[i].readHeader(); err != nil {
			return err
		}
		if inputs[i].header.shards != inputs[0].header.shards {
			return mergeFault(inputs[i].name, "", "it belongs to a checkpoint with %d data files, but %s belongs to one with %d",
				inputs[i].header.shards, inputs[0].name, inputs[0].header.shards)
		}
	}
	if len(inputs) == 0 {
		return errors.New("bundle: no sections to merge")
	}
	return mergeIndexes(w, inputs, int(inputs[0].header.shards), true)
}

// A mergeInput is an index that is being merged.
type mergeInput struct {
	name   string // name of the index file
	table  *sstable.Reader
	header header
	shards map[int32]int32 // from its numbers of data files to the result's; nil if they do not change

	next  func() (sstable.Entry, error, bool)
	key   []byte // key of the current entry
	rec   record
	order int // index in the inputs
}

// readHeader fills in the header.
func (m *mergeInput) readHeader() error {
	value, ok, err := m.table.Get(nil)
	if err == nil && !ok {
		err = &sstable.CorruptError{Part: "data block 0", Reason: "there is no header"}
	}
	if err == nil {
		m.header, err = decodeHeader(value)
	}
	if err == nil {
		err = m.header.checkVersion()
	}
	if err != nil {
		return &Error{File: m.name, Offset: -1, Err: err}
	}
	return nil
}

// advance moves to the next entry; ok is false at the end.
func (m *mergeInput) advance() (ok bool, err error) {
	for {
		e, err, ok := m.next()
		if !ok || err != nil {
			if err != nil {
				err = &Error{File: m.name, Offset: -1, Err: err}
			}
			return false, err
		}
		if len(e.Key) == 0 {
			continue // the header
		}
		m.key = append(m.key[:0], e.Key...)
		if err := m.parse(e); err != nil {
			return false, err
		}
		if m.shards != nil {
			m.rec.shard = m.shards[m.rec.shard]
		}
		return true, nil
	}
}

// parse decodes and checks an entry.
func (m *mergeInput) parse(e sstable.Entry) error {
	err := m.rec.decode(e.Value)
	if err == nil {
		err = m.rec.check()
	}
	if err == nil && (m.rec.shard < 0 || m.rec.shard >= m.header.shards) {
		err = fmt.Errorf("it is in data file %d of %d", m.rec.shard, m.header.shards)
	}
	if err != nil {
		return &Error{File: m.name, Key: string(e.Key), Offset: -1,
			Reason: "its entry is damaged: " + err.Error(), Err: format.ErrCorrupt}
	}
	return nil
}

// A mergeQueue is a heap of inputs, ordered by the current key and then by index.
type mergeQueue []*mergeInput

func (q mergeQueue) Len() int { return len(q) }
func (q mergeQueue) Less(i, j int) bool {
	if c := bytes.Compare(q[i].key, q[j].key); c != 0 {
		return c < 0
	}
	return q[i].order < q[j].order
}
func (q mergeQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *mergeQueue) Push(x any)   { *q = append(*q, x.(*mergeInput)) }
func (q *mergeQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// mergeIndexes writes the index of one or more inputs. Their headers must have been read.
func mergeIndexes(w io.Writer, inputs []mergeInput, shards int, complete bool) error {
	buf := bufio.NewWriterSize(w, bufferSize)
	table := sstable.NewWriter(buf)
	head := inputs[0].header
	head.shards = int32(shards)
	if err := table.Add(nil, head.encode()); err != nil {
		return err
	}
	var queue mergeQueue
	for i := range inputs {
		m := &inputs[i]
		if !m.header.equalKind(inputs[0].header) {
			return mergeFault(m.name, "", "its byte order or version differs from that of %s", inputs[0].name)
		}
		var stop func()
		m.next, stop = iter.Pull2(m.table.All())
		defer stop()
		m.order = i
		if ok, err := m.advance(); err != nil {
			return err
		} else if ok {
			queue = append(queue, m)
		}
	}
	heap.Init(&queue)
	var value []byte
	for len(queue) > 0 {
		key := bytes.Clone(queue[0].key)
		rec, err := queue.take(key)
		if err == nil && len(rec.slices) > 0 {
			if e := checkParts(rec, complete); e != nil {
				err = &Error{File: inputs[0].name, Key: string(key), Offset: -1, Err: e}
			}
		}
		if err != nil {
			return err
		}
		value = rec.append(value[:0])
		if err := table.Add(key, value); err != nil {
			return err
		}
	}
	if err := table.Close(); err != nil {
		return err
	}
	return buf.Flush()
}

// take returns the merged entry of the first key of all inputs, and advances these inputs.
func (q *mergeQueue) take(key []byte) (*record, error) {
	first := (*q)[0]
	rec := first.rec
	first.rec = record{} // rec owns its memory now
	if err := q.advance(); err != nil {
		return nil, err
	}
	for len(*q) > 0 && bytes.Equal((*q)[0].key, key) {
		m := (*q)[0]
		switch {
		case len(rec.slices) == 0 || len(m.rec.slices) == 0:
			return nil, mergeFault(m.name, string(key),
				"%s also has this key: a tensor, or a part of one, may be in only one of them", first.name)
		case m.rec.dtype != rec.dtype || !m.rec.shape.Equal(rec.shape):
			return nil, mergeFault(m.name, string(key), "its parts belong to %v%v, but those in %s belong to %v%v",
				m.rec.dtype, m.rec.shape, first.name, rec.dtype, rec.shape)
		}
		rec.slices = append(rec.slices, m.rec.slices...)
		m.rec = record{}
		if err := q.advance(); err != nil {
			return nil, err
		}
	}
	return &rec, nil
}

// advance moves the first input to its next entry.
func (q *mergeQueue) advance() error {
	ok, err := (*q)[0].advance()
	if err != nil {
		return err
	}
	if ok {
		heap.Fix(q, 0)
	} else {
		heap.Pop(q)
	}
	return nil
}

// ErrConflict is wrapped by the error about checkpoints that cannot be merged: their byte orders or versions
// differ, they have the same key, or parts of one tensor contradict each other.
var ErrConflict = errors.New("the checkpoints cannot be merged")

func mergeFault(file, key, reason string, args ...any) error {
	return &Error{File: file, Key: key, Offset: -1, Reason: fmt.Sprintf(reason, args...), Err: ErrConflict}
}
