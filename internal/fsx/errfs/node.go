package errfs

import (
	"slices"
	"time"
)

// A node is a file or a directory: what programs see, what is durable, and what lies between.
type node struct {
	dir     bool
	modTime time.Time

	// A file's bytes.
	data    []byte
	durable []byte
	writes  []write // since durable, in order

	// A directory's entries.
	names        map[string]*node
	durableNames map[string]*node
	changes      []change // since durableNames, in order
}

// A write is a change to a file's bytes: data at off, or, where data is nil, a new size.
type write struct {
	off  int64
	data []byte
}

func (w write) apply(b []byte) []byte {
	if w.data == nil {
		return resize(b, w.off)
	}
	if end := w.off + int64(len(w.data)); end > int64(len(b)) {
		b = resize(b, end)
	}
	copy(b[w.off:], w.data)
	return b
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size] // so that growing again finds zeros and not what was cut off
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// A change is an update of a directory that happens as a whole: names that get a node, nil for those that go.
type change map[string]*node

func (c change) apply(names map[string]*node) {
	for name, n := range c {
		if n == nil {
			delete(names, name)
		} else {
			names[name] = n
		}
	}
}

func newFile(now time.Time) *node { return &node{modTime: now} }

func newDir(now time.Time) *node {
	return &node{dir: true, modTime: now, names: map[string]*node{}, durableNames: map[string]*node{}}
}

func (n *node) write(w write, now time.Time) {
	n.data = w.apply(n.data)
	n.writes = append(n.writes, w)
	n.modTime = now
}

func (n *node) change(c change, now time.Time) {
	c.apply(n.names)
	n.changes = append(n.changes, c)
	n.modTime = now
}

// sync makes what programs see durable.
func (n *node) sync() {
	for _, w := range n.writes {
		n.durable = w.apply(n.durable)
	}
	for _, c := range n.changes {
		c.apply(n.durableNames)
	}
	n.writes, n.changes = nil, nil
}

// put gives the directory an entry that is durable, whatever else is pending.
func (n *node) put(name string, child *node) {
	n.names[name], n.durableNames[name] = child, child
}

// A Fate says, asked once for each update that was not durable, how much of it a crash leaves: from 0 (nothing)
// to 1 (all of it). Changes of directories stay where it says more than 0; of a write that share of the bytes does.
type Fate func() float64

// Two extreme fates: nothing survives that was not synced, and everything does.
var (
	LoseAll Fate = func() float64 { return 0 }
	KeepAll Fate = func() float64 { return 1 }
)

// Lottery returns the fate in which each update survives, is lost, or, for a write, is torn, as a generator
// seeded with seed decides.
func Lottery(seed uint64) Fate {
	state := seed
	return func() float64 { // splitmix64
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		switch z % 4 {
		case 0, 1:
			return 0
		case 2:
			return 1
		}
		return float64(z>>11) / (1 << 53)
	}
}

// reboot returns what the next boot finds of n, and, through seen, of each node once however many names it has.
func (n *node) reboot(fate Fate, seen map[*node]*node) *node {
	if r, ok := seen[n]; ok {
		return r
	}
	r := &node{dir: n.dir, modTime: n.modTime}
	seen[n] = r
	if !n.dir {
		b := slices.Clone(n.durable)
		for _, w := range n.writes {
			if w = w.survivor(fate()); w.off >= 0 {
				b = w.apply(b)
			}
		}
		r.data, r.durable = b, slices.Clone(b)
		return r
	}
	names := make(map[string]*node, len(n.durableNames))
	change(n.durableNames).apply(names)
	for _, c := range n.changes {
		if fate() > 0 {
			c.apply(names)
		}
	}
	r.names, r.durableNames = map[string]*node{}, map[string]*node{}
	for _, name := range sortedNames(names) {
		child := names[name].reboot(fate, seen)
		r.names[name], r.durableNames[name] = child, child
	}
	return r
}

// survivor returns the share of w that a crash leaves; its off is negative where that is nothing.
func (w write) survivor(share float64) write {
	if share <= 0 || (w.data == nil && share < 1) {
		return write{off: -1}
	}
	if w.data != nil {
		w.data = w.data[:int(share*float64(len(w.data)))]
	}
	return w
}

func sortedNames(names map[string]*node) []string {
	s := make([]string, 0, len(names))
	for name := range names {
		s = append(s, name)
	}
	slices.Sort(s)
	return s
}
