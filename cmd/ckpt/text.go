package main

import "github.com/gockpt/ckpt/cmd/ckpt/internal/text"

// The words of package text, which nearly every line that is printed needs.
var (
	safe        = text.Safe
	unprintable = text.Unprintable
	oneLine     = text.OneLine
	visible     = text.Visible
	size        = text.Size
	count       = text.Count
	misuse      = text.Misuse
)
