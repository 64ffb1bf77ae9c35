package storefs

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"sync"

	"github.com/gockpt/ckpt/internal/fsx"
)

// A plan is what will be read of a file, in groups. One request fetches a group. It does so when a byte of the group is first
// needed, or earlier if the budget allows. The group is released when all expected bytes have been read.
type plan struct {
	mu      sync.Mutex
	budget  *budget
	groups  []*group // sorted by offset
	order   []*group // in the order in which they will be read
	next    int      // index in order; the groups before it were begun
	now     int      // requests in flight
	running sync.WaitGroup
}

// A group is ranges that lie close to each other, and the gaps between them.
type group struct {
	off, n   int64
	order    int   // index of its first range among the expected ranges
	expected int64 // bytes that are still to be read
	begun    bool
	ready    chan struct{}
	contents []byte // nil after release
	err      error
}

// gap is the largest number of unneeded bytes that is fetched to save a request. All gaps of a group together are at most a share
// of the group.
const (
	gap      = 64 << 10
	gapShare = 16
)

// A plan of many short ranges accepts larger gaps: a few columns of a large tensor would need a request for each row, and a request
// takes as long as some hundred kilobytes. The plan has at most fewRequests requests, or one for every worth bytes that are needed,
// if that is more. To get there it also fetches the smallest gaps.
const (
	fewRequests = 1024
	worth       = 64 << 10
)

// most is the largest number of requests that a plan has in flight.
const most = 64

// expect plans to read the ranges, in addition to earlier ranges that were not read yet.
func (pl *plan) expect(b *budget, ranges []fsx.Range, size int64) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.budget = b
	left := slices.DeleteFunc(pl.groups, func(g *group) bool { return g.begun && (g.expected <= 0 || g.err != nil) })
	fresh := slices.DeleteFunc(fewer(grouped(ranges, size)), func(g *group) bool {
		i := sort.Search(len(left), func(i int) bool { return left[i].off+left[i].n > g.off })
		return i < len(left) && left[i].off < g.off+g.n
	})
	pl.groups = left
	if len(fresh) == 0 {
		return
	}
	pl.order = append(slices.DeleteFunc(pl.order, func(g *group) bool { return g.begun }), byOrder(fresh)...)
	pl.next = 0
	pl.groups = append(left, fresh...)
	slices.SortFunc(pl.groups, func(a, b *group) int { return cmp.Compare(a.off, b.off) })
}

// byOrder returns groups in the order in which they will be read.
func byOrder(groups []*group) []*group {
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(a.order, b.order) })
	return groups
}

// fewer joins adjacent groups, those with the smallest gaps first, until their number is in proportion to the bytes that are
// needed.
func fewer(groups []*group) []*group {
	wanted := int64(0)
	for _, g := range groups {
		wanted += g.expected
	}
	surplus := len(groups) - int(max(fewRequests, wanted/worth))
	if surplus <= 0 {
		return groups
	}
	before := make([]int, 0, len(groups)) // indexes of groups, sorted by the gaps before them
	for i := range groups[1:] {
		before = append(before, i+1)
	}
	slices.SortStableFunc(before, func(a, b int) int {
		return cmp.Compare(groups[a].off-groups[a-1].off-groups[a-1].n, groups[b].off-groups[b-1].off-groups[b-1].n)
	})
	joined := make([]bool, len(groups))
	for _, i := range before[:surplus] {
		joined[i] = true
	}
	var out []*group
	for i, g := range groups {
		if joined[i] {
			last := out[len(out)-1]
			if n := g.off + g.n - last.off; n <= part {
				last.n, last.expected, last.order = n, last.expected+g.expected, min(last.order, g.order)
				continue
			}
		}
		out = append(out, g)
	}
	return out
}

// grouped returns the groups of ranges of a file of size bytes, sorted by offset.
func grouped(ranges []fsx.Range, size int64) (groups []*group) {
	type piece struct {
		fsx.Range
		order int
	}
	var pieces []piece
	for i, r := range ranges {
		for r.N > 0 && r.Off >= 0 && r.Off <= size-r.N {
			n := min(r.N, part)
			pieces = append(pieces, piece{fsx.Range{Off: r.Off, N: n}, i})
			r.Off, r.N = r.Off+n, r.N-n
		}
	}
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.Off, b.Off), cmp.Compare(a.N, b.N)) })
	var g *group
	gaps := int64(0)
	for _, p := range pieces {
		if g != nil {
			between := p.Off - g.off - g.n
			if between < 0 {
				continue // a range that is expected twice is read as if it were not expected
			}
			if end := p.Off + p.N - g.off; between <= gap && end <= part && (gaps+between)*gapShare <= end {
				gaps += between
				g.n, g.expected, g.order = end, g.expected+p.N, min(g.order, p.order)
				continue
			}
		}
		g, gaps = &group{off: p.Off, n: p.N, expected: p.N, order: p.order, ready: make(chan struct{})}, 0
		groups = append(groups, g)
	}
	return groups
}

