// Package programs holds only tests. They use Go programs of unusual form: embedded and unexported fields, nil pointers, recursive
// types, plain numbers, tags with options, and names that cannot be read back.
package programs
