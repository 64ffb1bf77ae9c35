package bundle

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
)

// A save to a name in use must not change the old checkpoint until the new one is durable. A rename replaces
// one file at a time, but the index and the data files of a checkpoint belong together. So the new data must
// not have the names of the old. The names of data files contain the number of data files, which the index
// has too. TensorFlow and this package use only data files to which an entry of the index refers. So a save
// over a checkpoint of n data files has these steps:
//
//  1. The data is written and renamed to PREFIX.data-…-of-0000M, where M is a number that is not in use: n+1.
//  2. An index with M data files is renamed over the old one: this commits the save.
//  3. The data files get their proper names, …-of-0000n, as second names in place of the old files.
//  4. An index with n data files is renamed over the other.
//  5. Their other names are removed.
//
// Each step is durable before the next begins. If the save stops at any point, the data files of the index
// exist. The result has the names and bytes of a save to a new name, and TensorFlow can read every state in
// between. On filesystems without hard links the save ends after step 2, and the next save uses the proper
// names again.

// A place describes the existing files at the prefix of a save.
type place struct {
	fsys   fsx.FS
	prefix string
	count  int  // number of data files of the current index; 0 if there is none, or it cannot be read
	exists bool // an index exists
}

// placeOf reads the index at prefix.
func placeOf(fsys fsx.FS, prefix string) *place {
	p := &place{fsys: fsys, prefix: prefix}
	f, err := fsys.Open(IndexFile(prefix))
	p.exists = !errors.Is(err, fs.ErrNotExist)
	if err != nil {
		return p
	}
	defer f.Close()
	in := mergeInput{name: IndexFile(prefix)}
	if in.table, err = sstable.Open(f, f.Size()); err == nil && in.readHeader() == nil {
		p.count = int(in.header.shards)
	}
	return p
}

// freeCount returns the number of data files that the names of a save may contain, n if those names are free.
func (p *place) freeCount(n int) int {
	taken := map[int]bool{p.count: true}
	if p.exists && p.count == 0 { // any of them may belong to the index
		for _, d := range p.dataFiles() {
			taken[d.of] = true
		}
	}
	for taken[n] {
		n++
	}
	return n
}

// A listedFile is a data file in the place's directory.
type listedFile struct {
	path string
	of   int
}

// dataFiles returns the data files of the prefix, or no files if the directory cannot be listed.
func (p *place) dataFiles() []listedFile {
	found, _ := p.listDataFiles()
	return found
}

// listDataFiles returns the data files of the prefix, or no files if the directory does not exist.
func (p *place) listDataFiles() (found []listedFile, err error) {
	dir, base := filepath.Dir(p.prefix+"."), filepath.Base(IndexFile(p.prefix))
	entries, err := p.fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		prefix, _, of, ok := ParseDataFile(e.Name())
		if ok && IndexFile(prefix) == base && !e.IsDir() {
			found = append(found, listedFile{filepath.Join(dir, e.Name()), of})
		}
	}
	return found, nil
}

// removeOthers removes data files with another number than count in their names. No index refers to them. If it fails, the next
// save tries again.
func (p *place) removeOthers(count int) {
	for _, d := range p.dataFiles() {
		if d.of != count {
			_ = p.fsys.Remove(d.path)
		}
	}
}

// sweep removes the remains of interrupted saves: temporary files, and data files to which the current index does not refer.
// Without an index data files stay: they are replaced, or removed after the save.
func (p *place) sweep() {
	if p.count > 0 {
		p.removeOthers(p.count)
	}
	index := filepath.Base(IndexFile(p.prefix))
	_, _ = fsx.SweepAll(p.fsys, filepath.Dir(p.prefix+"."), func(final string) bool {
		prefix, _, _, ok := ParseDataFile(final)
		return final == index || ok && IndexFile(prefix) == index
	})
}

// rename gives the data files, which have from as their number in the names, their proper names, and the index
// the proper number. If it fails, the checkpoint does not change.
func (w *Writer) rename(ctx context.Context, from int) error {
	n := w.shards()
	for i := range n {
		if err := fsx.LinkOver(w.fsys, DataFile(w.prefix, i, from), DataFile(w.prefix, i, n)); err != nil {
			return err
		}
	}
	if err := w.fsys.SyncDir(filepath.Dir(w.prefix + ".")); err != nil {
		return err
	}
	commit := fsx.Begin(w.fsys)
	defer commit.Abort()
	index, err := commit.Create(IndexFile(w.prefix))
	if err != nil {
		return err
	}
	if err := w.writeIndex(index, n); err != nil {
		return err
	}
	return commit.Run(ctx)
}
