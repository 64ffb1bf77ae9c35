package prefix

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

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

// Exists reports whether a checkpoint is called prefix: it has an index, or is a file of the V1 format.
func Exists(fsys fsx.ReadFS, prefix string) bool {
	return IsFile(fsys, prefix+".index") || savedv1.Exists(fsys, prefix)
}

// IsFile reports whether name is that of a file.
func IsFile(fsys fsx.ReadFS, name string) bool {
	info, err := fsys.Stat(name)
	return err == nil && !info.IsDir()
}

// IsDir reports whether name is that of a directory.
func IsDir(fsys fsx.ReadFS, name string) bool {
	info, err := fsys.Stat(name)
	return err == nil && info.IsDir()
}

// maxListed bounds how many checkpoints an error lists.
const maxListed = 10

// listed names the checkpoints of a directory, for an error about one that is not there: those with an index, in the order of
// their numbers.
func listed(fsys fsx.ReadFS, dir string) string {
	names := indexed(fsys, dir)
	switch {
	case len(names) == 0:
		return "the directory has no checkpoints"
	case len(names) == 1:
		return fmt.Sprintf("the directory has the checkpoint %s", names[0])
	case len(names) > maxListed:
		return fmt.Sprintf("the directory has %d checkpoints, the last of them %s", len(names), strings.Join(names[len(names)-maxListed:], ", "))
	}
	return "the directory has the checkpoints " + strings.Join(names, ", ")
}

// indexed returns the names of the checkpoints in dir that have an index, ckpt-9 before ckpt-10.
func indexed(fsys fsx.ReadFS, dir string) []string {
	entries, _ := fsys.ReadDir(filepath.Clean(dir))
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
	return names
}
