// Package input interprets the path arguments of commands. An argument is a file or a directory on this
// machine, a quoted glob, a URL or an address in an object store, or - for standard input or output.
// [Streams] opens checkpoints; [Expand] and [One] expand globs; [Files] lists the files of an open
// checkpoint.
package input
