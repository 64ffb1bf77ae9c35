package bundle

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/internal/fsx"
)

// IndexFile returns the name of the index of the checkpoint called prefix (MetaFilename in
// tensorflow/core/util/tensor_bundle/naming.cc). A prefix that ends in a slash has an empty base name.
func IndexFile(prefix string) string { return prefix + ".index" }

// DataFile returns the name of data file shard of n of the checkpoint called prefix (DataFilename).
func DataFile(prefix string, shard, n int) string {
	return fmt.Sprintf("%s.data-%05d-of-%05d", prefix, shard, n)
}

// ParseDataFile is the inverse of [DataFile]. ok is false where name is not what DataFile returns.
func ParseDataFile(name string) (prefix string, shard, n int, ok bool) {
	at := strings.LastIndex(name, ".data-")
	if at < 0 {
		return "", 0, 0, false
	}
	first, last, _ := strings.Cut(name[at+len(".data-"):], "-of-")
	shard, err := strconv.Atoi(first)
	if err == nil {
		n, err = strconv.Atoi(last)
	}
	prefix = name[:at]
	return prefix, shard, n, err == nil && shard >= 0 && shard < n && DataFile(prefix, shard, n) == name
}

// removeStale removes the data files of prefix that are not one of n, as far as it can: no index speaks of them.
func removeStale(fsys fsx.FS, prefix string, n int) {
	dir := filepath.Dir(prefix + ".")
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return
	}
	base := filepath.Base(IndexFile(prefix))
	for _, e := range entries {
		p, _, of, ok := ParseDataFile(e.Name())
		if ok && of != n && IndexFile(p) == base && !e.IsDir() {
			_ = fsys.Remove(filepath.Join(dir, e.Name())) // a stale file that stays does no harm
		}
	}
}
