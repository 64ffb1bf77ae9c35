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

// An object store does not have hard links, and a request can take effect after its sender has given up. So a
// save to an object store has these steps:
//
//  1. The data files get a number in their names, PREFIX.data-…-of-0000M, that no object has. So they do not overwrite an object,
//     and late requests of an earlier save or removal cannot affect them.
//  2. When all are complete, the index with M data files replaces the index that existed when the save began. This commits the
//     save. If another save was faster, this one fails and removes its data files.
//  3. The data files that existed when the save began are removed.
//
// If the save stops at any point, the data files of the index exist. TensorFlow can read each state.

// uploadWorkers is the smallest number of goroutines that write. They mostly wait for the network.
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
	// The data stays if the index may be in place, or may still be put in place.
	if err != nil && !errors.Is(err, errUnanswered) {
		removeFiles(o.WithContext(context.WithoutCancel(ctx)), made)
	}
	if err != nil {
		return err
	}
	for _, d := range others {
		_ = o.Remove(d.path) // no index refers to it: the next save tries again
	}
	return nil
}

// errUnanswered is wrapped by the error of a write of an index if the store did not report the result.
var errUnanswered = errors.New("the store did not answer: the checkpoint may exist, or may appear later")

// uploadData writes the data files, with count as the number of data files in their names. It returns the
// names of those that may exist.
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
				if !errors.Is(err, fsx.ErrConflict) { // otherwise it belongs to another save
					made = append(made, DataFile(w.prefix, i, count))
				}
			}
			_ = files[i].Close() // it discards data that was not synced
		}
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// uploadIndex replaces the index that existed before.
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
		_ = o.Remove(name) // no index refers to it: the next save tries again
	}
}
