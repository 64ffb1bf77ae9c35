package fsx

import (
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"strings"
	"time"
)

// The names of a commit's own files: the destination's, a mark, and 32 hexadecimal digits, as TensorFlow names
// the temporary form of its state file (atomic_write_string_to_file). The first digits name the writer.
const (
	tempMark  = ".tmp" // a file on its way to its destination
	keepMark  = ".old" // a second name of the file that is being replaced
	hexLen    = 32
	writerLen = 24
)

// Witness is an FS that tells its writers apart, so that a sweep spares the files of those that still run. Of an FS
// that is not a Witness every leftover is abandoned.
type Witness interface {
	// Writer returns 24 hexadecimal digits that no other running writer has.
	Writer() string
	// Runs reports whether the writer of a file may still be running. modTime is the file's: it decides where the writer is
	// on another machine.
	Runs(writer string, modTime time.Time) bool
}

// TempName returns a name for a file on its way to final. [Sweep] removes it where its writer ends before it gets there.
func TempName(fsys FS, final string) string {
	var random [hexLen / 2]byte
	rand.Read(random[:]) // never fails: crypto/rand
	digits := hex.EncodeToString(random[:])
	if w, ok := fsys.(Witness); ok {
		digits = w.Writer() + digits[writerLen:]
	}
	return final + tempMark + digits
}

// abandoned reports whether nobody works on name, a commit's own file in dir, any more.
func abandoned(fsys FS, dir, name string) bool {
	w, ok := fsys.(Witness)
	if !ok {
		return true
	}
	info, err := fsys.Stat(filepath.Join(dir, name))
	return err == nil && !w.Runs(name[len(name)-hexLen:][:writerLen], info.ModTime())
}

// IsLeftover reports whether a file's base name is one that only commits give.
func IsLeftover(name string) bool {
	_, ok := leftoverOf(name)
	return ok
}

// leftoverOf returns the destination that belongs to name, a commit's temporary file.
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

// leftovers returns the names in dir that are commits' own files; none if dir cannot be listed.
func leftovers(fsys ReadFS, dir string) []string {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if _, ok := leftoverOf(e.Name()); ok && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// Sweep removes what commits cut short have left in dir, of those destinations for whose base name ours is true,
// and returns the paths that it removed. It spares the files of commits that are under way, where fsys is a [Witness]. It
// goes on after an error and returns the first.
func Sweep(fsys FS, dir string, ours func(final string) bool) (removed []string, err error) {
	return sweep(fsys, dir, func(name, final string) bool { return ours(final) && abandoned(fsys, dir, name) })
}

// SweepAll is Sweep that takes no commit to be under way.
func SweepAll(fsys FS, dir string, ours func(final string) bool) (removed []string, err error) {
	return sweep(fsys, dir, func(_, final string) bool { return ours(final) })
}

func sweep(fsys FS, dir string, gone func(name, final string) bool) (removed []string, err error) {
	if _, ok := fsys.(Objects); ok {
		return nil, nil // there are no temporary files
	}
	if _, err := fsys.ReadDir(dir); err != nil {
		return nil, err
	}
	for _, name := range leftovers(fsys, dir) {
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
