// Package prefix finds and opens the checkpoint for a user's path, in any format.
//
// A checkpoint is named by its prefix, the common beginning of the names of its files. [Place.Find] turns a path into a prefix.
// The path may be the prefix itself, one of the checkpoint's files, a SavedModel's directory, a state file, or a directory with a
// state file, which stands for the latest checkpoint. [Open] opens a prefix. It recognizes files of other libraries by their
// contents: kinds.go has the functions that open them.
//
// A state file may come from another machine or from a stranger. It never leads out of its directory unless
// the caller allows that. If an absolute path does not exist, in the notation of any system, it stands for
// the checkpoint with the same name next to the file. If a state file cannot be parsed or names missing
// files, a save does not silently ignore it: see [Place.Damaged].
package prefix
