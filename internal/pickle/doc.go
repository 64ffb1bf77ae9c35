// Package pickle reads pickles, Python's files of objects, as data: it does not import or call anything.
//
// # What a pickle is
//
// A pickle is a program for a small machine with a stack and a memo (Lib/pickletools.py of CPython describes every
// instruction). Its instructions push numbers and strings, collect values on the stack in lists, tuples, dicts and sets, name
// Python's classes and functions ("globals"), call globals and make instances. Protocols 0 to 5 have different instructions. A
// [Decoder] reads all of them, except out-of-band buffers and the extension registry, which need data outside of the file.
//
// # What the result is
//
// Each [Value] is a Go value. A [Global] holds the two strings of a global. An [Object] represents a call or
// an instance: it contains the global that made it, the arguments and the state. The package does not know
// the meaning of globals: [Options] lets the caller decide about calls and persistent ids, and the caller
// interprets the value.
//
// There may be several paths to a value, and a value may contain itself. Code that walks values must bound its work: a few hundred
// bytes can describe a list with 2^100 paths to its end.
//
// # What is trusted
//
// The package trusts nothing. It checks every length against the bytes that are left before it allocates. Time and memory are
// linear in the size of the pickle: at most about 64 bytes of memory for each byte. Nothing is recursive. Errors are of type [*Error].
package pickle