// read fills p from offset off of r, from groups if they hold the bytes.
func (pl *plan) read(ctx context.Context, r *reader, p []byte, off int64) error {
	for len(p) > 0 {
		n := int64(len(p))
		g, until := pl.find(off)
		if g == nil {
			n = min(n, until-off)
			get := r.fetch
			if n <= tiny {
				get = r.readNear
			}
			if err := get(ctx, p[:n], off); err != nil {
				return err
			}
		} else {
			n = min(n, g.off+g.n-off)
			if err := pl.readFrom(ctx, r, g, p[:n], off); err != nil {
				return err
			}
		}
		p, off = p[n:], off+n
	}
	return nil
}

// done reports whether all expected bytes of g have been read.
func (g *group) done() bool { return g.begun && g.expected <= 0 && g.contents == nil && g.err == nil }

// find returns the group that contains the byte at off. If there is none, until is the offset of the next group. Groups that were
// read completely no longer count.
func (pl *plan) find(off int64) (g *group, until int64) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	at := func() int {
		return sort.Search(len(pl.groups), func(i int) bool { return pl.groups[i].off+pl.groups[i].n > off })
	}
	i := at()
	if i < len(pl.groups) && pl.groups[i].done() {
		pl.groups = slices.DeleteFunc(pl.groups, (*group).done)
		i = at()
	}
	if i == len(pl.groups) {
		return nil, 1<<63 - 1
	}
	if g := pl.groups[i]; g.off <= off {
		return g, 0
	}
	return nil, pl.groups[i].off
}

// readFrom fills p from g, which contains the bytes.
func (pl *plan) readFrom(ctx context.Context, r *reader, g *group, p []byte, off int64) error {
	pl.mu.Lock()
	if !g.begun {
		if int64(len(p)) == g.n { // the whole group: directly into p
			g.begun, g.expected = true, 0
			close(g.ready)
			pl.ahead(r)
			pl.mu.Unlock()
			return r.fetch(ctx, p, off)
		}
		pl.budget.force(g.n)
		pl.begin(r, g)
	}
	pl.ahead(r)
	pl.mu.Unlock()
	select {
	case <-g.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	pl.mu.Lock()
	if g.err != nil || g.contents == nil {
		err := g.err
		pl.mu.Unlock()
		if err != nil {
			return err
		}
		return r.fetch(ctx, p, off) // the group was already read and released
	}
	contents := g.contents
	if g.expected -= int64(len(p)); g.expected <= 0 {
		pl.release(g)
		pl.ahead(r)
	}
	pl.mu.Unlock()
	copy(p, contents[off-g.off:])
	return nil
}

// ahead begins to fetch the groups that are needed next, as far as the budget allows. The caller holds pl.mu.
func (pl *plan) ahead(r *reader) {
	for ; pl.next < len(pl.order); pl.next++ {
		g := pl.order[pl.next]
		if g.begun {
			continue
		}
		if pl.now >= most || !pl.budget.take(g.n) {
			return
		}
		pl.begin(r, g)
	}
}

// begin fetches g. The caller holds pl.mu, and has taken the bytes of g from the budget.
func (pl *plan) begin(r *reader, g *group) {
	g.begun = true
	pl.now++
	pl.running.Go(func() {
		contents := make([]byte, g.n)
		err := r.request(r.closed, contents, g.off)
		pl.mu.Lock()
		defer pl.mu.Unlock()
		if pl.now--; r.closed.Err() == nil {
			defer pl.ahead(r)
		}
		if g.contents, g.err = contents, err; err != nil {
			pl.release(g)
		}
		close(g.ready)
	})
}

// release frees the contents of g. The caller holds pl.mu.
func (pl *plan) release(g *group) {
	g.contents = nil
	pl.budget.give(g.n)
}

// drop discards the plan, and waits for requests in flight.
func (pl *plan) drop() {
	pl.running.Wait()
	pl.mu.Lock()
	defer pl.mu.Unlock()
	for _, g := range pl.groups {
		if g.contents != nil {
			pl.release(g)
		}
	}
	pl.groups, pl.order, pl.next = nil, nil, 0
}

// A budget limits how many bytes are fetched but not yet read, over all files.
type budget struct {
	mu   sync.Mutex
	left int64
}

func newBudget() *budget { return &budget{left: parallel * part} }

// take takes n bytes of the budget if it has them.
func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

// force takes n bytes even if the budget does not have them, because a reader is waiting for them.
func (b *budget) force(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left -= n
}

func (b *budget) give(n int64) { b.force(-n) }
