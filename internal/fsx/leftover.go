package fsx

import (
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"strings"
	"time"
)

// The names of a commit's temporary files: the destination's name, a mark, and 32 hexadecimal digits. TensorFlow names the
// temporary form of its state file in the same way (atomic_write_string_to_file). The first digits identify the writer.
const (
	tempMark  = ".tmp" // a file on its way to its destination
	keepMark  = ".old" // a second name of the file that is being replaced
	hexLen    = 32
	writerLen = 24
)

// Witness is an FS that distinguishes its writers, so that a sweep keeps the files of writers that still run.
// If an FS is not a Witness, every leftover counts as abandoned.
type Witness interface {
	// Writer returns 24 hexadecimal digits that no other running writer has.
	Writer() string
	// Runs reports whether the writer of a file may still be running. modTime is the file's modification time. It decides if the
	// writer is on another machine.
	Runs(writer string, modTime time.Time) bool
}

// TempName returns a temporary name for a file that will be moved to final. [Sweep] removes it if its writer ends before that.
func TempName(fsys FS, final string) string {
	var random [hexLen / 2]byte
	rand.Read(random[:]) // never fails: crypto/rand
	digits := hex.EncodeToString(random[:])
	if w, ok := fsys.(Witness); ok {
		digits = w.Writer() + digits[writerLen:]
	}
	return final + tempMark + digits
}

// abandoned reports whether name, a commit's temporary file in dir, no longer has a running writer.
func abandoned(fsys FS, dir, name string) bool {
	w, ok := fsys.(Witness)
	if !ok {
		return true
	}
	info, err := fsys.Stat(filepath.Join(dir, name))
	return err == nil && !w.Runs(name[len(name)-hexLen:][:writerLen], info.ModTime())
}

// IsLeftover reports whether a file's base name has the form of a commit's temporary names.
func IsLeftover(name string) bool {
	_, ok := leftoverOf(name)
	return ok
}

// leftoverOf returns the destination of name, a commit's temporary file.
func leftoverOf(name string) (final string, ok bool) {
	at := len(name) - hexLen - len(tempMark)
	if at <= 0 || strings.Trim(name[len(name)-hexLen:], "0123456789abcdef") != "" {
		return "", false
	}
	if mark := name[at : at+len(tempMark)]; mark != tempMark && mark != keepMark {
		return "", false
	}
	return name[:at], true
}

// leftovers returns the names of commits' temporary files in dir.
func leftovers(fsys ReadFS, dir string) (names []string, err error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if _, ok := leftoverOf(e.Name()); ok && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Sweep removes temporary files that interrupted commits have left in dir, if ours is true for the base name of their destination,
// and returns the paths that it removed. If fsys is a [Witness], it spares the files of running commits. It continues after an
// error and returns the first.
func Sweep(fsys FS, dir string, ours func(final string) bool) (removed []string, err error) {
	return sweep(fsys, dir, func(name, final string) bool { return ours(final) && abandoned(fsys, dir, name) })
}

// SweepAll is Sweep, but assumes that no commit is running.
func SweepAll(fsys FS, dir string, ours func(final string) bool) (removed []string, err error) {
	return sweep(fsys, dir, func(_, final string) bool { return ours(final) })
}

func sweep(fsys FS, dir string, gone func(name, final string) bool) (removed []string, err error) {
	if _, ok := fsys.(Objects); ok {
		return nil, nil // there are no temporary files
	}
	names, err := leftovers(fsys, dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if final, _ := leftoverOf(name); !gone(name, final) {
			continue
		}
		path := filepath.Join(dir, name)
		if e := fsys.Remove(path); e == nil {
			removed = append(removed, path)
		} else if err == nil {
			err = e
		}
	}
	return removed, err
}
