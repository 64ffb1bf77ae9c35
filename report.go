package ckpt

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// A Report says what became of everything in a restore: of every value in the checkpoint and in the model. What a program
// should do about it is the program's: an assertion of [Status] turns part of it into an error.
type Report struct {
	Checkpoint   string   // the prefix
	Restored     []Item   // hold the checkpoint's values
	Missing      []Item   // in the model, not in the checkpoint
	Unused       []Item   // in the checkpoint, with no place in the model
	Mismatched   []Item   // matched, but of a kind that the other side has no place for
	Waiting      []Item   // in the checkpoint; the model has no object yet where it would go
	RootChildren []string // the edges of the checkpoint's root
}

// An Item is one value of a report.
type Item struct {
	Path   string // from the root, TensorFlow's form: model.dense.kernel
	GoPath string // Model.Dense.Kernel; "" where the model has no such place
	Key    string // in the checkpoint; "" where it has none
}

// Report looks at the program as it is now and says what became of everything. It is nil after Restore(ctx, "").
func (s *Status) Report() *Report {
	if s.r == nil {
		return nil
	}
	g, err := s.updated(context.Background())
	if err != nil {
		if g, err = s.c.walk(); err != nil {
			return nil
		}
	}
	out := &Report{Checkpoint: s.r.path, RootChildren: s.r.RootChildren()}
	s.r.Outcomes(g, out.add)
	return out
}

func (r *Report) add(what transfer.Outcome, item transfer.Item) {
	list := map[transfer.Outcome]*[]Item{
		transfer.Restored: &r.Restored, transfer.Missing: &r.Missing, transfer.Unused: &r.Unused,
		transfer.Mismatched: &r.Mismatched, transfer.Waiting: &r.Waiting,
	}[what]
	*list = append(*list, Item(item))
}

// String returns the report as lines that group siblings: "optimizer.*: 212 values unused".
func (r *Report) String() string {
	if r == nil {
		return "nothing was restored"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d restored, %d missing, %d unused, %d mismatched, %d waiting", r.Checkpoint,
		len(r.Restored), len(r.Missing), len(r.Unused), len(r.Mismatched), len(r.Waiting))
	if len(r.Restored) == 0 {
		b.WriteString("\n  nothing matched but the root; " + wording.RootChildren(r.RootChildren))
	}
	wording.Group(&b, "missing", itemPaths(r.Missing))
	wording.Group(&b, "unused", itemPaths(r.Unused))
	wording.Group(&b, "mismatched", itemPaths(r.Mismatched))
	wording.Group(&b, "waiting for an object", itemPaths(r.Waiting))
	return b.String()
}

func itemPaths(items []Item) []string {
	paths := make([]string, len(items))
	for i, it := range items {
		paths[i] = it.Path
	}
	return paths
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
