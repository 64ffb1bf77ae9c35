package errfs

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gockpt/ckpt/internal/fsx"
)

// An FS is a filesystem in memory; it implements [fsx.FS]. Names are slash-separated (backslashes too where the
// host uses them) and relative ones start at the root. Several goroutines may use it at once.
type FS struct {
	mu     sync.Mutex
	root   *node
	inject Injector
	ops    []Op
	dead   bool
	open   int // files and readers not closed
}

var _ fsx.FS = (*FS)(nil)

// New returns a filesystem with an empty root directory.
func New() *FS { return &FS{root: newDir(clock(0))} }

// clock is a filesystem's time. Each operation advances it by a second.
func clock(ops int) time.Time { return time.Unix(1_000_000_000+int64(ops), 0) }

// Inject sets the injector for later operations. With nil, operations do not fail. Earlier operations keep
// their numbers.
func (f *FS) Inject(in Injector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inject = in
}

// Ops returns the number of operations so far.
func (f *FS) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ops)
}

// Log returns the operations so far.
func (f *FS) Log() []Op {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ops)
}

// OpenFiles returns the number of open readers and files.
func (f *FS) OpenFiles() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open
}

// Reboot cuts the power, unless it has failed already, and returns the filesystem that the next boot finds.
func (f *FS) Reboot(fate Fate) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	return &FS{root: f.root.reboot(fate, map[*node]*node{})}
}

// Files returns the contents of all files by their path from the root, without a leading slash.
func (f *FS) Files() map[string][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	files := make(map[string][]byte)
	f.each(func(name string, n *node) { files[name] = slices.Clone(n.data) })
	return files
}

// Names returns the sorted keys of Files, without a copy of the files.
func (f *FS) Names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	f.each(func(name string, _ *node) { names = append(names, name) })
	slices.Sort(names)
	return names
}

// each calls do for every file below the root. The caller holds the lock.
func (f *FS) each(do func(name string, n *node)) {
	var list func(prefix string, dir *node)
	list = func(prefix string, dir *node) {
		for name, n := range dir.names {
			if n.dir {
				list(prefix+name+"/", n)
			} else {
				do(prefix+name, n)
			}
		}
	}
	list("", f.root)
}

// do counts op and performs it, unless the injector decides otherwise. A torn write stores half of its bytes.
func (f *FS) do(op Op, perform func(size int) error) error {
	f.mu.Lock()
	op.N = len(f.ops) + 1
	f.ops = append(f.ops, op)
	inject := f.inject
	f.mu.Unlock()

	var fault Fault
	if inject != nil {
		fault = inject(op)
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = f.dead || fault.Crash
	if f.dead {
		return &fs.PathError{Op: string(op.Kind), Path: op.Name, Err: ErrCrashed}
	}
	if fault.Err != nil && !fault.Done && !fault.Partial {
		return &fs.PathError{Op: string(op.Kind), Path: op.Name, Err: fault.Err}
	}
	size := op.Size
	if fault.Partial {
		if op.Kind != Write {
			return &fs.PathError{Op: string(op.Kind), Path: op.Name, Err: fault.Err}
		}
		size /= 2
	}
	if err := perform(size); err != nil {
		return &fs.PathError{Op: string(op.Kind), Path: op.Name, Err: err}
	}
	if fault.Err != nil {
		return &fs.PathError{Op: string(op.Kind), Path: op.Name, Err: fault.Err}
	}
	return nil
}

func (f *FS) now() time.Time { return clock(len(f.ops)) }

// split returns the elements of name below the root.
func split(name string) []string {
	clean := path.Clean("/" + filepath.ToSlash(strings.TrimPrefix(name, filepath.VolumeName(name))))
	if clean == "/" {
		return nil
	}
	return strings.Split(clean[1:], "/")
}

// find returns the node called name.
func (f *FS) find(name string) (*node, error) {
	n := f.root
	for _, e := range split(name) {
		if !n.dir {
			return nil, syscall.ENOTDIR
		}
		child := n.names[e]
		if child == nil {
			return nil, fs.ErrNotExist
		}
		n = child
	}
	return n, nil
}

// parent returns the directory of name, which does not have to exist, and name's last element.
func (f *FS) parent(name string) (*node, string, error) {
	elems := split(name)
	if name == "" || len(elems) == 0 {
		return nil, "", fs.ErrInvalid
	}
	dir, err := f.find(strings.Join(elems[:len(elems)-1], "/"))
	if err == nil && !dir.dir {
		err = syscall.ENOTDIR
	}
	return dir, elems[len(elems)-1], err
}

// WriteFile makes a durable file and the directories above it, for the initial state of a test. It does not
// count as an operation.
func (f *FS) WriteFile(name string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir := f.root
	elems := split(name)
	if len(elems) == 0 {
		return fmt.Errorf("errfs: write %q: %w", name, fs.ErrInvalid)
	}
	for _, e := range elems[:len(elems)-1] {
		child := dir.names[e]
		if child == nil {
			child = newDir(f.now())
		}
		if !child.dir {
			return fmt.Errorf("errfs: write %q: %w", name, syscall.ENOTDIR)
		}
		dir.put(e, child)
		dir = child
	}
	n := newFile(f.now())
	n.data = slices.Clone(data)
	n.sync()
	dir.put(elems[len(elems)-1], n)
	return nil
}
