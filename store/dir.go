package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gockpt/ckpt/internal/fsx"
)

// Dir returns a Store that keeps each object in a file of its name below path. It creates the directory when the first
// object is written. Files are durable when a call returns. Several programs may use one directory, because a lock orders
// their writes. On filesystems without locks, such as some network filesystems, Replace is safe only among the goroutines of
// one program. PutIfAbsent needs hard links.
//
// A version is made from a file's size, its modification time and a hash of up to 64 KiB. It does not change if a program
// overwrites a file in place and resets its time. Objects called a and a/b cannot both exist. A killed write leaves a temporary
// file. List does not yield it, and the next program that writes removes it.
func Dir(path string) Store {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return &dir{root: path, writing: make(chan struct{}, 1)}
}

type dir struct {
	root    string
	writing chan struct{} // held by the goroutine that changes a name
	swept   sync.Map      // the directories that were swept of temporary files
}

// file returns the path of an object's file.
func (d *dir) file(op, name string) (string, error) {
	if err := check(op, name); err != nil {
		return "", err
	}
	local, err := filepath.Localize(name)
	if err != nil || fsx.IsLeftover(path.Base(name)) {
		return "", fail(op, name, fs.ErrInvalid)
	}
	return filepath.Join(d.root, local), nil
}

func (d *dir) Read(ctx context.Context, name, version string, p []byte, off int64) (Object, error) {
	const op = "read"
	file, err := d.file(op, name)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && off < 0 {
		err = fail(op, name, fs.ErrInvalid)
	}
	if err != nil {
		return Object{}, err
	}
	f, o, err := open(name, file)
	if err != nil && !errors.Is(err, ErrNotExist) {
		return Object{}, fail(op, name, err)
	}
	if version != "" && o.Version != version {
		err = ErrChanged
	}
	if f != nil {
		defer f.Close() // only read: the error does not matter
	}
	if err != nil {
		return Object{}, fail(op, name, err)
	}
	if want := min(int64(len(p)), max(0, o.Size-off)); want > 0 {
		if _, err := f.ReadAt(p[:want], off); err != nil {
			return Object{}, fail(op, name, err)
		}
	}
	return o, nil
}

// hashed is the size up to which a file's contents are part of its version.
const hashed = 64 << 10

// open opens an object's file and describes it. The error satisfies errors.Is(err, ErrNotExist) if there is no object.
func open(name, file string) (fsx.Reader, Object, error) {
	f, err := fsx.OS{}.Open(file)
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) {
		err = ErrNotExist
	}
	if err != nil {
		return nil, Object{}, err
	}
	info, err := f.(interface{ Stat() (fs.FileInfo, error) }).Stat()
	hash := sha256.New()
	if err == nil && info.Size() <= hashed {
		_, err = io.Copy(hash, io.NewSectionReader(f, 0, info.Size()))
	}
	if err != nil {
		f.Close()
		return nil, Object{}, err
	}
	version := fmt.Sprintf("%x-%x-%x", info.ModTime().UnixNano(), info.Size(), hash.Sum(nil)[:8])
	return f, Object{Name: name, Size: info.Size(), Version: version, Modified: info.ModTime()}, nil
}

// look describes the object in a file.
func look(name, file string) (Object, error) {
	f, o, err := open(name, file)
	if err == nil {
		f.Close() // only read: the error does not matter
	}
	return o, err
}

func (d *dir) Put(ctx context.Context, name string, body io.Reader, size int64) (Object, error) {
	return d.put(ctx, "put", name, body, size, os.Rename)
}

func (d *dir) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (Object, error) {
	return d.put(ctx, "put if absent", name, body, size, func(temp, file string) error {
		err := fsx.OS{}.Link(temp, file)
		if err == nil {
			_ = os.Remove(temp) // at worst it stays, and is swept later
		}
		return err
	})
}

func (d *dir) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (Object, error) {
	return d.put(ctx, "replace", name, body, size, func(temp, file string) error {
		there, err := look(name, file)
		switch {
		case err != nil && !errors.Is(err, ErrNotExist):
			return err
		case err != nil || version == "" || there.Version != version:
			return ErrChanged
		}
		return os.Rename(temp, file)
	})
}

