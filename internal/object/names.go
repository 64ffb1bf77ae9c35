package object

import "strings"

// SetFullName sets the global name of n. It does nothing if n is nil or the name is empty.
func (n *Node) SetFullName(name string) {
	if n == nil || name == "" {
		return
	}
	var named Field
	if n.Field != nil {
		named = *n.Field
	}
	named.FullName = name
	n.Field = &named
}

// GlobalName returns the name of a variable across the program: the given name, or the edges from the root joined by "/".
func (n *Node) GlobalName() string {
	if name := n.GivenName(); name != "" {
		return name
	}
	return n.PathName()
}

// PathName returns the edges from the root joined by "/".
func (n *Node) PathName() string { return strings.Join(n.EdgePath(), "/") }

// A namer is an object that names the variables below it: ckpt.VariableNamer.
type namer interface{ VariableName(variable any) string }

// GivenName returns the global name from a tag, an option or an object above, or "".
func (n *Node) GivenName() string {
	if n.Field != nil && n.Field.FullName != "" {
		return n.Field.FullName
	}
	for above := n.Parent; above != nil && n.Obj.CanAddr(); above = above.Parent {
		if above.Namer {
			if name := above.Obj.Addr().Interface().(namer).VariableName(n.Obj.Addr().Interface()); name != "" {
				return name
			}
		}
	}
	return ""
}

// NameOfTensor returns the global name in checkpoints: the names of TensorFlow's variables end in ":0", which is not stored.
func (n *Node) NameOfTensor() string {
	if n.Field != nil && n.Field.FullName != "" {
		return strings.TrimSuffix(n.Field.FullName, ":0")
	}
	return n.GlobalName()
}
