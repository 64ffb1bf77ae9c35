package hdf5

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// The numbers of entries for which nodes have room. The superblock gives half of each. These are HDF5's defaults, so that any
// reader accepts them.
const (
	leafEntries = 8
	treeEntries = 32
)

// Encode returns the head of the file for a tree and the size of the file. The head is everything except the elements of
// datasets. Encode sets Offset and Size of each dataset and sorts groups, datasets and attributes by name. Elements are
// little-endian and row-major. They follow in the order of [Group.All], padded with zeros.
//
// Encode uses the last name of each group's and dataset's Path, and a dataset's DType and Shape. The error names the object that
// cannot be stored: its name is empty or occurs twice, an attribute is longer than 64 KiB, or HDF5 does not have its dtype.
func Encode(root *Group) (head []byte, size int64, err error) { return encode(root, 0) }

// encode is Encode for a root at the given depth. Tests choose depth.
func encode(root *Group, depth int) (head []byte, size int64, err error) {
	e := &encoder{}
	e.alloc(superblockSize)
	header, tree, heap, err := e.group(root, depth)
	if err != nil {
		return nil, 0, err
	}
	end := uint64(len(e.out))
	for g := range root.All() {
		for _, d := range g.Datasets {
			d.Offset = 0
			if d.Size > 0 {
				d.Offset = int64(end)
				e.put64(d.place, end)
				end += (uint64(d.Size) + 7) &^ 7
			}
		}
	}
	e.superblock(header, tree, heap, end)
	return e.out, int64(end), nil
}

// An encoder appends blocks to the beginning of the file. An address is an index of out.
type encoder struct {
	out     []byte
	strings struct { // the global heap that has room
		at, used, end uint64
		objects       int
	}
}

// alloc appends n zeros and returns their address.
func (e *encoder) alloc(n int) uint64 {
	at := len(e.out)
	e.out = append(e.out, make([]byte, (n+7)&^7)...)
	return uint64(at)
}

func (e *encoder) put64(at, v uint64) { binary.LittleEndian.PutUint64(e.out[at:], v) }

// place appends b, padded, and returns its address.
func (e *encoder) place(b []byte) uint64 {
	at := e.alloc(len(b))
	copy(e.out[at:], b)
	return at
}

func (e *encoder) superblock(header, tree, heap, end uint64) {
	b := append(e.out[:0], signature...)
	b = append(b, 0, 0, 0, 0, 0, 8, 8, 0, leafEntries/2, 0, treeEntries/2, 0, 0, 0, 0, 0)
	for _, v := range []uint64{0, undefined, end, undefined} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	appendEntry(b, entry{header: header, cache: cacheGroup}, tree, heap)
}

// Kinds of entries.
const (
	cacheNone  = 0
	cacheGroup = 1 // the addresses of the B-tree and the heap follow
)

func appendEntry(b []byte, e entry, tree, heap uint64) []byte {
	b = binary.LittleEndian.AppendUint64(b, e.name)
	b = binary.LittleEndian.AppendUint64(b, e.header)
	b = binary.LittleEndian.AppendUint32(b, e.cache)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, tree)
	return binary.LittleEndian.AppendUint64(b, heap)
}

// group writes the contents of g and then g. It returns the addresses of the header, the B-tree and the heap of g.
func (e *encoder) group(g *Group, depth int) (header, tree, heap uint64, err error) {
	if depth > maxDepth {
		return 0, 0, 0, fmt.Errorf("hdf5: write %q: groups are nested more than %d deep", g.Path, maxDepth)
	}
	slices.SortFunc(g.Groups, func(a, b *Group) int { return cmp.Compare(a.Name(), b.Name()) })
	slices.SortFunc(g.Datasets, func(a, b *Dataset) int { return cmp.Compare(a.Name(), b.Name()) })
	names := []byte{0, 0, 0, 0, 0, 0, 0, 0} // the empty name, which sorts before all others
	var entries []byte
	var ends []uint64 // for each entry, the offset of its name in the heap
	add := func(path string, link entry, tree, heap uint64) error {
		name := lastName(path)
		if name == "" || strings.ContainsRune(name, 0) {
			return fmt.Errorf("hdf5: write %q: expected a name without NULs, got %q", path, name)
		}
		link.name = uint64(len(names))
		ends = append(ends, link.name)
		names = append(names, name...)
		names = append(names, make([]byte, 8-len(name)%8)...)
		entries = appendEntry(entries, link, tree, heap)
		return nil
	}
	for i, j := 0, 0; i < len(g.Groups) || j < len(g.Datasets); {
		if i < len(g.Groups) && (j == len(g.Datasets) || g.Groups[i].Name() <= g.Datasets[j].Name()) {
			child := g.Groups[i]
			if j < len(g.Datasets) && child.Name() == g.Datasets[j].Name() || i > 0 && child.Name() == g.Groups[i-1].Name() {
				return 0, 0, 0, fmt.Errorf("hdf5: write %q: two objects of this name", child.Path)
			}
			header, tree, heap, err := e.group(child, depth+1)
			if err == nil {
				err = add(child.Path, entry{header: header, cache: cacheGroup}, tree, heap)
			}
			if err != nil {
				return 0, 0, 0, err
			}
			i++
			continue
		}
		child := g.Datasets[j]
		if j > 0 && child.Name() == g.Datasets[j-1].Name() {
			return 0, 0, 0, fmt.Errorf("hdf5: write %q: two objects of this name", child.Path)
		}
		header, err := e.dataset(child)
		if err == nil {
			err = add(child.Path, entry{header: header, cache: cacheNone}, 0, 0)
		}
		if err != nil {
			return 0, 0, 0, err
		}
		j++
	}
	heap = e.heap(names)
	tree = e.tree(entries, ends)
	table := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, tree), heap)
	messages, err := e.attributes(appendMessage(nil, msgSymbolTable, table), g.Attributes)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("hdf5: write %q: %w", g.Path, err)
	}
	return e.header(messages, 1+len(g.Attributes)), tree, heap, nil
}

