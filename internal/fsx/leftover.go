package fsx

import (
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"strings"
)

// The names of a commit's own files: the destination's, a mark, and 32 hexadecimal digits, as TensorFlow names
// the temporary form of its state file (atomic_write_string_to_file).
const (
	tempMark = ".tmp" // a file on its way to its destination
	keepMark = ".old" // a second name of the file that is being replaced
	hexLen   = 32
)

func randomHex() string {
	var b [hexLen / 2]byte
	rand.Read(b[:]) // never fails: crypto/rand
	return hex.EncodeToString(b[:])
}

// leftoverOf returns the destination of which name is a commit's own file.
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

// leftovers returns the names in dir that are commits' own files; none where dir cannot be listed.
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
// and returns the paths that it removed. A commit that is under way must not be among them. It goes on after an
// error and returns the first.
func Sweep(fsys FS, dir string, ours func(final string) bool) (removed []string, err error) {
	if _, err := fsys.ReadDir(dir); err != nil {
		return nil, err
	}
	for _, name := range leftovers(fsys, dir) {
		if final, _ := leftoverOf(name); !ours(final) {
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
