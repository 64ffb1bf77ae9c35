package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/gockpt/ckpt/internal/fsx"
)

// An object store has no second names, and a request can take effect after its sender has given it up. So a save to one goes:
//
//  1. The data files get a number in their names, PREFIX.data-…-of-0000M, that no object has: nothing is overwritten, and
//     nothing that an earlier save or removal has under way can meet them.
//  2. When all are complete the index, which speaks of M data files, takes the place of the index that was there when the save
//     began. This commits the save. Where another save has come before it, this one fails and removes its data files.
//  3. The data files that were there when the save began are removed.
//
// Stopped anywhere, the index speaks of data files that are there. TensorFlow reads each state.

// uploadWorkers is how many goroutines write at least: they wait for the network more than they work.
const uploadWorkers = 8

// upload is Commit to an object store.
func (w *Writer) upload(ctx context.Context, o fsx.Objects) error {
	o = o.WithContext(ctx)
	index := IndexFile(w.prefix)
	before, err := o.Version(index)
	if err != nil {
		return &Error{File: index, Offset: -1, Err: err}
	}
	at := &place{fsys: o, prefix: w.prefix}
	others, err := at.listDataFiles()
	if err != nil {
		return &Error{File: index, Offset: -1, Err: err}
	}
	count := w.shards()
	for slices.ContainsFunc(others, func(d listedFile) bool { return d.of == count }) {
		count++
	}
	if w.opts.Workers == 0 {
		w.opts.Workers = max(uploadWorkers, runtime.GOMAXPROCS(0))
	}
	made, err := w.uploadData(ctx, o, count)
	if err == nil {
		err = w.uploadIndex(o, index, before, count)
	}
	// An index that may be in place after all, or will be, keeps its data.
	if err != nil && !errors.Is(err, errUnanswered) {
		removeFiles(o.WithContext(context.WithoutCancel(ctx)), made)
	}
	if err != nil {
		return err
	}
	for _, d := range others {
		_ = o.Remove(d.path) // no index speaks of it: the next save tries again
	}
	return nil
}

// errUnanswered is in the error of a write of an index if the store did not report the result.
var errUnanswered = errors.New("the store did not answer: the checkpoint may exist, or may appear later")

// uploadData writes the data files, which are called as if there were count of them, and returns the names of those that may exist.
func (w *Writer) uploadData(ctx context.Context, o fsx.Objects, count int) (made []string, err error) {
	n := w.shards()
	for first := 0; first < n; first += openFiles {
		files := make([]fsx.File, n)
		last := min(first+openFiles, n)
		for i := first; i < last && err == nil; i++ {
			files[i], err = o.Upload(DataFile(w.prefix, i, count), fsx.NoVersion)
		}
		if err == nil {
			err = w.writeData(ctx, files)
		}
		for i := first; i < last; i++ {
			if files[i] == nil {
				continue
			}
			if err == nil {
				if err = files[i].Sync(); err != nil {
					err = w.fault(i, err)
				}
				if !errors.Is(err, fsx.ErrConflict) { // else it is another save's
					made = append(made, DataFile(w.prefix, i, count))
				}
			}
			_ = files[i].Close() // which gives up what was not synced
		}
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// uploadIndex puts the index in place of the one that was there before.
func (w *Writer) uploadIndex(o fsx.Objects, name string, before fsx.Version, count int) error {
	var b bytes.Buffer
	err := w.writeIndex(&b, count)
	if err == nil {
		if _, err = o.Swap(name, before, b.Bytes()); err != nil && !errors.Is(err, fsx.ErrConflict) {
			err = fmt.Errorf("%w: %w", errUnanswered, err)
		}
	}
	if err != nil {
		return &Error{File: name, Offset: -1, Err: err}
	}
	return nil
}

func removeFiles(o fsx.FS, names []string) {
	for _, name := range names {
		_ = o.Remove(name) // no index speaks of it: the next save tries again
	}
}
