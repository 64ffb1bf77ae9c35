// Package names handles the names of tensors: keys, paths of edges and the names of Keras's layers. It finds
// the tensors for an argument, which is a name, a glob or a slice. It formats and sorts keys, with numbers in
// numeric order.
package names

import (
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/slab"
)

const (
	tensorFlow = "tensorflow"
	attributes = "/.ATTRIBUTES/"
	value      = attributes + objectgraph.VariableValue
	maxDepth   = 64 // the most parts of a key, as in package nametree
)

// Object returns the path of the object that a key belongs to. It returns the key itself if the key does not belong to an object,
// or is not the key of the object's only value.
func Object(key string) string { return strings.TrimSuffix(key, value) }

// Owner returns the path of the object that a key belongs to, whichever of the object's values it is. It returns the key itself if the key
// does not belong to an object.
func Owner(key string) string {
	if prefix, ok := objectgraph.SaveablePrefix(key); ok {
		return strings.TrimSuffix(prefix, "/.ATTRIBUTES/")
	}
	return key
}

// Paths makes the paths of keys in a file of one format.
type Paths struct {
	Format string // as returned by ckpt.Reader.Format
	path   []byte
	text   slab.Text
}

// Of returns the path of edges that leads to the tensor of a key, joined by slashes. Slashes separate edges; in formats other than
// TensorFlow's, dots do too. Edges are escaped as in TensorFlow's keys.
func (p *Paths) Of(key string) string {
	if p.Format == tensorFlow {
		return Object(key)
	}
	if strings.IndexByte(key, '.') < 0 && !strings.HasPrefix(key, "/") && !strings.Contains(key, "//") {
		return key
	}
	p.path = p.path[:0]
	depth := 0
	for rest := Object(key); ; depth++ {
		for rest != "" && (rest[0] == '.' || rest[0] == '/') {
			rest = rest[1:]
		}
		end := 0
		for end < len(rest) && (rest[end] != '.' && rest[end] != '/' || depth == maxDepth-1) {
			end++
		}
		if end == 0 {
			break
		}
		if depth > 0 {
			p.path = append(p.path, '/')
		}
		p.path = append(p.path, rest[:end]...)
		rest = rest[end:]
	}
	if len(p.path) == 0 {
		return key // only separators
	}
	return p.text.Clone(p.path)
}

// Text returns a path, or some of its edges, for people, without escapes.
func Text(path string) string {
	edges := strings.Split(path, "/")
	for i, e := range edges {
		if name, err := objectgraph.Unescape(e); err == nil {
			edges[i] = name
		}
	}
	return strings.Join(edges, "/")
}

// Compare orders keys part by part, and runs of digits by their numeric value. Different keys are never equal.
func Compare(a, b string) int {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		x, y := digits(a[i:]), digits(b[j:])
		if x > 0 && y > 0 {
			if c := compareNumbers(a[i:i+x], b[j:j+y]); c != 0 {
				return c
			}
			i, j = i+x, j+y
			continue
		}
		if a[i] != b[j] {
			return weight(a[i]) - weight(b[j])
		}
		i, j = i+1, j+1
	}
	if i < len(a) || j < len(b) {
		return (len(a) - i) - (len(b) - j)
	}
	return strings.Compare(a, b) // they differ only in leading zeros
}

// weight sorts separators first, so that the objects below an object follow it directly.
func weight(c byte) int {
	switch c {
	case '/':
		return 0
	case '.':
		return 1
	}
	return int(c) + 2
}

// digits returns the number of digits at the start of s.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// compareNumbers compares two runs of digits.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
