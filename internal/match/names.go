package match

// fewChildren is the number of children that are searched one by one.
const fewChildren = 16

// A nameIndex has the names of a stored node's first count children.
type nameIndex struct {
	names map[string]bool
	count int
}

// hasChild reports whether a stored node has a child called name.
func (r *Restoration) hasChild(stored int, name string) bool {
	children := r.stored.Nodes[stored].Children
	if len(children) <= fewChildren {
		for i := range children {
			if children[i].Name == name {
				return true
			}
		}
		return false
	}
	x := r.names[stored]
	if x == nil {
		x = &nameIndex{names: make(map[string]bool, len(children))}
		if r.names == nil {
			r.names = make(map[int]*nameIndex)
		}
		r.names[stored] = x
	}
	for ; x.count < len(children); x.count++ { // layouts add children
		x.names[children[x.count].Name] = true
	}
	return x.names[name]
}
