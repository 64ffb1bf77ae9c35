package hdf5

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/format/raw"
)

// Parse reads the structure of an HDF5 file of size bytes: groups, attributes, and the positions of datasets. It does not read
// elements. Errors are of type [*raw.Error] and call the file name.
func Parse(name string, r io.ReaderAt, size int64) (*File, error) {
	p := &parser{
		blocks:   blocks{r: r, size: size},
		file:     name,
		groups:   make(map[uint64]string),
		datasets: make(map[uint64]*Dataset),
	}
	root, err := p.readSuperblock()
	if err != nil {
		return nil, p.fail("", err)
	}
	f := &File{Name: name, Root: &Group{}}
	p.queue = []place{{group: f.Root, header: root.header}}
	for ; len(p.queue) > 0; p.queue = p.queue[1:] {
		if err := p.expand(p.queue[0]); err != nil {
			return nil, err
		}
	}
	return f, nil
}

type parser struct {
	blocks
	file     string
	groups   map[uint64]string   // paths of the groups that were found, by the address of their header
	datasets map[uint64]*Dataset // datasets that were found, by the address of their header
	queue    []place
	paths    int64 // bytes of all paths
}

// A place is a group that has not been read yet: only the address of its header is known.
type place struct {
	group    *Group
	header   uint64
	messages []message // of the header, if they were read
	depth    int
}

func (p *parser) fail(path string, err error) error {
	return &raw.Error{File: p.file, Key: path, Offset: -1, Err: err}
}

// expand reads the attributes and links of a group. It queues the groups among the links.
func (p *parser) expand(at place) error {
	g := at.group
	if at.messages == nil {
		var err error
		if at.messages, err = p.readHeader(at.header); err != nil {
			return p.fail(g.Path, err)
		}
		p.groups[at.header] = g.Path
	}
	var tree, heap uint64
	isGroup := false
	for i := range at.messages {
		m := &at.messages[i]
		err := m.check()
		switch {
		case err != nil:
		case m.kind == msgSymbolTable:
			isGroup = true
			tree, heap = m.body.u64(), m.body.u64()
			err = m.body.err()
		case m.kind == msgLinkInfo, m.kind == msgLink:
			err = unsupportedf("a group of HDF5 1.8's format (links in its header or in a fractal heap)")
		case m.kind == msgAttrInfo:
			err = unsupportedf("attributes in a fractal heap")
		case m.kind == msgAttribute:
			var a Attribute
			a, err = p.readAttribute(&m.body)
			g.Attributes = append(g.Attributes, a)
		}
		if err != nil {
			return p.fail(g.Path, err)
		}
	}
	if err := sortAttributes(g.Attributes); err != nil {
		return p.fail(g.Path, err)
	}
	if !isGroup {
		return p.fail(g.Path, corruptf("the object is not a group: its header at %d has no symbol table", at.header))
	}
	links, err := p.readLinks(tree, heap)
	if err != nil {
		return p.fail(g.Path, err)
	}
	if at.depth == maxDepth && len(links) > 0 {
		return p.fail(g.Path, corruptf("groups are nested more than %d deep", maxDepth))
	}
	for _, l := range links {
		path, err := p.path(g.Path, l.name)
		if err != nil {
			return p.fail(g.Path, err)
		}
		if err := p.object(g, path, l.header, at.depth+1); err != nil {
			return p.fail(path, err)
		}
	}
	return nil
}

// path returns the path of a link. All paths together are bounded, because a link costs only 40 bytes, even if the path to it is
// long.
func (p *parser) path(parent, name string) (string, error) {
	switch {
	case strings.ContainsRune(name, '/'):
		return "", corruptf("a link's name, %q, has a slash", name)
	case !utf8.ValidString(name):
		return "", corruptf("a link's name, %q, is not UTF-8", name)
	}
	if parent != "" {
		name = parent + "/" + name
	}
	if len(name) > maxPath {
		return "", corruptf("a path of %d bytes, expected at most %d", len(name), maxPath)
	}
	if p.paths += int64(len(name)); p.paths > p.size {
		return "", corruptf("the paths of all objects together are longer than the file")
	}
	return name, nil
}

