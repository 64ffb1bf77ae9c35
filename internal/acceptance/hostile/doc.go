// Package hostile holds only tests. They give every verb object graphs and programs that are very large, deep or tangled. Time and
// memory must be linear in the size, not quadratic.
package hostile
