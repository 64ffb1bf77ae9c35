package safetensors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/weightmap"
	"github.com/gockpt/ckpt/tensor"
)

// Options are the options of a Writer. With the zero value it writes one file without metadata.
type Options struct {
	// Metadata is written into every file, under "__metadata__", in the order of its keys. Users of PyTorch write "format":
	// "pt".
	Metadata map[string]string
	// MaxShardSize is the most bytes of tensors that a file may hold, unless it holds a single tensor. A larger checkpoint
	// is split into several files, in the order in which tensors were added, with an index that lists them. 0 means one
	// file.
	MaxShardSize int64
	// Progress is called with the number of bytes of tensors written so far and in total, by one goroutine at a time.
	Progress func(done, total int64)
}

// A Writer collects tensors and writes them as one checkpoint. It implements format.Writer. Only one goroutine at a time may
// use it.
type Writer struct {
	raw.List
	fsys fsx.FS
	path string
	opts Options
}

var _ format.Writer = (*Writer)(nil)

// CreateFile returns a Writer of the checkpoint at a path of the operating system. It does not touch files before Commit.
func CreateFile(path string, opts Options) *Writer { return Create(fsx.OS{}, path, opts) }

// Create is [CreateFile] for a path in a filesystem of this module.
func Create(fsys fsx.FS, path string, opts Options) *Writer {
	opts.Metadata = maps.Clone(opts.Metadata)
	return &Writer{List: raw.NewList(path, accept), fsys: fsys, path: path, opts: opts}
}

// accept returns an error if a file cannot hold a tensor with the given name and dtype.
func accept(key string, d tensor.DType) error {
	switch {
	case key == metadataName:
		return errors.New("this name is reserved for metadata")
	case !utf8.ValidString(key):
		return errors.New("the name is not valid UTF-8")
	case storedAs(d) < 0:
		return fmt.Errorf("a safetensors file cannot hold %v: %w", d, errors.ErrUnsupported)
	}
	return nil
}

// Commit implements format.Writer. It loads tensors one at a time. They must not change until Commit returns. An index is
// moved into place last.
//
// If Commit writes several files it removes the single file of an earlier save at the path; if it writes a single file it
// removes the earlier index. A reader of the path does not find the earlier save then. Other files of an earlier index stay.
func (w *Writer) Commit(ctx context.Context) error {
	items, err := w.Finish()
	if err != nil {
		return err
	}
	if err := checkMetadata(w.opts.Metadata); err != nil {
		return &raw.Error{File: w.path, Offset: -1, Err: err}
	}
	shards := split(items, w.opts.MaxShardSize)
	commit := fsx.Begin(w.fsys)
	defer commit.Abort()
	if err := w.write(ctx, commit, shards); err != nil {
		return err
	}
	if err := commit.Run(ctx); err != nil {
		return err
	}
	stale := w.path + weightmap.Ending
	if len(shards) > 1 {
		stale = w.path
	}
	_ = w.fsys.Remove(stale) // usually does not exist
	return nil
}

// checkMetadata returns an error if the header cannot hold the metadata.
func checkMetadata(metadata map[string]string) error {
	for k, v := range metadata {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return fmt.Errorf("metadata: %q: %q is not UTF-8", k, v)
		}
	}
	return nil
}

// split splits items as Hugging Face's libraries do. A tensor that exceeds limit gets a separate file. A tensor that does not fit
// into the current file begins the next one.
func split(items []raw.Item, limit int64) [][]raw.Item {
	var shards [][]raw.Item
	var current []raw.Item
	size := int64(0)
	for _, it := range items {
		n := it.Size()
		if limit > 0 && n > limit {
			shards = append(shards, []raw.Item{it})
			continue
		}
		if limit > 0 && n > limit-size {
			shards = append(shards, current)
			current, size = nil, 0
		}
		current = append(current, it)
		size += n
	}
	if len(current) > 0 || len(shards) == 0 {
		shards = append(shards, current)
	}
	return shards
}

// write writes the files of a commit.
func (w *Writer) write(ctx context.Context, commit *fsx.Commit, shards [][]raw.Item) error {
	done, total := int64(0), int64(0)
	for _, items := range shards {
		total += raw.TotalSize(items)
	}
	wrote := func(n int64) {
		if done += n; w.opts.Progress != nil {
			w.opts.Progress(done, total)
		}
	}
	fileOf := make(map[string]string)
	for i, items := range shards {
		path := w.path
		if len(shards) > 1 {
			path = shardPath(w.path, i, len(shards))
		}
		for _, it := range items {
			fileOf[it.Key] = filepath.Base(path)
		}
		f, err := commit.Create(path)
		if err != nil {
			return err
		}
		if err := writeFile(ctx, f, path, items, w.opts.Metadata, wrote); err != nil {
			return err
		}
	}
	if len(shards) == 1 {
		return nil
	}
	f, err := commit.Create(w.path + weightmap.Ending)
	if err != nil {
		return err
	}
	if _, err := f.Write(encodeIndex(fileOf, total)); err != nil {
		return raw.OpenError("write", w.path+weightmap.Ending, err)
	}
	return nil
}

// shardPath returns the path of file i of n, as "model-00001-of-00002.safetensors".
func shardPath(path string, i, n int) string {
	stem := strings.TrimSuffix(path, ending)
	return fmt.Sprintf("%s-%05d-of-%05d%s", stem, i+1, n, path[len(stem):])
}

// writeFile writes one file.
func writeFile(ctx context.Context, f fsx.File, path string, items []raw.Item, metadata map[string]string, wrote func(int64)) error {
	items = slices.Clone(items)
	head, size := layOut(items, metadata)
	if len(head)-lengthSize > maxHeader {
		return &raw.Error{File: path, Offset: -1, Err: fmt.Errorf("its header would have %d bytes, expected at most %d", len(head)-lengthSize, maxHeader)}
	}
	if err := f.Allocate(size); err != nil {
		return raw.OpenError("allocate", path, err)
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return raw.OpenError("write", path, err)
	}
	return raw.Write(ctx, f, path, items, wrote)
}
