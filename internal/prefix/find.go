package prefix

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/fsx"
)

// A Place says where and how to look for checkpoints and their state files.
type Place struct {
	FS        fsx.ReadFS
	StateFile string // its name in a directory of checkpoints
	Elsewhere bool   // absolute paths of a state file may lead out of its directory
	Log       *slog.Logger
	// IgnoreDamaged ignores a state file that cannot be parsed or names no checkpoint.
	IgnoreDamaged bool
}

// savedModel returns the prefix of a SavedModel's variables, or the directory itself if it is not a SavedModel's.
func savedModel(fsys fsx.ReadFS, dir string) (string, error) {
	for _, name := range []string{"saved_model.pb", "saved_model.pbtxt"} {
		if ok, err := IsFile(fsys, filepath.Join(dir, name)); ok || err != nil {
			return filepath.Join(dir, "variables", "variables"), err
		}
	}
	return dir, nil
}

// Find returns the prefix for a user's path. The error satisfies errors.Is(err, [format.ErrNotFound]) if path
// is a directory without a checkpoint, and [format.ErrFormat] if the directory belongs to another program. If
// path is a state file, or a directory with one, that does not lead to a checkpoint, the error describes the
// contents of the file and lists the checkpoints next to it. Any other path is returned unchanged.
func (p Place) Find(path string) (string, error) {
	if path == "" {
		return "", fmt.Errorf("ckpt: open: the path is empty: %w", format.ErrNotFound)
	}
	index, denied := IsFile(p.FS, path+".index")
	if index || denied != nil && !errors.Is(denied, fs.ErrPermission) { // which servers also say where there is nothing
		return path, denied
	}
	switch kind, err := kindOf(p.FS, path); {
	case err != nil:
		return "", err
	case kind == kindDirectory:
		return p.findIn(path)
	case kind == kindNothing:
		if index, err := indexOf(p.FS, path); index != "" || err != nil {
			return index, err
		}
		return path, denied // shards of the V1 format, or nothing
	}
	if whole, ok := strings.CutSuffix(path, ".index"); ok {
		return whole, nil
	}
	if whole, ok := CutDataFile(path); ok {
		return whole, nil
	}
	if dir, base := filepath.Split(path); base == p.StateFile {
		return p.mustLatest(dir)
	}
	return path, nil
}

// findIn returns the prefix for a directory.
func (p Place) findIn(dir string) (string, error) {
	if prefix, err := savedModel(p.FS, dir); prefix != dir || err != nil {
		return prefix, err
	}
	if ok, err := IsFile(p.FS, p.stateFile(dir)); err != nil {
		return "", err
	} else if ok {
		return p.mustLatest(dir)
	}
	empty := strings.TrimSuffix(dir, "/") + "/" // the checkpoint with an empty base name
	for _, prefix := range []string{empty, filepath.Join(dir, "variables", "variables")} {
		if ok, err := IsFile(p.FS, prefix+".index"); ok || err != nil {
			return prefix, err
		}
	}
	if file, err := p.weightsIn(dir); file != "" || err != nil {
		return file, err
	}
	return "", hint(p.FS, dir, fmt.Errorf("%s: Couldn't find 'checkpoint' file or checkpoints in given directory, and it is not a SavedModel: it has no file %s that names the latest; %s: %w",
		dir, p.StateFile, p.choose(dir), format.ErrNotFound))
}

// choose describes the checkpoints of a directory and how to open one.
func (p Place) choose(dir string) string {
	there, err := indexed(p.FS, dir)
	if err != nil || len(there) == 0 {
		return listed(p.FS, dir)
	}
	return fmt.Sprintf("%s: open one by its prefix, such as %s", listed(p.FS, dir), filepath.Join(dir, there[len(there)-1]))
}

// dataFileName matches the end of a data file's name (DataFilename in tensor_bundle/naming.cc).
var dataFileName = regexp.MustCompile(`\.data-\d{5}-of-\d{5}$`)

