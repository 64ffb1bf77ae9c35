// Package matching holds only tests. They check which stored value goes to which variable of a program that has changed since the
// checkpoint was written, and the hints in errors if no value matches.
package matching
