package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const nonBlocking = 0 // a pipe has no path among files here

// osLink marks what a volume without hard links answers (FAT: "Incorrect function") as unsupported.
func osLink(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	return fmt.Errorf("%w (%w)", err, errors.ErrUnsupported)
}

// osSyncDir does nothing: Windows has no way to flush a directory, and NTFS journals its entries in order.
func osSyncDir(string) error { return nil }
