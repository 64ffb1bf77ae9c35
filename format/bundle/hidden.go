package bundle

import (
	"sync"

	"github.com/gockpt/ckpt/internal/slicekey"
)

// listedParts caches the parts that the entries of tensors list, for keys that look like those of parts. Each
// entry is decoded once, for any number of such keys.
type listedParts struct {
	mu      sync.Mutex
	tensors map[string]map[string]bool // name → the result of appendSlice for each part
}

// hides reports whether key belongs to a part that the entry of its tensor lists. A key that only looks like
// that belongs to a separate tensor (BuildV2VarMaps in tensorflow/c/checkpoint_reader.cc).
func (r *Reader) hides(key []byte) bool {
	if len(key) == 0 || key[0] != 0 {
		return false
	}
	name, s, ok := slicekey.Parse(key)
	if !ok {
		return false
	}
	r.listed.mu.Lock()
	defer r.listed.mu.Unlock()
	parts, known := r.listed.tensors[name]
	if !known {
		var rec record
		if ok, err := r.get(name, &rec); !ok || err != nil {
			return false
		}
		parts = make(map[string]bool, len(rec.slices))
		for _, s := range rec.slices {
			parts[string(slicekey.AppendSlice(nil, s))] = true
		}
		if r.listed.tensors == nil {
			r.listed.tensors = make(map[string]map[string]bool)
		}
		r.listed.tensors[name] = parts
	}
	return parts[string(slicekey.AppendSlice(nil, s))]
}
