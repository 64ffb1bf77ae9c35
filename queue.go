package ckpt

import (
	"context"
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
)

// match binds what r can find in the program as it is now and moves the bytes, unless r is planned. first is the
// restore itself; later calls follow up what waited. Where it fails the program is as it was, or the error is a
// [RestoreError] that says how far it came.
func (c *Checkpoint) match(ctx context.Context, r *restoration, f format.Reader, first bool) error {
	w, err := c.start()
	if err != nil {
		return err
	}
	m := &matcher{r: r, w: w, updated: c.reached, plan: newPlan(r.path, w.graph, r.opts)}
	if first {
		m.grow(min(c.size, len(r.stored.Nodes)))
		err = m.first()
	} else {
		if err = w.all(); err == nil {
			err = m.again()
		}
	}
	if err == nil {
		err = m.plan.check(f)
	}
	if err != nil {
		m.plan.rollback()
		return err
	}
	if r.opts.planned && (first || r.planned) {
		r.planned = true
		m.plan.rollback() // nothing is kept but the bindings
		return nil
	}
	if err := m.plan.run(ctx, f, r.opts); err != nil {
		return err
	}
	c.reachedBy(r, m.plan)
	return nil
}

func (c *Checkpoint) reachedBy(r *restoration, p *plan) {
	if len(c.reached) == 0 {
		c.reached, c.keep = make(map[object.Identity]uint64, len(p.reached)), slices.Grow(c.keep, len(p.reached))
	}
	for _, n := range p.reached {
		if _, known := c.reached[n.Key]; !known {
			c.keep = append(c.keep, n.Obj)
		}
		c.reached[n.Key] = max(c.reached[n.Key], r.id)
	}
}

// follow keeps r for what may yet be attached to the program, and for what is to be logged in the end. Of a restore that neither
// waits for anything nor has anything to tell nothing is kept.
func (c *Checkpoint) follow(r *restoration) {
	c.restorations = slices.DeleteFunc(c.restorations, (*restoration).settled)
	if r.settled() && !r.planned && !r.notice.tells() {
		return
	}
	r.notice.watch(c)
	c.restorations = append(c.restorations, r)
}

// runPlanned matches a planned restore anew, since the program may have changed, and moves its bytes.
func (c *Checkpoint) runPlanned(ctx context.Context, r *restoration) error {
	f, err := openPrefix(r.opts.fsys, r.path)
	if err != nil {
		return err
	}
	defer f.Close()
	r.bound.clear()
	clear(r.unusedAttributes)
	r.waiting, r.conflicts, r.opts.planned = nil, nil, false
	return c.match(ctx, r, f, true)
}

// update lets every restore look for objects that were attached since: the newest first, so that an older one does not
// read what it may not assign.
func (c *Checkpoint) update(ctx context.Context) error {
	for _, n := range c.names {
		if err := c.updateNames(ctx, n); err != nil {
			return err
		}
	}
	for _, r := range slices.Backward(c.restorations) {
		if err := c.updateOne(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (c *Checkpoint) updateOne(ctx context.Context, r *restoration) error {
	if r.settled() {
		return nil
	}
	g, err := c.walk()
	if err != nil {
		return err
	}
	if !r.couldProceed(g) {
		return nil
	}
	f, err := openPrefix(r.opts.fsys, r.path)
	if err != nil {
		return fmt.Errorf("ckpt: values that wait for an object attached since the restore: %w", err)
	}
	defer f.Close()
	return c.match(ctx, r, f, false)
}

// waits reports whether there is a restore for which a program could yet attach something.
func (c *Checkpoint) waits() bool {
	return len(c.names) > 0 || slices.ContainsFunc(c.restorations, func(r *restoration) bool { return !r.settled() })
}

// settled reports whether nothing that a program could attach is of interest to r any more.
func (r *restoration) settled() bool {
	if len(r.waiting) > 0 {
		return false
	}
	for _, n := range r.stored.Nodes {
		for _, s := range n.Slots {
			if !r.bound.has(s.Variable) {
				return false
			}
		}
	}
	return true
}

// couldProceed reports whether the program has an object now for which values wait, so that files are opened only when
// there is something to read.
func (r *restoration) couldProceed(g *object.Graph) bool {
	for _, se := range r.waiting {
		if parent := g.ByKey[r.bound.key(se.parent)]; parent != nil {
			if e := parent.Find(r.stored.Nodes[se.parent].Children[se.child].Name); e != nil && (e.Node != nil || e.Opt.Alloc) {
				return true
			}
		}
	}
	for id, n := range r.stored.Nodes {
		for _, s := range n.Slots {
			if !r.bound.has(s.Variable) && g.ByKey[r.bound.key(id)] != nil && g.ByKey[r.bound.key(s.Original)] != nil {
				return true
			}
		}
	}
	return false
}
