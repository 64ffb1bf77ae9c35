package prefix

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/gockpt/ckpt/format/savedv1"
	"github.com/gockpt/ckpt/internal/fsx"
)

// dataFileName is how a data file's name ends (DataFilename in tensor_bundle/naming.cc).
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

// A Kind is what a name stands for.
type Kind int

// The kinds.
const (
	Nothing Kind = iota
	File
	Directory
)

// Look returns what name stands for. The error says why that is not known: a disk or a store that does not answer is never taken
// for one without checkpoints, where programs would start anew. A name that nothing can have stands for nothing.
func Look(fsys fsx.ReadFS, name string) (Kind, error) {
	info, err := fsys.Stat(name)
	switch {
	case absent(err):
		return Nothing, nil
	case err != nil:
		return Nothing, fmt.Errorf("ckpt: %w", err)
	case info.IsDir():
		return Directory, nil
	}
	return File, nil
}

// absent reports whether err is of a name that stands for nothing.
func absent(err error) bool {
	for _, is := range []error{fs.ErrNotExist, fs.ErrInvalid, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.EINVAL} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// Exists reports whether a checkpoint is called prefix: it has an index, or is a file of the V1 format.
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

// IsFile reports whether name is that of a file. The error is that of [Look].
func IsFile(fsys fsx.ReadFS, name string) (bool, error) {
	kind, err := Look(fsys, name)
	return kind == File, err
}

// IsDir reports whether name is that of a directory. The error is that of [Look].
func IsDir(fsys fsx.ReadFS, name string) (bool, error) {
	kind, err := Look(fsys, name)
	return kind == Directory, err
}

// maxListed bounds how many checkpoints an error lists.
const maxListed = 10

// listed names the checkpoints of a directory, for an error about one that is not there: those with an index, in the order of
// their numbers.
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

// indexed returns the names of the checkpoints in dir that have an index, ckpt-9 before ckpt-10. A directory that is not there has none.
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
