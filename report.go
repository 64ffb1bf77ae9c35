package ckpt

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// A Report lists what a restore did with every value in the checkpoint and in the model. The assertions of [Status] return parts
// of it as errors.
type Report struct {
	Checkpoint   string   // the prefix
	Restored     []Item   // have the checkpoint's values
	Missing      []Item   // in the model, but not in the checkpoint
	Unused       []Item   // in the checkpoint, but not in the model
	Mismatched   []Item   // matched, but with another kind, shape or dtype
	Waiting      []Item   // in the checkpoint, for objects that the model does not have yet
	Notes        []Note   // remarks about restored values
	RootChildren []string // the edges of the checkpoint's root

	failed bool // a load failed, so Restored does not list all matched values
}

// An Item is one value of a report.
type Item struct {
	Path    string // from the root, TensorFlow's form: model.dense.kernel
	GoPath  string // Model.Dense.Kernel; "" if the model does not have it
	Key     string // in the checkpoint; "" if the checkpoint does not have the value
	Problem string // of a Mismatched value: what was expected and what was found
}

// A Note is a remark about an object or a value that was restored from another maker's file. It mentions an option that the file
// does not store, such as PyTorch's epsilon, a value that is the sum of several, or a shape that fits the layouts of two makers.
type Note struct {
	Path   string // model.norm
	GoPath string // Model.Norm
	Text   string
}

// ReportTo makes [LoadWeights] fill in a report, whether it succeeds or fails. After an error the report's Restored lists only values that
// were assigned before the error. There are such values only if the error is a *[RestoreError].
func ReportTo(r *Report) LoadOption {
	return option(func(o *options) { o.report = r })
}

// SkipMismatched makes [LoadWeights] leave a variable unchanged if the checkpoint has a value of another shape or dtype for it.
// Use it for a new head. The report's Mismatched items list such variables; without [ReportTo] they are logged. At least one value
// must fit.
func SkipMismatched() LoadOption {
	return option(func(o *options) { o.skipMismatched = true })
}

// keepRestored reduces Restored to the values that a failed restore has assigned.
func (r *Report) keepRestored(err error) {
	r.failed = true
	assigned := make(map[string]bool)
	if e := (*RestoreError)(nil); errors.As(err, &e) {
		for _, path := range e.Restored {
			assigned[path] = true
		}
	}
	var kept []Item
	for _, item := range r.Restored {
		if assigned[item.Path] {
			kept = append(kept, item)
		}
	}
	r.Restored = kept
}

func (r *Report) add(what transfer.Outcome, item Item) {
	list := map[transfer.Outcome]*[]Item{
		transfer.Restored: &r.Restored, transfer.Missing: &r.Missing, transfer.Unused: &r.Unused,
		transfer.Mismatched: &r.Mismatched, transfer.Waiting: &r.Waiting,
	}[what]
	*list = append(*list, item)
}

// String returns the report as lines that group siblings: "optimizer.*: 212 values unused".
func (r *Report) String() string {
	if r == nil {
		return "nothing was restored"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d restored, %d missing, %d unused, %d mismatched, %d waiting", r.Checkpoint,
		len(r.Restored), len(r.Missing), len(r.Unused), len(r.Mismatched), len(r.Waiting))
	switch {
	case len(r.Restored) > 0:
	case r.failed:
		b.WriteString("\n  nothing was assigned, because the load failed")
	default:
		b.WriteString("\n  only the root matched; " + wording.RootChildren(r.RootChildren))
	}
	wording.Group(&b, "missing", itemPaths(r.Missing))
	wording.Group(&b, "unused", itemPaths(r.Unused))
	wording.Group(&b, "mismatched", itemPaths(r.Mismatched))
	wording.Group(&b, "waiting for an object", itemPaths(r.Waiting))
	r.writeNotes(&b)
	return b.String()
}

// writeNotes writes a line for each text, with the first of its objects.
func (r *Report) writeNotes(b *strings.Builder) {
	const listed = 3
	about := make(map[string][]string)
	for _, n := range r.Notes {
		about[n.Text] = append(about[n.Text], n.Path)
	}
	for _, n := range r.Notes {
		if paths := about[n.Text]; len(paths) > 0 {
			fmt.Fprintf(b, "\n  %s: %s", strings.Join(wording.First(paths, listed), ", "), n.Text)
			delete(about, n.Text)
		}
	}
}

func itemPaths(items []Item) []string {
	paths := make([]string, len(items))
	for i, it := range items {
		paths[i] = it.Path
		if it.Problem != "" {
			paths[i] += " (" + it.Problem + ")"
		}
	}
	return paths
}
