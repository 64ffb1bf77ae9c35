package cli

import "github.com/gockpt/ckpt/internal/cli/text"

// Functions of package text that nearly every printed line needs.
var (
	safe        = text.Safe
	unprintable = text.Unprintable
	oneLine     = text.OneLine
	inLines     = text.Lines
	size        = text.Size
	count       = text.Count
	misuse      = text.Misuse
)
