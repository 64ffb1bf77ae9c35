// Package hostile holds its tests only. They give every verb object graphs and programs that are very large, deep or tangled. Time and
// memory must grow with the size, and not with its square.
package hostile
