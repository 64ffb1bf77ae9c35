package errfs

import (
	"slices"
	"time"
)

// A node is a file or a directory. It has the state that programs see, the durable state, and the pending
// changes.
type node struct {
	dir     bool
	modTime time.Time

	// A file's bytes.
	data    []byte
	durable []byte
	writes  []write // since durable, in order
	shared  bool    // data and durable are the same memory, which is then never changed: other nodes may have it too

	// A directory's entries.
	names        map[string]*node
	durableNames map[string]*node
	changes      []change // since durableNames, in order
}

// A write is a change to a file's bytes: data at off or, if data is nil, a new size.
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
		return b[:size:size] // so that the file has zeros, not the old bytes, if it grows again
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// A change is an atomic update of a directory. It maps names to their nodes, and removed names to nil.
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
	if n.shared {
		n.data, n.shared = slices.Clone(n.data), false
	}
	n.data = w.apply(n.data)
	n.writes = append(n.writes, w)
	n.modTime = now
}

func (n *node) change(c change, now time.Time) {
	c.apply(n.names)
	n.changes = append(n.changes, c)
	n.modTime = now
}

// sync makes the visible state durable.
func (n *node) sync() {
	n.durable, n.shared = n.data, true
	for _, c := range n.changes {
		c.apply(n.durableNames)
	}
	n.writes, n.changes = nil, nil
}

// put adds a durable entry to the directory. Pending changes stay pending.
func (n *node) put(name string, child *node) {
	n.names[name], n.durableNames[name] = child, child
}

// A Fate is called once for each update that was not durable. It returns the share that survives a crash,
// from 0 (nothing) to 1 (everything). A change of a directory survives if the share is above 0. For a write,
// the share of the bytes survives.
type Fate func() float64

// Two extreme fates: without a sync, nothing survives or everything survives.
var (
	LoseAll Fate = func() float64 { return 0 }
	KeepAll Fate = func() float64 { return 1 }
)

// Lottery returns a random fate, which seed determines: each update survives or is lost, and a write may
// also be torn.
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

// reboot returns the state of n at the next boot. seen has the nodes that were visited, because a node may
// have several names.
func (n *node) reboot(fate Fate, seen map[*node]*node) *node {
	if r, ok := seen[n]; ok {
		return r
	}
	r := &node{dir: n.dir, modTime: n.modTime}
	seen[n] = r
	if !n.dir {
		r.data, r.shared = n.durable, true
		for _, w := range n.writes {
			if w = w.survivor(fate()); w.off >= 0 {
				r.write(w, n.modTime)
			}
		}
		r.sync()
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

// survivor returns the part of w that survives a crash. Its off is negative if nothing survives.
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
