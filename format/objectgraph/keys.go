package objectgraph

import (
	"fmt"
	"strings"
)

// The reserved words of keys (trackable_utils.py). In an escaped name a single dot comes only before an S. So an escaped name
// cannot be mistaken for a reserved word.
const (
	attributesMark = "/.ATTRIBUTES/"
	slotMark       = "/.OPTIMIZER_SLOT/"
)

var escaper = strings.NewReplacer(".", "..", "/", ".S") // in one pass: it does not escape inserted text again

// Escape returns the form of a name in keys: "." is doubled, and "/" becomes ".S" (escape_local_name).
func Escape(name string) string { return escaper.Replace(name) }

// Unescape returns the name from which Escape made segment. It returns an error if Escape does not make such a segment.
func Unescape(segment string) (string, error) {
	var b strings.Builder
	for rest := segment; ; {
		before, after, found := strings.Cut(rest, ".")
		if strings.Contains(before, "/") {
			return "", fmt.Errorf("object graph: %q is not one segment of a key", segment)
		}
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), nil
		case strings.HasPrefix(after, "."):
			b.WriteByte('.')
		case strings.HasPrefix(after, "S"):
			b.WriteByte('/')
		default:
			return "", fmt.Errorf("object graph: %q is not an escaped name: a dot before %q", segment, after)
		}
		rest = after[1:]
	}
}

// ObjectPath returns the path of the object that edges lead to from the root (object_path_to_string). edges are not escaped.
// The root's path is "".
func ObjectPath(edges ...string) string {
	escaped := make([]string, len(edges))
	for i, e := range edges {
		escaped[i] = Escape(e)
	}
	return strings.Join(escaped, "/")
}

// Key returns the key of the tensor that holds an attribute of the object at path. attribute is the Attribute.Name:
// VariableValue for a variable, Escape(t) for the tensor t of an object with several. In the key, t is then escaped twice
// (checkpoint_key, and _add_attributes_to_object_graph in save_util.py).
func Key(path []string, attribute string) string { return KeyAt(ObjectPath(path...), attribute) }

// KeyAt is Key for a path that is a string.
func KeyAt(objectPath, attribute string) string {
	return objectPath + attributesMark + Escape(attribute)
}

// SlotPath returns the path of the variable that an optimizer keeps under the name slot for another variable
// (slot_variable_key). variable and optimizer are object paths.
func SlotPath(variable, optimizer, slot string) string {
	return variable + slotMark + optimizer + "/" + Escape(slot)
}

// SaveablePrefix returns the common prefix of the keys of an object's tensors: key up to and including the first
// "/.ATTRIBUTES/". ok is false if key does not contain it and is therefore not the key of an object's tensor.
func SaveablePrefix(key string) (prefix string, ok bool) {
	before, _, ok := strings.Cut(key, attributesMark)
	if !ok {
		return "", false
	}
	return before + attributesMark, true
}