// object adds the object with the given header to g: a dataset, or a group, which it queues.
func (p *parser) object(g *Group, path string, header uint64, depth int) error {
	if first, ok := p.groups[header]; ok {
		return unsupportedf("a group with several links, or a cycle: this group was reached as %q before", first)
	}
	if d, ok := p.datasets[header]; ok { // another name of the dataset
		again := *d
		again.Path, again.shared = path, true
		g.Datasets = append(g.Datasets, &again)
		return nil
	}
	messages, err := p.readHeader(header)
	if err != nil {
		return err
	}
	for i := range messages {
		switch messages[i].kind {
		case msgSymbolTable, msgLinkInfo, msgLink:
			p.groups[header] = path
			child := &Group{Path: path}
			g.Groups = append(g.Groups, child)
			p.queue = append(p.queue, place{child, header, messages, depth})
			return nil
		}
	}
	d, err := p.dataset(path, messages)
	if err != nil {
		return err
	}
	p.datasets[header] = d
	g.Datasets = append(g.Datasets, d)
	return nil
}

// dataset reads the messages of a dataset.
func (p *parser) dataset(path string, messages []message) (*Dataset, error) {
	d := &Dataset{Path: path}
	var t datatype
	var l layout
	var absent bool
	var seen uint32 // bit set of the message types that occurred
	for i := range messages {
		m := &messages[i]
		if err := m.check(); err != nil {
			return nil, err
		}
		var err error
		switch m.kind {
		case msgDataspace:
			d.Shape, absent, err = readDataspace(&m.body)
		case msgDatatype:
			t, err = readDatatype(&m.body)
		case msgLayout:
			l, d.Err = readLayout(&m.body)
		case msgAttribute:
			var a Attribute
			a, err = p.readAttribute(&m.body)
			d.Attributes = append(d.Attributes, a)
		case msgAttrInfo:
			err = unsupportedf("attributes in a fractal heap")
		}
		if err != nil {
			return nil, err
		}
		if m.kind < 32 {
			seen |= 1 << m.kind
		}
	}
	const needed = 1<<msgDataspace | 1<<msgDatatype | 1<<msgLayout
	if seen&needed != needed {
		return nil, unsupportedf("an object that is neither a group nor a dataset (a committed datatype or the like)")
	}
	if err := sortAttributes(d.Attributes); err != nil {
		return nil, err
	}
	if t.opaque {
		if a := d.Attribute("dtype"); a != nil {
			if name, ok := a.Text(); ok {
				t.opaqueAs(name)
			}
		}
	}
	d.DType, d.BigEndian, d.class = t.dtype, t.bigEndian, t.class
	switch {
	case t.err != nil:
		d.Err = t.err
	case t.text:
		d.Err = unsupportedf("a dataset of strings")
	case absent:
		d.Err = unsupportedf("a dataset without a dataspace")
	case d.Err != nil:
	case seen&(1<<msgExternal) != 0:
		d.Err = unsupportedf("elements in other files")
	case seen&(1<<msgFilters) != 0:
		d.Err = unsupportedf("filtered elements (compression or the like)")
	default:
		return d, p.locate(d, l, t)
	}
	return d, nil
}

// locate checks that the elements of a dataset lie within the file and have the right size.
func (p *parser) locate(d *Dataset, l layout, t datatype) error {
	n := d.Shape.Len()
	switch {
	case n == 0:
		return nil
	case l.at == undefined:
		d.Err = unsupportedf("a dataset that was created but never written")
		return nil
	case int64(n) > p.size/int64(t.size) || uint64(n*t.size) != l.size:
		return corruptf("it has %d bytes, but shape %v of %v needs %d for each of %d elements", l.size, d.Shape, d.DType, t.size, n)
	case l.at > uint64(p.size) || l.size > uint64(p.size)-l.at:
		return corruptf("its %d bytes at %d lie beyond the end of the file at %d", l.size, l.at, p.size)
	}
	d.Offset, d.Size = int64(l.at), int64(l.size)
	return nil
}

// sortAttributes sorts an object's attributes by name. Their number is limited by the limit on messages in a header.
func sortAttributes(all []Attribute) error {
	slices.SortFunc(all, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(all); i++ {
		if all[i].Name == all[i-1].Name {
			return corruptf("two attributes are called %q", all[i].Name)
		}
	}
	return nil
}
