package sstable

import (
	"fmt"
	"strconv"

	"github.com/gockpt/ckpt/format"
)

// A CorruptError describes a problem of a table's bytes. It satisfies errors.Is(err, format.ErrCorrupt).
type CorruptError struct {
	Part   string // "footer", "index block", "metaindex block", "data block 3"
	Offset int64  // offset of that part in the file
	Reason string // what was found, and what was expected
}

// Error returns the part, its offset and the reason in one line.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s at offset %d: %s", e.Part, e.Offset, e.Reason)
}

// Unwrap returns [format.ErrCorrupt].
func (e *CorruptError) Unwrap() error { return format.ErrCorrupt }

// A part is a part of a table: the number of a data block, or one of the constants below. Its name is made
// only for errors.
type part int

const (
	footer part = iota - 3
	indexBlock
	metaindexBlock
)

func (p part) String() string {
	switch p {
	case footer:
		return "footer"
	case indexBlock:
		return "index block"
	case metaindexBlock:
		return "metaindex block"
	}
	return "data block " + strconv.Itoa(int(p))
}

// corrupt returns a CorruptError about p, which begins at offset.
func (p part) corrupt(offset int64, format string, args ...any) error {
	return &CorruptError{p.String(), offset, fmt.Sprintf(format, args...)}
}

// quote returns a key for a message: in Go syntax, truncated if it is long.
func quote(key []byte) string {
	const most = 100
	if len(key) > most {
		return fmt.Sprintf("%q… (%d bytes)", key[:most], len(key))
	}
	return fmt.Sprintf("%q", key)
}
