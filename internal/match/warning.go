package match

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/wording"
)

// An unrestoredWarning is logged when a Checkpoint is closed or collected. It does not refer to the program, so it does not keep
// it alive.
type unrestoredWarning struct {
	checkpoint string
	stored     *objectgraph.Graph
	logger     *slog.Logger

	mu         sync.Mutex
	unrestored []int            // stored nodes with values that found no object
	unused     map[int][]string // attributes for which the object has no tensor
	done       bool
}

// set stores the results of a match.
func (w *unrestoredWarning) set(bound *bindings, unused map[int][]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unrestored, w.unused = nil, maps.Clone(unused)
	for id := range w.stored.Nodes {
		if len(w.stored.Nodes[id].Attributes) > 0 && !bound.has(id) {
			w.unrestored = append(w.unrestored, id)
		}
	}
}

// due reports whether there is something to log.
func (w *unrestoredWarning) due() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.unused)+len(w.unrestored) > 0
}

func (w *unrestoredWarning) silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
}

// log warns, once, of the values that found no object (_CheckpointRestoreCoordinatorDeleter).
func (w *unrestoredWarning) log() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	w.done = true
	if len(w.unrestored)+len(w.unused) == 0 {
		return
	}
	paths := w.stored.Paths()
	w.logger.Warn("A checkpoint was restored in part and is being closed with unrestored values; the values follow. To silence these warnings call ExpectPartial (expect_partial()) on the status.", "checkpoint", w.checkpoint)
	names := make([]string, len(w.unrestored))
	for i, id := range w.unrestored {
		names[i] = strings.TrimPrefix(paths.Name(id), "(root).")
	}
	for _, name := range wording.Grouped(names) {
		w.logger.Warn("Value in checkpoint could not be found in the restored object: (root)."+name, "checkpoint", w.checkpoint)
	}
	for _, id := range slices.Sorted(maps.Keys(w.unused)) {
		w.logger.Warn(fmt.Sprintf("An attribute in the restored object could not be found in the checkpoint. Object: %s, attribute: %q", paths.Name(id), w.unused[id]), "checkpoint", w.checkpoint)
	}
}
