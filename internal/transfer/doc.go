// Package transfer assigns the values in a checkpoint to the program's variables. All verbs that assign values use it, in these
// steps:
//
//   - plan: the caller lists every [Assignment], and may make objects that the program lacks
//   - check: every tensor is looked up and compared with its value, before anything is touched
//   - run: tensors are read in parallel, straight into the objects' memory or into separate memory; then they are
//     converted and assigned
//   - roll back: if any step fails, everything that can be undone is undone
//
// [Do] is this protocol. Its errors say which values were concerned as data; the caller words them.
package transfer
