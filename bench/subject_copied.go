package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// A copied runs cp on a file of the same size and syncs the copy.
type copied struct{ task }

const copyName = "copied-to"

// source returns the path of the file to copy, which is in the page cache.
func (c *copied) source() string { return filepath.Join(c.Dir, "copied-from") }

func (c *copied) before(op operation) error {
	if _, err := os.Stat(c.source()); err != nil {
		if err := writeRaw(c.source(), c.model()); err != nil {
			return err
		}
	}
	if err := warm(c.source()); err != nil {
		return err
	}
	return removeOld(op.path(copyName))
}

// after removes the copy: nothing restores it, and other peers need the page cache.
func (c *copied) after(op operation) error { return os.Remove(op.path(copyName)) }

func (c *copied) do(_ context.Context, op operation) error {
	args := []string{c.source(), op.path(copyName)}
	if runtime.GOOS == "linux" {
		args = append(args, "--reflink=never") // a reflink would share the blocks
	}
	if out, err := exec.Command("cp", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	f, err := os.OpenFile(op.path(copyName), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(op.dir)
}
