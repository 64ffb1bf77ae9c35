package whatis

import (
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/internal/fsx"
)

// A description is of a sort of file.
type description struct {
	what string
	do   string // PATH and NAME stand for the file's path, quoted for a shell, and its name
	is   func(*file) bool
}

// Describe says of the file or directory at path what it is, such as "an ONNX model", and what to do to get something that can be read. ok is
// false where it is not known, where it has a format that the module reads, and where it cannot be read at all.
func Describe(fsys fsx.ReadFS, path string) (what, todo string, ok bool) {
	f, err := look(fsys, path)
	if err != nil {
		return "", "", false
	}
	if f.isDir {
		return f.describe(directories)
	}
	if _, ok := f.format(); ok {
		return "", "", false
	}
	if what, todo, ok = f.describe(standIns); ok {
		return what, todo, true
	}
	return f.describe(descriptions)
}

// StandIn is [Describe] for what may lie in the place of any file: a pointer of Git LFS, or a web page.
func StandIn(fsys fsx.ReadFS, path string) (what, todo string, ok bool) {
	f, err := look(fsys, path)
	if err != nil || f.isDir {
		return "", "", false
	}
	return f.describe(standIns)
}

// describe describes the file as the first of list that fits.
func (f *file) describe(list []description) (what, todo string, ok bool) {
	for _, d := range list {
		if d.is(f) {
			return d.what, fill(d.do, f.name), true
		}
	}
	return "", "", false
}

// fill puts a path into what is to be done.
func fill(do, path string) string {
	base := filepath.Base(path)
	return strings.NewReplacer("PATH", shellQuote(path), "NAME", shellQuote(base), "STEM", shellQuote(strings.TrimSuffix(base, filepath.Ext(base)))).Replace(do)
}

// shellQuote returns s as one word of a POSIX shell.
func shellQuote(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+:@%"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// python returns a command that runs a line of Python with the file's path in sys.argv[1]. The line has no double quotes.
func python(line string) string { return `python -c "import sys; ` + line + `" PATH` }