// heap writes the local heap that holds names.
func (e *encoder) heap(names []byte) uint64 {
	const noFree = 1 // the list of free space is empty
	data := e.place(names)
	b := []byte("HEAP\x00\x00\x00\x00")
	for _, v := range []uint64{uint64(len(names)), noFree, data} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return e.place(b)
}

// tree writes the symbol table nodes and the B-tree of a group's entries. last has the offset of each entry's name.
func (e *encoder) tree(entries []byte, last []uint64) uint64 {
	type node struct{ at, last uint64 } // last is the offset of the greatest name below the node
	var nodes []node
	for i := 0; i < len(last); i += leafEntries {
		n := min(leafEntries, len(last)-i)
		b := append([]byte("SNOD\x01\x00"), byte(n), 0)
		b = append(b, entries[i*entrySize:(i+n)*entrySize]...)
		b = append(b, make([]byte, (leafEntries-n)*entrySize)...)
		nodes = append(nodes, node{e.place(b), last[i+n-1]})
	}
	const size = 24 + 16*treeEntries + 8
	for level := byte(0); ; level++ {
		var above []node
		count := max(1, (len(nodes)+treeEntries-1)/treeEntries)
		first := e.alloc(count * size)
		before := uint64(0) // the offset of the empty name
		for i := range count {
			part := nodes[i*treeEntries : min((i+1)*treeEntries, len(nodes))]
			at := first + uint64(i*size)
			left, right := undefined, undefined
			if i > 0 {
				left = at - size
			}
			if i < count-1 {
				right = at + size
			}
			b := append(e.out[:at], 'T', 'R', 'E', 'E', 0, level, byte(len(part)), 0)
			b = binary.LittleEndian.AppendUint64(b, left)
			b = binary.LittleEndian.AppendUint64(b, right)
			b = binary.LittleEndian.AppendUint64(b, before)
			for _, n := range part {
				b = binary.LittleEndian.AppendUint64(b, n.at)
				b = binary.LittleEndian.AppendUint64(b, n.last)
				before = n.last
			}
			above = append(above, node{at, before})
		}
		if count == 1 {
			return first
		}
		nodes = above
	}
}

// dataset writes the header of a dataset.
func (e *encoder) dataset(d *Dataset) (header uint64, err error) {
	fail := func(err error) (uint64, error) { return 0, fmt.Errorf("hdf5: write %q: %w", d.Path, err) }
	typ, err := appendDatatype(nil, d.DType)
	if err != nil {
		return fail(err)
	}
	if err := d.Shape.Check(); err != nil {
		return fail(err)
	}
	attributes := d.Attributes
	if d.DType == tensor.DTBFloat16 && findAttribute(attributes, "dtype") == nil {
		mark, _ := tensor.FromSlice([]string{d.DType.String()})
		attributes = append(slices.Clip(attributes), Attribute{Name: "dtype", Value: mark})
	}
	hi, size := bits.Mul64(uint64(d.Shape.Len()), uint64(d.DType.Size()))
	if hi != 0 || size > 1<<62 {
		return fail(fmt.Errorf("%v of shape %v has too many bytes", d.DType, d.Shape))
	}
	d.Size = int64(size)
	messages := appendMessage(nil, msgDataspace, appendDataspace(nil, d.Shape))
	messages = appendMessage(messages, msgDatatype, typ)
	messages = appendMessage(messages, msgFill, []byte{2, 2, 2, 1, 0, 0, 0, 0}) // zeros, as h5py writes it
	layout := binary.LittleEndian.AppendUint64([]byte{3, layoutContiguous}, undefined)
	layout = binary.LittleEndian.AppendUint64(layout, size)
	place := len(messages) + 8 + 2 // after the headers of the message and of the layout
	messages = appendMessage(messages, msgLayout, layout)
	if messages, err = e.attributes(messages, attributes); err != nil {
		return fail(err)
	}
	header = e.header(messages, 4+len(attributes))
	d.place = header + 16 + uint64(place)
	return header, nil
}

// header writes an object header with count messages.
func (e *encoder) header(messages []byte, count int) uint64 {
	b := []byte{1, 0}
	b = binary.LittleEndian.AppendUint16(b, uint16(count))
	b = binary.LittleEndian.AppendUint32(b, 1) // link count
	b = binary.LittleEndian.AppendUint32(b, uint32(len(messages)))
	b = append(b, 0, 0, 0, 0)
	return e.place(append(b, messages...))
}
