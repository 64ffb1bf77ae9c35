package bundle

import (
	"math"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A Sizing describes a tensor, or a part of one, to MaxShardSize.
type Sizing struct {
	Full tensor.Shape // of the whole tensor
	Part tensor.Slice // the part of the tensor; nil means the whole tensor
	// Element is the size of an element in bytes: for strings, the length of the longest; for the object graph and for
	// variants, 0.
	Element int64
	// Bytes is the size of the tensor: for strings, the sum of their lengths; otherwise Element for each element.
	Bytes int64
}

// A Cut assigns a piece of a tensor to a data file.
type Cut struct {
	Tensor int          // index into the tensors given
	Shard  int          // number of the data file
	Part   tensor.Slice // with explicit lengths; nil if the piece is the whole input
	Large  bool         // the piece exceeds the limit and is alone in its data file
}

// MaxShardSize distributes tensors over data files of at most limit bytes each, like TensorFlow's
// MaxShardSizePolicy. It fills one file after another in the order of tensors, and cuts a tensor along the
// axis that needs the fewest pieces. A limit below 1 means 1. It returns the cuts in the order in which they
// must be added to a Writer, and the number of files.
//
// A scalar, or an element, that exceeds the limit gets its own file after all others. If a single index exceeds the limit on
// every axis, MaxShardSize cuts within the index; TensorFlow loops forever there. Tensors without elements are stored and do
// not count towards the limit; TensorFlow leaves them out.
func MaxShardSize(tensors []Sizing, limit int64) (cuts []Cut, shards int) {
	p := &sharder{limit: max(limit, 1), shards: 1}
	p.left = p.limit
	for i, t := range tensors {
		p.tensor, p.root = i, t
		p.add()
	}
	if p.shards > 1 && !slices.ContainsFunc(p.cuts, func(c Cut) bool { return c.Shard == p.shards-1 }) {
		p.shards-- // opened when the previous one was full, but not used
	}
	if len(p.cuts) == 0 && len(p.large) > 0 {
		p.shards = 0
	}
	for _, c := range p.large {
		c.Shard, c.Large = p.shards, true
		p.cuts = append(p.cuts, c)
		p.shards++
	}
	return p.cuts, p.shards
}

// A sharder is MaxShardSizePartitioner in tensorflow/python/checkpoint/sharding/sharding_policies.py.
type sharder struct {
	limit  int64
	left   int64 // bytes of the open data file
	shards int   // the last one is open
	cuts   []Cut
	large  []Cut // cuts with separate files

	tensor int
	root   Sizing
	work   tensor.Slice // the rest of root
}

func (p *sharder) open() {
	p.shards++
	p.left = p.limit
}

// add distributes root.
func (p *sharder) add() {
	p.work = wholeSlice(p.root.Full)
	if p.root.Part != nil {
		if region, _, err := p.root.Part.Resolve(p.root.Full); err == nil {
			p.work = region
		}
	}
	size := p.root.Bytes
	if p.root.Element <= 0 || lengths(p.work).Len() == 0 {
		size = 0
	}
	if len(p.work) == 0 {
		p.addScalar(size)
		return
	}
	p.place(size, false)
}

// place distributes work, which counts as size bytes. cut tells whether work is only a part of root.
func (p *sharder) place(size int64, cut bool) {
	for size > p.left {
		axis, n := p.next()
		switch {
		case n > 0:
			p.split(axis, n)
		case lengths(p.work).Len() == 1 && p.root.Element > p.limit:
			p.large = append(p.large, p.piece(p.work, cut))
			return
		case p.left < p.limit && p.root.Element <= p.limit:
			p.open()
			continue
		default:
			axis := p.longestAxis()
			rest := slices.Clone(p.work)
			rest[axis].Start++
			rest[axis].Length--
			p.work[axis].Length = 1
			p.place(p.size(), true)
			p.work = rest
		}
		cut, size = true, p.size()
	}
	if cut && lengths(p.work).Len() == 0 {
		return
	}
	p.cuts = append(p.cuts, p.piece(p.work, cut))
	p.left -= size
}

// size returns the number of bytes that work counts as.
func (p *sharder) size() int64 { return int64(lengths(p.work).Len()) * p.root.Element }

// piece returns the cut of region in the open data file.
func (p *sharder) piece(region tensor.Slice, cut bool) Cut {
	c := Cut{Tensor: p.tensor, Shard: p.shards - 1}
	if cut {
		c.Part = slices.Clone(region)
	}
	return c
}

func (p *sharder) addScalar(size int64) {
	if size > p.limit {
		p.large = append(p.large, p.piece(p.work, false))
		return
	}
	if size > p.left {
		p.open()
	}
	p.cuts = append(p.cuts, p.piece(p.work, false))
	p.left -= size
}

// next returns the axis to cut along, and the number of its indices for the open data file, 0 if none fits
// (_get_next_partition).
func (p *sharder) next() (axis int, n int) {
	total := p.size()
	best := p.pieces(0)
	for a := 1; a < len(p.work); a++ {
		if k := p.pieces(a); k < best && float64(total)/k <= float64(p.left) {
			axis, best = a, k
		}
	}
	return axis, int(math.Ceil(float64(p.work[axis].Length) / best))
}

// pieces returns the number of pieces of the rest if it is cut along axis into pieces that fit into the open
// data file. The number is infinite if nothing fits.
func (p *sharder) pieces(axis int) float64 {
	fit := p.left / p.perIndex(axis)
	if fit == 0 {
		return math.Inf(1)
	}
	return math.Ceil(float64(p.work[axis].Length) / float64(fit))
}

// perIndex returns the bytes of one index of axis.
func (p *sharder) perIndex(axis int) int64 {
	return int64(lengths(p.work).Len()/p.work[axis].Length) * p.root.Element
}

// longestAxis returns the axis with the smallest indices.
func (p *sharder) longestAxis() (longest int) {
	for a := range p.work {
		if p.work[a].Length > p.work[longest].Length {
			longest = a
		}
	}
	return longest
}

// split moves n indices along axis to the open data file (_add_partition).
func (p *sharder) split(axis, n int) {
	region := slices.Clone(p.work)
	region[axis].Length = n
	p.cuts = append(p.cuts, p.piece(region, true))
	p.left -= int64(lengths(region).Len()) * p.root.Element
	if p.left == 0 {
		p.open()
	}
	p.work[axis].Start += n
	p.work[axis].Length -= n
}
