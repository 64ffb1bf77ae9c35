package sstable

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Check reads every data block, several at once, and verifies them as the package comment says. It returns the number of
// entries, or an error about the first damaged block.
func (t *Reader) Check() (entries int, err error) {
	var (
		taken, counted, keyBytes atomic.Int64
		failed                   atomic.Bool
		faults                   = make([]error, len(t.blocks))
		workers                  sync.WaitGroup
	)
	for range min(runtime.GOMAXPROCS(0), len(t.blocks)) {
		workers.Go(func() {
			// Blocks are taken in order, so that those before one that fails are checked too.
			for i := int(taken.Add(1)) - 1; i < len(t.blocks) && !failed.Load(); i = int(taken.Add(1)) - 1 {
				left, n := t.keyBudget()-keyBytes.Load(), int64(0)
				before := left
				if faults[i] = t.walkBlock(i, &left, func(*cursor) error { n++; return nil }); faults[i] != nil {
					failed.Store(true)
				}
				counted.Add(n)
				keyBytes.Add(before - left)
			}
		})
	}
	workers.Wait()
	for _, err := range faults {
		if err != nil {
			return 0, err
		}
	}
	return int(counted.Load()), nil
}

// walkBlock calls fn after each step of a pass over data block i and verifies the block: in itself, and against what the
// index block says of it and of the one before. The lengths of its keys are taken from budget.
func (t *Reader) walkBlock(i int, budget *int64, fn func(*cursor) error) error {
	b, err := t.block(i)
	if err != nil {
		return err
	}
	at, first, stopped, last := &t.blocks[i], true, false, []byte(nil)
	err = b.walk(dataBlockName(i), at.handle, func(c *cursor) error {
		if first && i > 0 && bytes.Compare(c.key, t.blocks[i-1].bound) <= 0 {
			return fmt.Errorf("key %s is not above the index block's key for the block before, %s",
				quote(c.key), quote(t.blocks[i-1].bound))
		}
		first, last = false, c.key
		if *budget -= int64(len(c.key)); *budget < 0 {
			return fmt.Errorf("the keys up to here are together longer than %d bytes", t.keyBudget())
		}
		err := fn(c)
		stopped = err == errStop
		return err
	})
	if err == nil && !stopped && bytes.Compare(last, at.bound) > 0 {
		err = t.blockError(i, fmt.Errorf("its last key %s is above the index block's key for it, %s", quote(last), quote(at.bound)))
	}
	return err
}
