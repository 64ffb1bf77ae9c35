// Package prefix finds the checkpoint that a user's path means and opens it, whatever its format.
//
// A checkpoint is called by its prefix: the common beginning of its files' names. [Place.Find] turns a path into a prefix: the
// path itself, one of the checkpoint's files, a SavedModel's directory, a state file, or a directory with a state file, which
// stands for the latest checkpoint that it names. [Open] opens a prefix. A file of another library is recognised by its
// contents: kinds.go has their openers by the names that package whatis gives the formats.
//
// A state file may come from another machine or from a stranger. It never leads out of its directory unless the caller allows
// that, and an absolute path that is gone stands for the checkpoint of the same name beside the file, whichever system's
// notation it has. A state file that cannot be parsed, or names files that are gone, is never passed over in silence by
// those who would write: see [Place.Damaged].
package prefix
