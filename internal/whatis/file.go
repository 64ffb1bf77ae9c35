package whatis

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/fsx"
)

// headSize is how many bytes of a file are examined. They include the first names in a protocol buffer or a pickle.
const headSize = 4096

// A file has the properties that look found.
type file struct {
	name    string // the path
	size    int64
	head    []byte
	members []string // of a ZIP archive
	cut     bool     // the archive has lost its directory: members has only the first name
	dir     []string // the names in a directory
	isDir   bool
	orbax   bool // a subdirectory with a number as its name is an Orbax checkpoint
}

// look examines the file or directory at path.
func look(fsys fsx.ReadFS, path string) (f *file, err error) {
	f = &file{name: path}
	if info, err := fsys.Stat(path); err == nil && info.IsDir() {
		f.isDir = true
		entries, err := fsys.ReadDir(path)
		for _, e := range entries {
			f.dir = append(f.dir, e.Name())
		}
		f.orbax = hasStep(fsys, path, f.dir)
		return f, err
	}
	r, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f.size = r.Size()
	f.head = make([]byte, min(f.size, headSize))
	n, err := r.ReadAt(f.head, 0)
	if f.head = f.head[:n]; err != nil && err != io.EOF {
		return nil, err
	}
	if f.starts("PK\x03\x04") {
		f.members, f.cut = f.list(r)
	}
	return f, nil
}

// hasStep reports whether the last directory with a number as its name is an Orbax checkpoint.
func hasStep(fsys fsx.ReadFS, path string, names []string) bool {
	for _, name := range slices.Backward(names) {
		if strings.Trim(name, "0123456789") == "" {
			_, err := fsys.Stat(filepath.Join(path, name, "_CHECKPOINT_METADATA"))
			return err == nil
		}
	}
	return false
}

// list returns the names in a ZIP archive. cut is true if the archive has lost its directory.
func (f *file) list(r fsx.Reader) (names []string, cut bool) {
	a, err := zip.NewReader(r, r.Size())
	if err != nil {
		return f.firstMember(), true
	}
	for _, m := range a.File {
		names = append(names, m.Name)
	}
	return names, false
}

// firstMember returns the name of the first file in a ZIP archive, according to its local header.
func (f *file) firstMember() []string {
	const header = 30 // size of the header; it has the length of the name at 26
	if len(f.head) < header {
		return nil
	}
	n := int(binary.LittleEndian.Uint16(f.head[26:]))
	return []string{string(f.head[header:min(header+n, len(f.head))])}
}

// starts reports whether the file begins with one of the strings.
func (f *file) starts(with ...string) bool {
	for _, s := range with {
		if f.at(0, s) {
			return true
		}
	}
	return false
}

// at reports whether s is at an offset of the file.
func (f *file) at(offset int, s string) bool {
	return len(f.head) >= offset && bytes.HasPrefix(f.head[offset:], []byte(s))
}

// mentions reports whether one of words occurs in the first bytes of the file.
func (f *file) mentions(words ...string) bool {
	for _, w := range words {
		if bytes.Contains(f.head, []byte(w)) {
			return true
		}
	}
	return false
}

// member reports whether the name of a member of the archive ends in one of the strings.
func (f *file) member(endings ...string) bool { return ends(f.members, endings) }

// has reports whether the directory contains one of names.
func (f *file) has(names ...string) bool {
	for _, n := range f.dir {
		for _, want := range names {
			if n == want {
				return true
			}
		}
	}
	return false
}

// hasEnding reports whether a name in the directory ends in the string.
func (f *file) hasEnding(endings ...string) bool { return ends(f.dir, endings) }

// called reports whether the file's name ends in one of the strings.
func (f *file) called(endings ...string) bool { return ends([]string{filepath.Base(f.name)}, endings) }

func ends(names, endings []string) bool {
	for _, n := range names {
		for _, e := range endings {
			if strings.HasSuffix(n, e) {
				return true
			}
		}
	}
	return false
}

// text returns the beginning of the file without a byte order mark and white space.
func (f *file) text() []byte { return bytes.TrimLeft(f.head, "\xef\xbb\xbf \t\r\n") }

// isJSON reports whether the file begins like JSON.
func (f *file) isJSON() bool {
	t := f.text()
	return len(t) > 0 && (t[0] == '{' || t[0] == '[') && f.isText()
}

// isText reports whether the file begins with ASCII or UTF-8 text.
func (f *file) isText() bool {
	for _, c := range f.head {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' {
			return false
		}
	}
	return len(f.head) > 0
}
