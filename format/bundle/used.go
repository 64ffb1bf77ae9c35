package bundle

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/gockpt/ckpt/internal/fsx"
)

// DataFiles returns the base names of the data files that the index of the checkpoint called prefix lists, in the order of
// their numbers.
func DataFiles(fsys fsx.ReadFS, prefix string) (names []string, err error) {
	r, err := open(fsys, prefix)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	used := make(map[int32]bool)
	for e, err := range r.table.All() {
		if err != nil {
			return nil, r.tableError(err)
		}
		var rec record
		if len(e.Key) > 0 && rec.decode(e.Value) == nil {
			used[rec.shard] = true
		}
	}
	for shard := range used {
		names = append(names, filepath.Base(r.data.name(shard)))
	}
	slices.Sort(names)
	return names, nil
}