// put writes body to a temporary file and calls move to rename it. One goroutine at a time calls move.
func (d *dir) put(ctx context.Context, op, name string, body io.Reader, size int64, move func(temp, file string) error) (Object, error) {
	file, err := d.file(op, name)
	if err != nil {
		return Object{}, err
	}
	temp, err := d.write(ctx, file, body, size)
	if err != nil {
		return Object{}, fail(op, name, err)
	}
	var o Object
	err = d.alone(ctx, func() error {
		if err := move(temp, file); err != nil {
			return err
		}
		o, err = look(name, file)
		return errors.Join(err, fsx.OS{}.SyncDir(filepath.Dir(file)))
	})
	if err != nil {
		_ = os.Remove(temp) // at worst it stays, and is swept later
		return Object{}, fail(op, name, err)
	}
	return o, nil
}

// write writes body to a durable temporary file next to file.
func (d *dir) write(ctx context.Context, file string, body io.Reader, size int64) (temp string, err error) {
	f, temp, err := d.create(file)
	if err != nil {
		return "", err
	}
	n, err := io.Copy(onlyWriter{f}, ended{ctx, body})
	if err == nil {
		err = checkSize(n, size)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if now := time.Now(); err == nil {
		err = os.Chtimes(temp, now, now) // with nanoseconds: the time that the system gives a file may be milliseconds old
	}
	if err != nil {
		_ = os.Remove(temp) // at worst it stays, and is swept later
		return "", err
	}
	return temp, nil
}

// create makes a temporary file next to file, and the directories above it.
func (d *dir) create(file string) (f fsx.File, temp string, err error) {
	parent := filepath.Dir(file)
	for range 10 { // a concurrent Delete may remove the empty directory
		if err = fsx.MkdirAll(fsx.OS{}, parent); err != nil {
			break
		}
		temp = fsx.TempName(fsx.OS{}, file)
		if f, err = (fsx.OS{}).Create(temp); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, "", err
	}
	if _, known := d.swept.LoadOrStore(parent, true); !known {
		_, _ = fsx.Sweep(fsx.OS{}, parent, func(string) bool { return true }) // remaining files only take space
	}
	return f, temp, nil
}

// onlyWriter hides ReadFrom of a file, so that io.Copy uses WriteTo of its source.
type onlyWriter struct{ io.Writer }

// ended is a Reader that fails when ctx ends.
type ended struct {
	ctx context.Context
	io.Reader
}

func (e ended) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	return e.Reader.Read(p)
}

// alone calls change while no other goroutine changes a name. If the directory can be locked, no other program does either.
func (d *dir) alone(ctx context.Context, change func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case d.writing <- struct{}{}:
		defer func() { <-d.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		lock, err := fsx.Lock(fsx.OS{}, d.root)
		if err == nil {
			defer lock.Close() // closing a directory cannot lose data
			return change()
		}
		if !errors.Is(err, fsx.ErrLocked) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *dir) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		found, err := d.list(prefix)
		for _, o := range found {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				break
			}
			if !yield(o, nil) {
				return
			}
		}
		if err != nil {
			yield(Object{}, fail("list", prefix, err))
		}
	}
}

func (d *dir) list(prefix string) ([]Object, error) {
	parent, base := path.Split(prefix)
	if !fs.ValidPath(path.Join(parent, "x")) || path.Clean(parent)+"/" != parent && parent != "" {
		return nil, nil
	}
	local, err := filepath.Localize(path.Clean("./" + parent))
	if err != nil {
		return nil, nil
	}
	entries, err := os.ReadDir(filepath.Join(d.root, local))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []Object
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) || fsx.IsLeftover(e.Name()) {
			continue
		}
		info, err := os.Stat(filepath.Join(d.root, local, e.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted in the meantime
		case err != nil:
			return nil, err
		case info.IsDir():
			found = append(found, Object{Name: parent + e.Name() + "/"})
		case info.Mode().IsRegular():
			found = append(found, Object{Name: parent + e.Name(), Size: info.Size(), Modified: info.ModTime()})
		}
	}
	slices.SortFunc(found, func(a, b Object) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

func (d *dir) Delete(ctx context.Context, name string) error {
	file, err := d.file("delete", name)
	if err != nil {
		return err
	}
	if _, err := look(name, file); errors.Is(err, ErrNotExist) {
		return nil
	}
	err = d.alone(ctx, func() error {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		parent := filepath.Dir(file)
		err := fsx.OS{}.SyncDir(parent)
		for parent != d.root && os.Remove(parent) == nil { // stops at the first that is not empty
			parent = filepath.Dir(parent)
		}
		return err
	})
	if err != nil {
		return fail("delete", name, err)
	}
	return nil
}
