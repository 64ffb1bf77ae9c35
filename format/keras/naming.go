package keras

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// These expressions implement keras.src.utils.naming.to_snake_case.
var (
	notWord    = regexp.MustCompile(`[^\pL\pN_]+`)
	wordBefore = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	wordBehind = regexp.MustCompile(`([a-z])([A-Z])`)
)

// snakeCase returns the name under which Keras stores an object of a class: BatchNormalization becomes batch_normalization.
func snakeCase(class string) string {
	if class == "GroupQueryAttention" { // this is only the public name of a class
		return "grouped_query_attention"
	}
	s := notWord.ReplaceAllString(class, "")
	s = wordBefore.ReplaceAllString(s, "${1}_${2}")
	return strings.ToLower(wordBehind.ReplaceAllString(s, "${1}_${2}"))
}

// Attribute returns the name under which Keras stores the layer that objects of class have as attribute name. A private
// attribute is stored under the name of its public property, if it has one.
func Attribute(class, name string) string {
	if snakeCase(class) == "grouped_query_attention" {
		return name
	}
	return strings.TrimPrefix(name, "_")
}

// Names computes the names under which Keras stores the objects of a list.
type Names struct{ used counter }

// NewNames returns the Names of one list.
func NewNames() *Names { return &Names{make(counter)} }

// Of returns the name of the next object in the list. class is the object's class.
func (n *Names) Of(class string) string { return n.used.name(snakeCase(class)) }

// A counter makes names unique within a list in the same way as Keras: dense, dense_1, dense_2.
type counter map[string]int

func (c counter) name(base string) string {
	n, used := c[base]
	if !used {
		c[base] = 0
		return base
	}
	c[base] = n + 1
	return fmt.Sprintf("%s_%d", base, n+1)
}

// splitNumber splits a name that a counter made: dense_1 becomes dense and 1. A name without a number has number 0.
func splitNumber(name string) (base string, n int) {
	i := strings.LastIndexByte(name, '_')
	if i <= 0 || i+1 == len(name) || name[i+1] == '0' {
		return name, 0
	}
	n, err := strconv.Atoi(name[i+1:])
	if err != nil || n < 1 {
		return name, 0
	}
	return name[:i], n
}
