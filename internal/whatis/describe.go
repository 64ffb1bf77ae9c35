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
	list := descriptions
	if f.isDir {
		list = directories
	} else if _, ok := f.format(); ok {
		return "", "", false
	}
	for _, d := range list {
		if d.is(f) {
			return d.what, fill(d.do, path), true
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
