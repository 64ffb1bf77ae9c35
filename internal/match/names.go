package match

// fewChildren is the number of children that are searched one by one.
const fewChildren = 16

// A nameIndex has the first count children of a stored node by their names.
type nameIndex struct {
	ids   map[string]int
	count int
}

// hasChild reports whether a stored node has a child called name.
func (r *Restoration) hasChild(stored int, name string) bool {
	_, ok := r.child(stored, name)
	return ok
}

// child returns the first child of a stored node that is called name.
func (r *Restoration) child(stored int, name string) (id int, ok bool) {
	children := r.stored.Nodes[stored].Children
	if len(children) <= fewChildren {
		for i := range children {
			if children[i].Name == name {
				return children[i].ID, true
			}
		}
		return 0, false
	}
	x := r.names[stored]
	if x == nil {
		x = &nameIndex{ids: make(map[string]int, len(children))}
		if r.names == nil {
			r.names = make(map[int]*nameIndex)
		}
		r.names[stored] = x
	}
	for ; x.count < len(children); x.count++ { // layouts add children
		if c := children[x.count]; x.ids[c.Name] == 0 {
			x.ids[c.Name] = c.ID + 1
		}
	}
	id = x.ids[name]
	return id - 1, id > 0
}
