package keras

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
)

// An index is a .weights.json file. It lists the files that hold each layer's variables.
type index struct {
	Weights map[string]fileNames `json:"weight_map"` // by the path of the layer's group vars, with a slash in front
}

// fileNames is one name or a list of them.
type fileNames []string

// UnmarshalJSON implements [json.Unmarshaler].
func (n *fileNames) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(n))
	}
	*n = make([]string, 1)
	return json.Unmarshal(text, &(*n)[0])
}

func openShards(fsys fsx.ReadFS, blob *raw.Blob) (_ *Reader, err error) {
	text, err := fsx.ReadFile(fsys, blob.Name(), maxJSON)
	if err != nil {
		return nil, raw.OpenError("read", blob.Name(), err)
	}
	var ix index
	if err := json.Unmarshal(text, &ix); err != nil {
		return nil, raw.Corrupt(blob.Name(), "", "not a list of shards: %v", err)
	}
	if ix.Weights == nil {
		return nil, raw.Corrupt(blob.Name(), "", `not a list of shards: it has no "weight_map"`)
	}
	names, err := ix.files(blob.Name())
	if err != nil {
		return nil, err
	}
	var blobs []*raw.Blob
	defer func() {
		if err != nil {
			for _, b := range blobs {
				b.Close()
			}
		}
	}()
	var files []*hdf5.File
	for _, name := range names {
		path := filepath.Join(filepath.Dir(blob.Name()), name)
		f, err := fsys.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &raw.Error{File: blob.Name(), Offset: -1, Reason: "the shard " + raw.Quote(name) + " that it lists is missing", Err: err}
		}
		if err != nil {
			return nil, raw.OpenError("open", path, err)
		}
		shard := raw.File(path, f)
		blobs = append(blobs, shard)
		parsed, err := hdf5.Parse(path, shard, shard.Size())
		if err != nil {
			return nil, err
		}
		files = append(files, parsed)
	}
	if err := ix.check(blob.Name(), names, files); err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, raw.Corrupt(blob.Name(), "", "it lists no shards")
	}
	return newReader(blob.Name(), files, append(blobs, blob))
}

// files returns the names of all shards, sorted. They lie in the directory of the index.
func (ix *index) files(path string) ([]string, error) {
	var names []string
	for group, files := range ix.Weights {
		for _, name := range files {
			if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\`) {
				return nil, raw.Corrupt(path, group, "the shard %s is not the name of a file beside the list", raw.Quote(name))
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// check compares the index with the contents of the shards, because it may belong to other files.
func (ix *index) check(path string, names []string, files []*hdf5.File) error {
	found := make(map[string]int) // by group: the number of its files with variables of it
	for i, f := range files {
		for g := range f.Root.All() {
			if len(g.Datasets) == 0 {
				continue
			}
			group := "/" + g.Path
			if !slices.Contains(ix.Weights[group], names[i]) {
				return raw.Corrupt(f.Name, g.Path, "%s does not list these variables in %s: the list belongs to other shards", path, names[i])
			}
			found[group]++
		}
	}
	for group, in := range ix.Weights {
		if found[group] != len(in) {
			return raw.Corrupt(path, group, "variables are listed in %d shards and found in %d of them: the list belongs to other shards", len(in), found[group])
		}
	}
	return nil
}
