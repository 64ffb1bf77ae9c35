package main

import (
	"context"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/tensor"
)

// A checked does the least work for a format with checksums: system calls and CRC-32C of the same bytes on all processors, in pieces of
// [bufferSize]. ckpt cannot be faster than this.
type checked struct {
	raw
	pieces []piece
	sums   []uint32 // of the saved pieces
}

// checkedPeer is the peer's name.
const checkedPeer = "raw with checksums"

// A piece is a run of the model's bytes and its offset in the file.
type piece struct {
	memory []byte
	off    int64
}

func newChecked(t task) *checked {
	c := &checked{raw: raw{task: t, list: t.model()}}
	var off int64
	for _, t := range c.list {
		b, _ := tensor.Bytes(t)
		for len(b) > 0 {
			n := min(len(b), bufferSize)
			c.pieces = append(c.pieces, piece{b[:n], off})
			b, off = b[n:], off+int64(n)
		}
	}
	c.sums = make([]uint32, len(c.pieces))
	return c
}

func (c *checked) do(_ context.Context, op operation) error {
	switch op.name {
	case "save":
		return c.save(op.path(c.rawName()))
	case "restore":
		f, err := os.Open(op.path(c.rawName()))
		if err != nil {
			return err
		}
		return errors.Join(c.each(func(i int, p piece) error {
			if _, err := f.ReadAt(p.memory, p.off); err != nil {
				return err
			}
			if crc32.Checksum(p.memory, castagnoli) != c.sums[i] {
				return errors.New("checksum mismatch")
			}
			return nil
		}), f.Close())
	}
	return errNoOp
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (c *checked) save(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := c.each(func(i int, p piece) error {
		c.sums[i] = crc32.Checksum(p.memory, castagnoli)
		_, err := f.WriteAt(p.memory, p.off)
		return err
	}); err != nil {
		return err
	}
	return errors.Join(f.Sync(), syncDir(filepath.Dir(name)))
}

// each calls do for every piece, with one goroutine per processor.
func (c *checked) each(do func(i int, p piece) error) error {
	var taken atomic.Int64
	var group errgroup.Group
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for i := int(taken.Add(1)) - 1; i < len(c.pieces); i = int(taken.Add(1)) - 1 {
				if err := do(i, c.pieces[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
