// Package pickle reads pickles, the files in which Python keeps objects, as data: it imports nothing and calls nothing.
//
// # What a pickle is
//
// A pickle is a program for a small machine with a stack and a memo (Lib/pickletools.py of CPython describes every
// instruction). Its instructions push numbers and strings, collect what is on the stack in lists, tuples, dicts and sets, name
// classes and functions of Python ("globals"), and ask that a global be called or an instance made. Protocols 0 to 5 differ in their
// instructions; a [Decoder] reads all of them, but for out-of-band buffers and the extension registry, which need a program that
// knows more than the file.
//
// # What becomes of it
//
// Each [Value] is a Go value: see there. A global becomes a [Global], which is two strings. What would have been a call or an
// instance becomes an [Object], which has the global that made it, the arguments and the state. The package does not know
// what any of them means: [Options] asks the caller about calls and about persistent ids, the rest is for whoever walks the
// value.
//
// A value may be reached in several ways, and may contain itself. Walkers bound their work: a few hundred bytes can describe a list
// that has 2^100 paths to its end.
//
// # What is trusted
//
// Nothing. Every length is checked against the bytes that are left before memory is asked for. Time is linear in the bytes of the
// pickle, and memory too: at most about 64 bytes for each. Nothing is recursive. Errors are of type [*Error].
package pickle