// CutDataFile returns the prefix of the checkpoint to which a data file belongs by its name.
func CutDataFile(name string) (prefix string, ok bool) {
	at := dataFileName.FindStringIndex(name)
	if at == nil {
		return name, false
	}
	return name[:at[0]], true
}

// CutNumber cuts the number of a save from the end of a checkpoint's name.
func CutNumber(base string) (name string, n int64, ok bool) {
	at := strings.LastIndexByte(base, '-')
	if at < 0 {
		return base, 0, false
	}
	n, err := strconv.ParseInt(base[at+1:], 10, 64)
	return base[:at], n, err == nil
}

// A kind is the kind of thing that a name refers to.
type kind int

// The kinds.
const (
	kindNothing kind = iota
	kindFile
	kindDirectory
)

// kindOf returns the kind of name. It returns an error if that cannot be determined: if a disk or a store
// does not answer, programs must not start from the beginning as if there were no checkpoints. An impossible
// name refers to nothing.
func kindOf(fsys fsx.ReadFS, name string) (kind, error) {
	info, err := fsys.Stat(name)
	switch {
	case absent(err):
		return kindNothing, nil
	case err != nil:
		return kindNothing, fmt.Errorf("ckpt: %w", err)
	case info.IsDir():
		return kindDirectory, nil
	}
	return kindFile, nil
}

// absent reports whether err is the error of a name that refers to nothing.
func absent(err error) bool {
	for _, is := range []error{fs.ErrNotExist, fs.ErrInvalid, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.EINVAL} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// Exists reports whether there is a checkpoint prefix: it has an index, or is a file of the V1 format.
func Exists(fsys fsx.ReadFS, prefix string) (bool, error) {
	if ok, err := IsFile(fsys, prefix+".index"); ok || err != nil {
		return ok, err
	}
	ok, err := savedv1.Exists(fsys, prefix)
	if absent(err) {
		err = nil
	}
	return ok, err
}

// IsFile reports whether name is that of a file. The error is that of [kindOf].
func IsFile(fsys fsx.ReadFS, name string) (bool, error) {
	kind, err := kindOf(fsys, name)
	return kind == kindFile, err
}

// IsDir reports whether name is that of a directory. The error is that of [kindOf].
func IsDir(fsys fsx.ReadFS, name string) (bool, error) {
	kind, err := kindOf(fsys, name)
	return kind == kindDirectory, err
}

// maxListed is the largest number of checkpoints in an error.
const maxListed = 10

// listed lists the checkpoints of a directory, for an error about a missing one: those with an index, in the order of their
// numbers.
func listed(fsys fsx.ReadFS, dir string) string {
	names, err := indexed(fsys, dir)
	switch {
	case err != nil:
		return fmt.Sprintf("the directory cannot be listed (%v)", err)
	case len(names) == 0:
		return "the directory has no checkpoints"
	case len(names) == 1:
		return fmt.Sprintf("the directory has the checkpoint %s", names[0])
	case len(names) > maxListed:
		return fmt.Sprintf("the directory has %d checkpoints, the last of them %s", len(names), strings.Join(names[len(names)-maxListed:], ", "))
	}
	return "the directory has the checkpoints " + strings.Join(names, ", ")
}

// indexed returns the names of the checkpoints in dir that have an index, ckpt-9 before ckpt-10. A missing directory has none.
func indexed(fsys fsx.ReadFS, dir string) ([]string, error) {
	entries, err := fsys.ReadDir(filepath.Clean(dir))
	if err != nil && !absent(err) {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	var names []string
	for _, e := range entries {
		if base, ok := strings.CutSuffix(e.Name(), ".index"); ok && !e.IsDir() {
			names = append(names, base)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		nameA, nA, okA := CutNumber(a)
		nameB, nB, okB := CutNumber(b)
		if okA && okB && nameA == nameB && nA != nB {
			return int(min(max(nA-nB, -1), 1))
		}
		return strings.Compare(a, b)
	})
	return names, nil
}
