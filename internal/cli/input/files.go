package input

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/splitname"
)

// endings matches the file names of TensorFlow's formats after the prefix: an index and data files, or the shards of the V1 format.
var endings = regexp.MustCompile(`^(?:|\.index|(?:\.data)?-\d{5}-of-\d{5})$`)

// maxIndex is the largest size in bytes of a list of files.
const maxIndex = 1 << 30

// Files returns the files of an open checkpoint, in the order of their names.
func Files(fsys fsx.ReadFS, r *ckpt.Reader) (files []string, err error) {
	prefix := r.Prefix()
	switch {
	case r.Format() == "tensorflow":
		files, err = bundleFiles(fsys, prefix)
	case strings.HasSuffix(prefix, ".json"):
		files, err = listedFiles(fsys, prefix)
	case r.Format() == "gguf":
		files, err = splitFiles(fsys, prefix)
	default:
		files = []string{prefix}
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// bundleFiles returns the files of a TensorFlow checkpoint.
func bundleFiles(fsys fsx.ReadFS, prefix string) (files []string, err error) {
	entries, err := fsys.ReadDir(filepath.Clean(filepath.Dir(prefix + "x")))
	if err != nil {
		return nil, err
	}
	dir, base := filepath.Split(prefix)
	for _, e := range entries {
		if end, ok := strings.CutPrefix(e.Name(), base); ok && endings.MatchString(end) {
			files = append(files, dir+e.Name())
		}
	}
	return files, nil
}

// listedFiles returns an index in JSON and the files that it lists, those of safetensors, PyTorch or Keras. It checks nothing else: the index
// was read when the checkpoint was opened.
func listedFiles(fsys fsx.ReadFS, index string) ([]string, error) {
	text, err := fsx.ReadFile(fsys, index, maxIndex)
	if err != nil {
		return nil, err
	}
	var list struct {
		WeightMap map[string]any `json:"weight_map"` // a name, or in Keras's files a list of names
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", index, err)
	}
	files := []string{index}
	for _, names := range list.WeightMap {
		several, ok := names.([]any)
		if !ok {
			several = []any{names}
		}
		for _, name := range several {
			if s, ok := name.(string); ok {
				files = append(files, filepath.Join(filepath.Dir(index), s))
			}
		}
	}
	return files, nil
}

// splitFiles returns the GGUF files of a checkpoint, which may be the first of several.
func splitFiles(fsys fsx.ReadFS, first string) (files []string, err error) {
	stem, n, count, ok := splitname.Parse(first)
	if !ok || n != 1 {
		return []string{first}, nil
	}
	entries, err := fsys.ReadDir(filepath.Clean(filepath.Dir(first)))
	if err != nil {
		return nil, err
	}
	dir, _ := filepath.Split(first)
	for _, e := range entries {
		path := dir + e.Name()
		if s, _, c, ok := splitname.Parse(path); ok && s == stem && c == count {
			files = append(files, path)
		}
	}
	return files, nil
}
