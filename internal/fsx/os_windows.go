package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const nonBlocking = 0 // Windows has no pipes among files

// osLink marks the error of a volume without hard links (FAT: "Incorrect function") as unsupported.
func osLink(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	return fmt.Errorf("%w (%w)", err, errors.ErrUnsupported)
}

// osSyncDir does nothing: Windows cannot flush a directory, and NTFS journals its entries in order.
func osSyncDir(string) error { return nil }
