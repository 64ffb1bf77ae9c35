package main

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A tile is a kernel: it computes rows×(vectors registers) values of c and keeps them in registers. A step of its loop loads a
// row of b and, for each row of a, one value, which it spreads over a register and multiplies with that row.
type tile struct {
	rows, vectors int
	pack          bool // copies b to the panel on the way
	ahead         bool // prefetches the next values of b's rows, because b is not a panel
}

// name is the tile's label.
func (t tile) name() string {
	suffix := ""
	if t.pack {
		suffix = "pack"
	}
	return fmt.Sprintf("t%dx%d%s", t.rows, t.vectors, suffix)
}

// registers describes the registers of an instruction set.
type registers struct {
	bytes   int
	vectors []VecPhysical
	masks   []Register // nil if the set does not have masks; all columns must exist then
}

func (r registers) load(i int, from Mem, to VecPhysical) {
	if r.masks != nil {
		VMOVUPS_Z(from, r.masks[i], to)
	} else {
		VMOVUPS(from, to)
	}
}

func (r registers) store(i int, from VecPhysical, to Mem) {
	if r.masks != nil {
		VMOVUPS(from, r.masks[i], to)
	} else {
		VMOVUPS(from, to)
	}
}

const args = "(variant int, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, from *float32, fromStep int, panel *float32, ahead int"

const doc = "computes a tile of c: from + a·b, where a has k columns and rows lda apart, those of b are ldb apart, those of c ldc, those of " +
	"from fromStep, which may be 0; ahead is how many bytes behind b's the values are that it asks memory for. variant is rows + 16*w for columns of w+1 registers each"

// tiles512 writes the tiles of AVX-512. Masks tell which columns exist.
func tiles512() {
	TEXT("tile512", NOSPLIT, "func"+args+", mask uint64)")
	Doc("tile512 " + doc + ".")
	r := registers{bytes: 64, masks: []Register{K1, K2, K3, K4}}
	r.vectors = []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
	var list []tile
	for rows := range 12 {
		list = append(list, tile{rows: rows + 1, vectors: 2})
	}
	for rows := range 6 {
		list = append(list, tile{rows: rows + 7, vectors: 2, pack: true, ahead: true})
	}
	for rows := range 6 {
		list = append(list, tile{rows: rows + 1, vectors: 4, ahead: true})
	}
	r.write(list, func() {
		Load(Param("mask"), RAX)
		for i := range 4 {
			KMOVW(EAX, r.masks[i])
			SHRQ(Imm(16), RAX)
		}
	})
}

// tiles256 writes the tiles of AVX2.
func tiles256() {
	TEXT("tile256", NOSPLIT, "func"+args+")")
	Doc("tile256 " + doc + ". All its columns are there.")
	r := registers{bytes: 32, vectors: []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}}
	var list []tile
	for rows := range 6 {
		list = append(list, tile{rows: rows + 1, vectors: 2})
	}
	for rows := range 3 {
		list = append(list, tile{rows: rows + 4, vectors: 2, pack: true, ahead: true})
	}
	for rows := range 2 {
		list = append(list, tile{rows: rows + 1, vectors: 4, ahead: true})
	}
	r.write(list, func() {})
}

// number returns the variant that selects t.
func (t tile) number() int {
	n := t.rows + 16*(t.vectors-1)
	if t.pack {
		n += 128
	}
	return n
}

// write writes a function with all tiles of list, after its beginning.
func (r registers) write(list []tile, first func()) {
	first()
	Load(Param("variant"), RAX)
	Load(Param("k"), RCX)
	Load(Param("a"), RSI)
	Load(Param("lda"), R8)
	Load(Param("b"), RDI)
	Load(Param("ldb"), R9)
	Load(Param("from"), RDX)
	Load(Param("fromStep"), RBX)
	Load(Param("panel"), R14)
	for _, step := range []GPPhysical{R8, R9, RBX} {
		SHLQ(Imm(2), step)
	}
	LEAQ(Mem{Base: R8, Index: R8, Scale: 2}, R15)
	LEAQ(Mem{Base: RSI, Index: R15, Scale: 1}, R10) // row 3
	LEAQ(Mem{Base: RSI, Index: R15, Scale: 2}, R11) // row 6
	LEAQ(Mem{Base: R10, Index: R15, Scale: 2}, R12) // row 9
	slices.SortFunc(list, func(a, b tile) int { return a.number() - b.number() })
	choose(list)
	for _, t := range list {
		r.tile(t)
	}
}

// choose jumps to the tile that the variant selects. list is sorted by number. It uses binary search, because
// a whole tile may take only a hundred cycles.
func choose(list []tile) {
	if len(list) == 1 {
		JMP(LabelRef(list[0].name()))
		return
	}
	half := len(list) / 2
	label := "from" + list[half].name()
	CMPQ(RAX, U32(list[half].number()))
	JGE(LabelRef(label))
	choose(list[:half])
	Label(label)
	choose(list[half:])
}

func (r registers) tile(t tile) {
	Label(t.name())
	b := r.vectors[:t.vectors]
	sums := r.vectors[len(r.vectors)-t.rows*t.vectors:]
	spread := r.vectors[t.vectors : len(r.vectors)-len(sums)]
	if len(spread) > 3 {
		spread = spread[:3]
	}

	Comment("from")
	for i := range t.rows {
		for j := range t.vectors {
			r.load(j, Mem{Base: RDX, Disp: j * r.bytes}, sums[i*t.vectors+j])
		}
		if i < t.rows-1 {
			ADDQ(RBX, RDX)
		}
	}

	if t.ahead {
		Load(Param("ahead"), RAX)
	}
	Label(t.name() + "loop")
	for j, v := range b {
		r.load(j, Mem{Base: RDI, Disp: j * r.bytes}, v)
	}
	if t.ahead {
		for j := 0; j < t.vectors*r.bytes; j += 64 {
			PREFETCHT0(Mem{Base: RDI, Index: RAX, Scale: 1, Disp: j})
		}
	}
	if t.pack {
		for j, v := range b {
			VMOVUPS(v, Mem{Base: R14, Disp: j * r.bytes})
		}
		ADDQ(Imm(uint64(t.vectors*r.bytes)), R14)
	}
	bases := []GPPhysical{RSI, R10, R11, R12}
	for i := range t.rows {
		at := Mem{Base: bases[i/3]}
		if i%3 > 0 {
			at.Index, at.Scale = R8, uint8(i%3)
		}
		s := spread[i%len(spread)]
		VBROADCASTSS(at, s)
		for j, v := range b {
			VFMADD231PS(v, s, sums[i*t.vectors+j])
		}
	}
	for i := 0; i < t.rows; i += 3 {
		ADDQ(Imm(4), bases[i/3])
	}
	ADDQ(R9, RDI)
	DECQ(RCX)
	JNZ(LabelRef(t.name() + "loop"))

	Comment("to c")
	Load(Param("c"), RDX)
	Load(Param("ldc"), RBX)
	SHLQ(Imm(2), RBX)
	for i := range t.rows {
		for j := range t.vectors {
			r.store(j, sums[i*t.vectors+j], Mem{Base: RDX, Disp: j * r.bytes})
		}
		if i < t.rows-1 {
			ADDQ(RBX, RDX)
		}
	}
	VZEROUPPER()
	RET()
}
