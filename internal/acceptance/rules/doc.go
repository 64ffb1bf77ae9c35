// Package rules holds only tests. They check the module, not checkpoints: which package may import which, where unsafe is used,
// what importers require, which options a verb takes, and that other modules can call the public functions.
package rules
