package gemm

import "sync"

// A kernel describes the tiles of one instruction set.
type kernel struct {
	set        set
	rows, cols int // of the largest tile

	// If a product is one tile high and has at most wideRows rows, wider tiles read longer runs of the second factor.
	wideRows, wideCols int
}

// A set is the instruction set that a kernel uses.
type set uint8

const (
	plain  set = iota // Go
	neon              // of arm64
	avx2              // with FMA
	avx512            // the foundation
)

// Sizes of the blocks that the loops pass to the tiles, in elements.
const (
	// depth is the largest part of the inner dimension that is added up before sums return to memory. A panel of the second
	// factor, depth by a tile's columns, stays in the L1 cache (at most 16 KiB) together with the rows that it is multiplied with.
	depth = 128

	// height is the largest number of rows of the first factor that are multiplied with a panel. They stay in the L2 cache (120 KiB).
	height = 240

	// flatDepth replaces depth for products one tile high, and lowDepth for products up to lowTiles tiles high. They read the second
	// factor from memory, once or a few times. Fewer rows at a time, on fewer pages, are then faster. The depth does not change
	// results: sums that go through memory keep all their digits.
	flatDepth, lowDepth, lowTiles = 32, 64, 4

	// cached is the size up to which a second factor may still be in the L2 cache from its last use, as in a recurrent layer.
	cached = 1 << 17

	maxRows, maxCols, maxWide = 12, 32, 64
)

// best is the fastest kernel of this machine.
var best = kernels()[0]

// zeros is the bias of products without one.
var zeros [maxWide]float32

// panels holds the panels into which the second factor is packed.
var panels = sync.Pool{New: func() any { return new([depth * maxCols]float32) }}

func (kn *kernel) mul(p *product) {
	if p.m <= 0 || p.n <= 0 {
		return
	}
	p.check()
	switch {
	case p.k <= 0:
		p.begin()
	case kn.set == plain:
		p.begin()
		p.addPlain()
	case p.m <= kn.rows:
		kn.flat(p)
	default:
		kn.high(p)
	}
}

// flat computes a product that is one tile or two wide tiles high. It reads b in place.
func (kn *kernel) flat(p *product) {
	var panel []float32
	if !kn.masked() && p.n%kn.cols > 0 {
		memory := panels.Get().(*[depth * maxCols]float32)
		defer panels.Put(memory)
		panel = memory[:]
	}
	// Two tiles with few rows and many columns are faster than one tile with many rows and few columns.
	upper := p.m
	if p.m > kn.wideRows && p.m <= 2*kn.wideRows {
		upper = (p.m + 1) / 2
	}
	most := flatDepth
	if p.k*p.n <= cached {
		most = depth
	}
	t := tile{ahead: most * p.ldb}
	for l := 0; l < p.k; l += most {
		t.deep = min(most, p.k-l)
		for j := 0; j < p.n; j += t.wide {
			t.cols = kn.cols
			if left := p.n - j; upper <= kn.wideRows && (left >= kn.wideCols || kn.masked() && left > kn.cols) {
				t.cols = kn.wideCols
			}
			t.wide = min(t.cols, p.n-j)
			t.rows = upper
			kn.run(p, &t, 0, j, l, panel)
			if upper < p.m {
				t.rows = p.m - upper
				kn.run(p, &t, upper, j, l, panel)
			}
		}
	}
}

// high computes a product that is several tiles high. The tiles share the rows evenly.
func (kn *kernel) high(p *product) {
	memory := panels.Get().(*[depth * maxCols]float32)
	defer panels.Put(memory)
	panel := memory[:]
	tiles := (p.m + kn.rows - 1) / kn.rows
	const group = height / maxRows
	most := depth
	if tiles <= lowTiles {
		most = lowDepth
	}
	var tops [group + 1]int
	for first := 0; first < tiles; first += group {
		n := min(group, tiles-first)
		for i := range n + 1 {
			// The first tiles are the higher ones. So a tile that packs has more than half of a tile's rows.
			tops[i] = ((first+i)*p.m + tiles - 1) / tiles
		}
		for l := 0; l < p.k; l += most {
			t := tile{cols: kn.cols, deep: min(most, p.k-l), ahead: kn.cols}
			for j := 0; j < p.n; j += kn.cols {
				t.wide = min(kn.cols, p.n-j)
				t.pack, t.packed = true, false
				for i, top := range tops[:n] {
					t.rows = tops[i+1] - top
					kn.run(p, &t, top, j, l, panel)
					t.pack, t.packed = false, true
				}
			}
		}
	}
}

// A tile is the part of the result that is computed at a time.
type tile struct {
	rows, cols, deep int
	wide             int  // number of columns present, at most cols
	pack             bool // fill the panel
	packed           bool // read the panel
	ahead            int  // distance from b to the values to prefetch, which a later tile reads
}

// run computes the tile at row i and column j for the part of the inner dimension that starts at l.
func (kn *kernel) run(p *product, t *tile, i, j, l int, panel []float32) {
	a, c := &p.a[i*p.lda+l], &p.c[i*p.ldc+j]
	from, step := c, p.ldc
	if l == 0 && !p.add {
		from, step = &zeros[0], 0
		if p.bias != nil {
			from = &p.bias[j]
		}
	}
	var to *float32
	if len(panel) > 0 {
		to = &panel[0]
	}
	b, ldb := to, kn.cols
	if !t.packed {
		b, ldb = &p.b[l*p.ldb+j], p.ldb
	}
	if t.wide < t.cols && !kn.masked() {
		kn.edge(p, t, i, j, l, panel)
		return
	}
	kn.compute(t, a, p.lda, b, ldb, c, p.ldc, from, step, to)
}

// edge computes a tile with missing columns, if the instructions cannot mask them. It works on copies that have all columns.
func (kn *kernel) edge(p *product, t *tile, i, j, l int, panel []float32) {
	c := p.c[i*p.ldc+j:]
	if !t.packed {
		b := p.b[l*p.ldb+j:]
		for l := range t.deep {
			row := panel[l*kn.cols:][:kn.cols]
			copy(row[:t.wide], b[l*p.ldb:])
			clear(row[t.wide:])
		}
	}
	var sums [maxRows * maxCols]float32
	for i := range t.rows {
		row := sums[i*kn.cols:][:t.wide]
		switch {
		case l > 0 || p.add:
			copy(row, c[i*p.ldc:])
		case p.bias != nil:
			copy(row, p.bias[j:])
		}
	}
	whole := tile{rows: t.rows, cols: kn.cols, deep: t.deep, wide: kn.cols, packed: true}
	kn.compute(&whole, &p.a[i*p.lda+l], p.lda, &panel[0], kn.cols, &sums[0], kn.cols, &sums[0], kn.cols, &panel[0])
	for i := range t.rows {
		copy(c[i*p.ldc:][:t.wide], sums[i*kn.cols:])
	}
}
