package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/fsx"
)

// endings are how the files of TensorFlow's formats end after the prefix: an index and data files, or the shards of the V1 format.
var endings = regexp.MustCompile(`^(?:|\.index|(?:\.data)?-\d{5}-of-\d{5})$`)

// firstSplit is how the name of the first of several GGUF files ends.
var firstSplit = regexp.MustCompile(`-00001-of-\d{5}\.gguf$`)

// maxIndex is how large a list of shards may be.
const maxIndex = 1 << 30

// filesOf returns the files of an open checkpoint, in the order of their names.
func filesOf(fsys fsx.ReadFS, r *ckpt.Reader) ([]string, error) {
	prefix := r.Prefix()
	var files []string
	switch {
	case r.Format() == "tensorflow":
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
	case strings.HasSuffix(prefix, ".json"):
		text, err := fsx.ReadFile(fsys, prefix, maxIndex)
		if err != nil {
			return nil, err
		}
		var index struct {
			WeightMap map[string]any `json:"weight_map"`
		}
		if err := json.Unmarshal(text, &index); err != nil {
			return nil, fmt.Errorf("%s: %w", prefix, err)
		}
		files = append(files, prefix)
		add := func(name any) {
			if s, ok := name.(string); ok {
				files = append(files, filepath.Join(filepath.Dir(prefix), s))
			}
		}
		for _, name := range index.WeightMap {
			if several, ok := name.([]any); ok {
				for _, s := range several {
					add(s)
				}
			}
			add(name)
		}
	case r.Format() == "gguf" && firstSplit.MatchString(prefix):
		entries, err := fsys.ReadDir(filepath.Clean(filepath.Dir(prefix)))
		if err != nil {
			return nil, err
		}
		cut := firstSplit.FindStringIndex(prefix)[0]
		dir, stem := filepath.Split(prefix[:cut])
		for _, e := range entries {
			if number, ok := strings.CutPrefix(e.Name(), stem); ok && len(number) == len(prefix)-cut && strings.HasSuffix(number, prefix[cut+len("-00001"):]) {
				files = append(files, dir+e.Name())
			}
		}
	default:
		files = append(files, prefix)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}
