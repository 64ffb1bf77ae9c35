package whatis

import (
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/internal/fsx"
)

// A description describes a kind of file.
type description struct {
	what string
	do   string // PATH and NAME stand for the file's path, quoted for a shell, and its name
	is   func(*file) bool
}

// Describe describes the file or directory at path, such as "an ONNX model", and says how to get something that can be read. ok is
// false if the kind is unknown, if the module can read the file, and if the file cannot be read at all.
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

// StandIn is [Describe] for files that may lie in the place of any other: a Git LFS pointer, or a web page.
func StandIn(fsys fsx.ReadFS, path string) (what, todo string, ok bool) {
	f, err := look(fsys, path)
	if err != nil || f.isDir {
		return "", "", false
	}
	return f.describe(standIns)
}

// describe returns the first description in list that fits.
func (f *file) describe(list []description) (what, todo string, ok bool) {
	for _, d := range list {
		if d.is(f) {
			return d.what, fill(d.do, f.name), true
		}
	}
	return "", "", false
}

// fill inserts a path into do.
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

// python returns a command that runs a line of Python with the file's path in sys.argv[1]. The line must not contain double quotes.
func python(line string) string { return `python -c "import sys; ` + line + `" PATH` }
