package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
)

// dataFiles opens data files when they are first needed and shares them. At most [openFiles] are open at once: the one that
// was used least recently is closed for the next.
//
// All belong to the same save as the index. A save replaces the index before it changes a data file of the old one. So a data file
// belongs to the index if the index is still in place after the file was opened.
type dataFiles struct {
	fsys      fsx.ReadFS
	prefix    string
	n         int32 // number of data files of the checkpoint
	index     fsx.Reader
	indexName string

	clock  atomic.Int64
	mu     sync.Mutex
	known  map[int32]*dataFile // files that were opened
	open   int                 // number of known files that are open
	closed bool
}

// A dataFile is a data file that was opened, and may be closed for now.
type dataFile struct {
	files    *dataFiles
	shard    int32
	size     int64
	asked    atomic.Int64 // total size of the tensors that were located in it, until it exceeds the file's size
	aliasing sync.Once
	fault    error // the result of checkAliasing
	mapping  mapping

	used atomic.Int64 // the clock at the last read
	mu   sync.RWMutex
	r    fsx.Reader // nil while it is closed; readers hold mu for reading
}

// Size is the size of the file when it was first opened.
func (f *dataFile) Size() int64 { return f.size }

// exceeded reports whether the requested bytes, including those of one more tensor, exceed the file's size,
// because a tensor was read twice or entries share bytes.
func (f *dataFile) exceeded(size int64) bool {
	return f.asked.Load() > f.size || f.asked.Add(size) > f.size
}

// ReadAt implements io.ReaderAt.
func (f *dataFile) ReadAt(p []byte, off int64) (n int, err error) {
	return f.readAt(context.Background(), p, off)
}

// readAt is ReadAt. It ends with ctx if the file supports that.
func (f *dataFile) readAt(ctx context.Context, p []byte, off int64) (n int, err error) {
	err = f.with(func(r fsx.Reader) (err error) {
		n, err = fsx.ReadAt(ctx, r, p, off)
		return err
	})
	return n, err
}

// with calls do with the open file.
func (f *dataFile) with(do func(fsx.Reader) error) error {
	if f.files.n > openFiles {
		f.used.Store(f.files.clock.Add(1))
	}
	f.mu.RLock()
	for f.r == nil {
		f.mu.RUnlock()
		if err := f.files.reopen(f); err != nil {
			return err
		}
		f.mu.RLock()
	}
	defer f.mu.RUnlock()
	return do(f.r)
}

func (d *dataFiles) name(shard int32) string { return DataFile(d.prefix, int(shard), int(d.n)) }

// get returns data file shard, which must be in range.
func (d *dataFiles) get(shard int32) (*dataFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f, ok := d.known[shard]; ok {
		return f, nil
	}
	r, err := d.openFile(shard)
	if err != nil {
		return nil, err
	}
	if err := d.checkCurrent(); err != nil {
		r.Close()
		return nil, err
	}
	return d.add(shard, r), nil
}

// add records that r is the open data file shard. The caller must hold d.mu.
func (d *dataFiles) add(shard int32, r fsx.Reader) *dataFile {
	if d.known == nil {
		d.known = make(map[int32]*dataFile)
	}
	f := &dataFile{files: d, shard: shard, size: r.Size(), r: r}
	f.used.Store(d.clock.Add(1))
	d.known[shard] = f
	d.open++
	return f
}

// openFile opens data file shard. It first closes another one if too many are open. The caller must hold
// d.mu.
func (d *dataFiles) openFile(shard int32) (fsx.Reader, error) {
	if d.closed {
		return nil, fs.ErrClosed
	}
	if d.open >= openFiles {
		d.closeOldest()
	}
	r, err := d.fsys.Open(d.name(shard))
	if err != nil {
		if stale := d.checkCurrent(); errors.Is(stale, format.ErrStale) && errors.Is(err, fs.ErrNotExist) {
			return nil, stale
		}
		return nil, err
	}
	if err := checkPointer(r); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// checkPointer returns an error if a data file is a Git LFS pointer, because the file was not fetched.
func checkPointer(r fsx.Reader) error {
	const (
		begins = "version https://git-lfs.github.com/spec/"
		most   = 1024 // largest size of a pointer in Git LFS's specification
	)
	if r.Size() < int64(len(begins)) || r.Size() >= most {
		return nil
	}
	var head [len(begins)]byte
	switch _, err := r.ReadAt(head[:], 0); {
	case err != nil:
		return err
	case string(head[:]) != begins:
		return nil
	}
	return fmt.Errorf("a Git LFS pointer, not the file that it stands for: run git lfs pull: %w", format.ErrFormat)
}

// closeOldest closes the open file that was used least recently. It waits for running reads.
func (d *dataFiles) closeOldest() {
	var oldest *dataFile
	for _, f := range d.known {
		if f.r != nil && (oldest == nil || f.used.Load() < oldest.used.Load()) { // r is written under d.mu too
			oldest = f
		}
	}
	if oldest != nil {
		oldest.mu.Lock()
		defer oldest.mu.Unlock()
		oldest.r.Close() // the file was only read, so nothing is lost
		oldest.r = nil
		d.open--
	}
}

// reopen opens f, which was closed in favour of another file.
func (d *dataFiles) reopen(f *dataFile) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.r != nil { // another has done it
		return nil
	}
	r, err := d.openFile(f.shard)
	if err != nil {
		return err
	}
	err = d.checkCurrent()
	if err == nil && r.Size() != f.size {
		err = staleError("its size was %d bytes, and is now %d", f.size, r.Size())
	}
	if err != nil {
		r.Close()
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.r = r
	d.open++
	return nil
}

// openAll opens all data files if there are few, so that they stay readable after later saves. It ignores files that cannot be
// opened; reads report them. ok is false if the index was replaced at the same time.
func (d *dataFiles) openAll() (ok bool, err error) {
	if d.n > openEarly {
		return true, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for shard := range d.n {
		if r, err := d.openFile(shard); err == nil {
			d.add(shard, r)
		}
	}
	return fsx.Current(d.fsys, d.indexName, d.index)
}

// checkCurrent returns an error if the index was replaced.
func (d *dataFiles) checkCurrent() error {
	current, err := fsx.Current(d.fsys, d.indexName, d.index)
	if err == nil && !current {
		err = staleError("%s was replaced after it was opened", d.indexName)
	}
	return err
}

func staleError(reason string, args ...any) error {
	return fmt.Errorf("%w: %s; open the checkpoint again", format.ErrStale, fmt.Sprintf(reason, args...))
}

func (d *dataFiles) close() (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, f := range d.known {
		if e := f.close(); err == nil {
			err = e
		}
	}
	d.open = 0
	return err
}

// close closes the file and releases its memory.
func (f *dataFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mapping.once.Do(func() {})
	var err error
	if f.mapping.unmap != nil {
		err = f.mapping.unmap()
	}
	if f.r != nil {
		err = errors.Join(err, f.r.Close())
		f.r = nil
	}
	return err
}
