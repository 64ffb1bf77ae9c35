package bundle

import (
	"path/filepath"
	"slices"

	"github.com/gockpt/ckpt/format/sstable"
)

// DataFiles returns the base names of the data files that the index of the checkpoint called prefix lists, in the order of
// their numbers.
func DataFiles(prefix string, index *sstable.Reader) (names []string, err error) {
	in := mergeInput{name: IndexFile(prefix), table: index}
	if err := in.readHeader(); err != nil {
		return nil, err
	}
	used := make(map[int32]bool)
	for e, err := range index.All() {
		if err != nil {
			return nil, &Error{File: in.name, Offset: -1, Err: err}
		}
		var rec record
		if len(e.Key) > 0 && rec.decode(e.Value) == nil {
			used[rec.shard] = true
		}
	}
	for shard := range used {
		names = append(names, filepath.Base(DataFile(prefix, int(shard), int(in.header.shards))))
	}
	slices.Sort(names)
	return names, nil
}
