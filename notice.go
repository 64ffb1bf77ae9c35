package ckpt

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// A notice is what will be logged about a restore when its Checkpoint is closed or collected. It refers to nothing of the
// program, which it would keep alive.
type notice struct {
	restoration string
	stored      *objectgraph.Graph
	logger      *slog.Logger

	mu     sync.Mutex
	bound  []bool // by stored node
	unused map[int][]string
	done   bool
}

func (n *notice) setBound(stored int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bound[stored] = true
}

func (n *notice) setUnused(stored int, names []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unused[stored] = names
}

// silence makes log do nothing.
func (n *notice) silence() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.done = true
}

// tells reports whether there would be something to log now.
func (n *notice) tells() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.unused) > 0 || len(n.unrestored()) > 0
}

// unrestored returns the stored nodes with values that found no object.
func (n *notice) unrestored() (ids []int) {
	for id := range n.stored.Nodes {
		if len(n.stored.Nodes[id].Attributes) > 0 && !n.bound[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// watch logs n when c is collected without having been closed.
func (n *notice) watch(c *Checkpoint) { runtime.AddCleanup(c, (*notice).log, n) }

// log warns, once, of the values that found no object (_CheckpointRestoreCoordinatorDeleter).
func (n *notice) log() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.done {
		return
	}
	n.done = true
	unrestored := n.unrestored()
	if len(unrestored)+len(n.unused) == 0 {
		return
	}
	paths := n.stored.Paths()
	n.logger.Warn("A checkpoint was restored in part and is being closed with unrestored values; the values follow. To silence these warnings call ExpectPartial (expect_partial()) on the status.", "checkpoint", n.restoration)
	for _, id := range unrestored {
		n.logger.Warn("Value in checkpoint could not be found in the restored object: "+paths.Name(id), "checkpoint", n.restoration)
	}
	for _, id := range sortedKeys(n.unused) {
		n.logger.Warn(fmt.Sprintf("An attribute in the restored object could not be found in the checkpoint. Object: %s, attribute: %q", paths.Name(id), n.unused[id]), "checkpoint", n.restoration)
	}
}
