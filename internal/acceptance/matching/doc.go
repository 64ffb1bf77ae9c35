// Package matching holds its tests only. They are about which stored value goes to which variable of a program that has changed since
// the checkpoint was written, and about the hints in errors where there is none.
package matching
