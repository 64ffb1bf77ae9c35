// Package programs holds its tests only. They are about Go programs of unusual form: embedded and unexported fields, nil pointers,
// types that hold themselves, plain numbers, tags with options, and names that nothing could read.
package programs
