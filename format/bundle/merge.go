package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
)

// MergeOptions are the options of [Merge] and [MergeFiles].
type MergeOptions struct {
	// AllowMissing skips checkpoints without an index.
	AllowMissing bool
	// RemoveDirs removes directories of merged checkpoints that are empty after the merge, except the directory of dest.
	RemoveDirs bool
}

// MergeFiles makes one checkpoint, dest, from several, as TensorFlow's MergeV2Checkpoints does: it renames and numbers the data
// files in the order of prefixes, without copying data, and merges the indexes into one. The merged checkpoints then no
// longer exist. A key may occur in only one of them. Parts of a partitioned tensor are listed in the order of prefixes.
//
// After an error nothing has changed, unless the error says so: data files of an earlier checkpoint at dest may already be
// replaced. After a crash data files have their old names or their new ones. An index with missing or foreign data files is
// never read as if it were intact.
func MergeFiles(ctx context.Context, dest string, prefixes []string, opts MergeOptions) error {
	return Merge(ctx, fsx.OS{}, dest, prefixes, opts)
}

// Merge is [MergeFiles] for checkpoints in a filesystem of this module.
func Merge(ctx context.Context, fsys fsx.FS, dest string, prefixes []string, opts MergeOptions) error {
	m := &merger{fsys: fsys, dest: dest}
	defer m.close()
	for _, p := range prefixes {
		if err := m.open(p, opts.AllowMissing); err != nil {
			return err
		}
	}
	if len(m.inputs) == 0 {
		return &Error{File: IndexFile(dest), Offset: -1, Err: fmt.Errorf("there is no checkpoint to merge: %w", fs.ErrNotExist)}
	}
	if err := m.plan(); err != nil {
		return err
	}
	if err := m.run(ctx); err != nil {
		return err
	}
	m.close() // some systems do not remove open files
	m.clean(opts.RemoveDirs)
	return nil
}

// A merger is one run of Merge.
type merger struct {
	fsys     fsx.FS
	dest     string
	prefixes []string
	files    []fsx.Reader
	inputs   []mergeInput
	moves    []move // of data files
	total    int    // number of data files
}

// A move is a renaming. replaces tells whether a file with the new name existed.
type move struct {
	from, to string
	replaces bool
}

// open adds the checkpoint called prefix.
func (m *merger) open(prefix string, allowMissing bool) error {
	name := IndexFile(prefix)
	f, err := m.fsys.Open(name)
	if allowMissing && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return openError(name, err)
	}
	m.files = append(m.files, f)
	table, err := sstable.Open(f, f.Size())
	if err != nil {
		return &Error{File: name, Offset: -1, Err: err}
	}
	in := mergeInput{name: name, table: table}
	if err := in.readHeader(); err != nil {
		return err
	}
	m.prefixes = append(m.prefixes, prefix)
	m.inputs = append(m.inputs, in)
	return nil
}

// plan numbers the data files: those of each input by their first appearance in it (MergeOneBundle in tensor_bundle.cc), then
// those to which no entry refers.
func (m *merger) plan() error {
	sources := make(map[string]bool)
	for i := range m.inputs {
		in := &m.inputs[i]
		if err := in.numberShards(m.total); err != nil {
			return err
		}
		for shard := range in.header.shards {
			from := DataFile(m.prefixes[i], int(shard), int(in.header.shards))
			if _, err := m.fsys.Stat(from); err != nil { // ends the loop if the header has a false number
				return openError(from, err)
			}
			if _, ok := in.shards[shard]; !ok {
				in.shards[shard] = int32(m.total + len(in.shards))
			}
			if sources[from] {
				return mergeFault(from, "", "it is an input of the merge twice")
			}
			sources[from] = true
		}
		m.total += int(in.header.shards)
	}
	for i := range m.inputs {
		in := &m.inputs[i]
		for shard := range in.header.shards {
			mv := move{
				from: DataFile(m.prefixes[i], int(shard), int(in.header.shards)),
				to:   DataFile(m.dest, int(in.shards[shard]), m.total),
			}
			if mv.from == mv.to {
				continue
			}
			if sources[mv.to] {
				return mergeFault(mv.from, "", "its new name would be %s, which is also an input of the merge", mv.to)
			}
			_, err := m.fsys.Stat(mv.to)
			mv.replaces = err == nil
			m.moves = append(m.moves, mv)
		}
	}
	return nil
}

// numberShards numbers the data files of m from base, in the order in which its entries refer to them.
func (m *mergeInput) numberShards(base int) error {
	numbers := make(map[int32]int32)
	for e, err := range m.table.All() {
		if err != nil {
			return &Error{File: m.name, Offset: -1, Err: err}
		}
		if len(e.Key) == 0 {
			continue
		}
		if err := m.parse(e); err != nil {
			return err
		}
		if _, ok := numbers[m.rec.shard]; !ok {
			numbers[m.rec.shard] = int32(base + len(numbers))
		}
	}
	m.shards = numbers
	return nil
}

// run writes the index under a temporary name, moves the data files, and moves the index into place.
func (m *merger) run(ctx context.Context) (err error) {
	commit := fsx.Begin(m.fsys)
	defer commit.Abort()
	index, err := commit.Create(IndexFile(m.dest))
	if err != nil {
		return err
	}
	if err := mergeIndexes(index, m.inputs, m.total, false); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	moved := 0
	defer func() {
		if err != nil {
			err = m.takeBack(m.moves[:moved], err)
		}
	}()
	dirs := map[string]bool{filepath.Dir(IndexFile(m.dest)): true}
	for _, mv := range m.moves {
		if err := m.fsys.Rename(mv.from, mv.to); err != nil {
			return opError("rename to "+mv.to, mv.from, err)
		}
		dirs[filepath.Dir(mv.from)] = true
		moved++
	}
	for dir := range dirs {
		if err := m.fsys.SyncDir(dir); err != nil {
			return opError("sync directory", dir, err)
		}
	}
	return commit.Run(ctx)
}

// takeBack gives the moved files their old names again. It returns cause, and adds what could not be undone.
func (m *merger) takeBack(moved []move, cause error) error {
	for _, mv := range slices.Backward(moved) {
		if err := m.fsys.Rename(mv.to, mv.from); err != nil {
			cause = fmt.Errorf("%w; %s is now %s", cause, mv.from, mv.to)
		}
		if mv.replaces {
			cause = fmt.Errorf("%w; the earlier %s is gone", cause, mv.to)
		}
	}
	return cause
}

// clean removes the remains of the merged checkpoints. Files that cannot be removed stay, as in TensorFlow.
func (m *merger) clean(dirs bool) {
	for _, p := range m.prefixes {
		if name := IndexFile(p); name != IndexFile(m.dest) {
			_ = m.fsys.Remove(name)
		}
	}
	for _, p := range m.prefixes {
		if dir := filepath.Dir(IndexFile(p)); dirs && dir != filepath.Dir(IndexFile(m.dest)) {
			_ = m.fsys.Remove(dir) // only if it is empty
		}
	}
}

func (m *merger) close() {
	for _, f := range m.files {
		f.Close()
	}
	m.files = nil
}
