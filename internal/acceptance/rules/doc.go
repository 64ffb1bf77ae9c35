// Package rules holds its tests only. They are about the module and not about checkpoints: which package may import which, where unsafe
// stands, what importers require, which options a verb takes, and that other modules can call what is public.
package rules
