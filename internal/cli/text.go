package cli

import "github.com/gockpt/ckpt/internal/cli/text"

// The words of package text, which nearly every line that is printed needs.
var (
	safe        = text.Safe
	unprintable = text.Unprintable
	oneLine     = text.OneLine
	inLines     = text.Lines
	visible     = text.Visible
	size        = text.Size
	count       = text.Count
	misuse      = text.Misuse
)
