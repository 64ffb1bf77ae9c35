package weightmap

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
)

// openFiles is the number of an index's files that are open at once. Systems allow a process at least 256, and it has others open
// too.
const openFiles = 32

// A window opens the files of an index when they are read, and keeps the last few open.
type window struct {
	fsys fsx.ReadFS

	mu   sync.Mutex
	open []*shard // open shards, the most recently read at the end
}

// A shard is a file of the window. It must stay the file that the window first opened.
type shard struct {
	w    *window
	path string
	info fs.FileInfo
	size int64

	// guarded by the window
	r      fsx.Reader // nil if the file is closed
	users  int        // number of current readers
	closed bool
}

// add opens the file at path and returns it.
func (w *window) add(path string) (*shard, error) {
	s := &shard{w: w, path: path}
	if _, err := s.acquire(); err != nil {
		return nil, err
	}
	s.size = s.r.Size()
	s.release()
	return s, nil
}

// acquire returns the open file. It stays open until release.
func (s *shard) acquire() (fsx.Reader, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if s.closed {
		return nil, fs.ErrClosed
	}
	if s.r == nil {
		if err := s.reopen(); err != nil {
			return nil, err
		}
	}
	s.w.use(s)
	s.users++
	return s.r, nil
}

// reopen opens the file again. The error satisfies [format.ErrStale] if the file was replaced.
func (s *shard) reopen() error {
	r, err := s.w.fsys.Open(s.path)
	if err != nil {
		return err
	}
	info, err := s.w.fsys.Stat(s.path)
	if err == nil && s.info != nil && (r.Size() != s.size || !fsx.SameFile(s.info, info)) {
		err = fmt.Errorf("%s was replaced since it was opened: %w", s.path, format.ErrStale)
	}
	if err != nil {
		return errors.Join(err, r.Close())
	}
	s.r, s.info = r, info
	return nil
}

// use makes s the most recently read file. If too many are open, it closes others that nobody is reading.
func (w *window) use(s *shard) {
	kept := w.open[:0]
	excess := len(w.open) - openFiles
	if !slices.Contains(w.open, s) {
		excess++
	}
	for _, o := range w.open {
		switch {
		case o == s:
		case o.users == 0 && excess > 0:
			o.r.Close() // it was only read
			o.r = nil
			excess--
		default:
			kept = append(kept, o)
		}
	}
	w.open = append(kept, s)
}

func (s *shard) release() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.users--
}

// ReadAt implements [io.ReaderAt].
func (s *shard) ReadAt(p []byte, off int64) (int, error) {
	r, err := s.acquire()
	if err != nil {
		return 0, err
	}
	defer s.release()
	return r.ReadAt(p, off)
}

// Size returns the size that the file had when it was first opened.
func (s *shard) Size() int64 { return s.size }

// Map implements [fsx.Mapper]. The mapped memory stays valid after the file is closed.
func (s *shard) Map() (contents []byte, unmap func() error, err error) {
	r, err := s.acquire()
	if err != nil {
		return nil, nil, err
	}
	defer s.release()
	return fsx.Map(r)
}

// Close closes the file for good.
func (s *shard) Close() error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.closed = true
	if s.r == nil {
		return nil
	}
	for i, o := range s.w.open {
		if o == s {
			s.w.open = append(s.w.open[:i], s.w.open[i+1:]...)
			break
		}
	}
	r := s.r
	s.r = nil
	return r.Close()
}
